"""The tokens of an evaluation: which of them are scored, and their characters."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from seqgen.data.tokenizers.base import END, Tokenizer
from seqgen.generation.scoring import BURN_IN

# With this many, the standard error is far below any relevant difference.
MAX_TOKENS = 1_000_000
# Tokens of each of the evenly spaced spans that represent a longer text.
SPAN = 10_000


@dataclass(frozen=True)
class EvalTokens:
    """Tokens to evaluate on.

    Attributes:
        ids: At least two, each document preceded by END, [N].
        counted: Whether each token after the first is scored or only context, bool [N - 1].
        pieces: Characters of each token; "" for END.
        source: Name of the text in reports.
    """

    ids: np.ndarray
    counted: np.ndarray
    pieces: tuple[str, ...]
    source: str

    @cached_property
    def sizes(self) -> np.ndarray:
        """Number of characters of each token after the first, int64 [N - 1]."""
        return np.fromiter(map(len, self.pieces[1:]), np.int64, len(self.counted))

    @property
    def tokens(self) -> int:
        """Number of scored tokens."""
        return int(self.counted.sum())

    @cached_property
    def characters(self) -> int:
        """Number of characters of the scored tokens."""
        return int(self.sizes[self.counted].sum())

    @cached_property
    def text(self) -> str:
        """Characters of the scored tokens, with a NUL for the end of a document."""
        ended = (self.ids[1:] == END).tolist()
        tokens = zip(self.counted.tolist(), ended, self.pieces[1:], strict=True)
        return "".join("\0" if end else piece for counted, end, piece in tokens if counted)


def eval_tokens(
    ids: np.ndarray, tokenizer: Tokenizer, source: str, *, ends_count: bool
) -> tuple[EvalTokens, str]:
    """Select the tokens to evaluate on.

    Args:
        ids: Ids of the text [N], each document preceded by END.
        tokenizer: Decodes them.
        source: Name of the text in reports.
        ends_count: Whether to score the ENDs between documents, which needs a network that was
            trained on several documents.

    Returns:
        The tokens, and a notice if they are not all of the text, otherwise "".
    """
    notice = ""
    counted = np.ones(max(0, len(ids) - 1), bool)
    if len(counted) > MAX_TOKENS + SPAN:  # otherwise spans would overlap
        notice = f"evaluated on {MAX_TOKENS:,} of {len(counted):,} tokens, evenly spaced"
        positions, counted = spans(len(counted))
        ids = ids[positions]
    ids = np.asarray(ids)
    pieces = tuple(_decode(tokenizer.validate_ids(ids), tokenizer))
    if not ends_count:
        counted &= ids[1:] != END
    tokens = EvalTokens(ids, counted, pieces, source)
    if not tokens.characters:
        raise ValueError("there is no text to evaluate on")
    return tokens, notice


def spans(targets: int) -> tuple[np.ndarray, np.ndarray]:
    """Choose evenly spaced spans of tokens, each after some tokens of context.

    Returns positions of the tokens, int64 [N], and whether each after the first is scored, bool
    [N - 1]. ``targets`` is more than ``MAX_TOKENS + SPAN``.
    """
    begins = np.linspace(0, targets - SPAN - BURN_IN, MAX_TOKENS // SPAN, dtype=np.int64)
    within = np.arange(1 + BURN_IN + SPAN)
    positions = (begins[:, None] + within).ravel()
    return positions, np.tile(within > BURN_IN, len(begins))[1:]


def _decode(ids: np.ndarray, tokenizer: Tokenizer) -> Iterable[str]:
    """Yield the text of each token; a character of several tokens comes with the last."""
    decoder = tokenizer.decoder()
    for id in ids.tolist():
        yield decoder.push(id) if id != END else ""
