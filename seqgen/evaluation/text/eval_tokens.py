"""The text that a network is measured by: its tokens, those that count, and their characters."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from seqgen.data.tokenizers.base import END, Tokenizer
from seqgen.generation.scoring import BURN_IN

# More are not read: a standard error is then far below any difference that matters.
MOST_TOKENS = 1_000_000
# Of a longer text, stretches of so many tokens, evenly spread.
STRETCH = 10_000


@dataclass(frozen=True)
class EvalTokens:
    """Tokens to measure by.

    ids: led by END, as is each document [N]; at least two.
    counted: which of the tokens after the first count, bool [N - 1]; the others are context.
    pieces: the characters that each token wrote; "" for END.
    source: what was read, in words.
    """

    ids: np.ndarray
    counted: np.ndarray
    pieces: tuple[str, ...]
    source: str

    @cached_property
    def sizes(self) -> np.ndarray:
        """Characters of each token after the first, int64 [N - 1]."""
        return np.fromiter(map(len, self.pieces[1:]), np.int64, len(self.counted))

    @property
    def tokens(self) -> int:
        """How many count."""
        return int(self.counted.sum())

    @cached_property
    def characters(self) -> int:
        """Of the tokens that count."""
        return int(self.sizes[self.counted].sum())

    @cached_property
    def text(self) -> str:
        """The characters that count, with a NUL where an end of a document counts."""
        ended = (self.ids[1:] == END).tolist()
        there = zip(self.counted.tolist(), ended, self.pieces[1:], strict=True)
        return "".join("\0" if end else piece for counts, end, piece in there if counts)


def eval_tokens(
    ids: np.ndarray, tokenizer: Tokenizer, source: str, *, ends_count: bool
) -> tuple[EvalTokens, str]:
    """What is measured by of a part's tokens, and a sentence where that is not all of it.

    ids: [N], each document led by END.
    ends_count: whether the network learned to end documents: else the ENDs between them, which it
        has never seen, do not count.
    Raises ValueError for ids that are no tokens or hold nothing to measure by.
    """
    notice = ""
    counted = np.ones(max(0, len(ids) - 1), bool)
    if len(counted) > MOST_TOKENS + STRETCH:  # else stretches would overlap
        notice = f"{MOST_TOKENS:,} of {len(counted):,} tokens were read, evenly spread"
        places, counted = stretches(len(counted))
        ids = ids[places]
    ids = np.asarray(ids)
    pieces = tuple(written(tokenizer.validate_ids(ids), tokenizer))
    if not ends_count:
        counted &= ids[1:] != END
    found = EvalTokens(ids, counted, pieces, source)
    if not found.characters:
        raise ValueError("there is no text to measure by")
    return found, notice


def stretches(targets: int) -> tuple[np.ndarray, np.ndarray]:
    """The places of tokens of evenly spread stretches, and which of them count but the first.

    Before each stretch stand some tokens that are context only.
    """
    begins = np.linspace(0, targets - STRETCH - BURN_IN, MOST_TOKENS // STRETCH, dtype=np.int64)
    within = np.arange(1 + BURN_IN + STRETCH)
    places = (begins[:, None] + within).ravel()
    return places, np.tile(within > BURN_IN, len(begins))[1:]


def written(ids: np.ndarray, tokenizer: Tokenizer) -> Iterable[str]:
    """The text that came with each token; a character of several tokens comes with the last."""
    decoder = tokenizer.decoder()
    for id in ids.tolist():
        yield decoder.push(id) if id != END else ""
