"""The text that a network reads while it is looked at, as the tokens that it was trained on."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from seqgen.checkpoint import layout
from seqgen.checkpoint.config import Config
from seqgen.checkpoint.read import Checkpoint
from seqgen.checkpoint.run_data import open_run_tokens, stored_validation
from seqgen.data.corpora import Corpus, open_corpus
from seqgen.data.tokenizers.base import END
from seqgen.errors import CheckpointError, ConfigError, CorpusError
from seqgen.inspection.options import TextOptions
from seqgen.tasks import TASKS

if TYPE_CHECKING:
    from seqgen.data.tokenizers.base import Tokenizer

UNSAID = "name a file with `text`"


@dataclass(frozen=True)
class Passage:
    """A piece of text that a network can read.

    rows: ids [N], each document led by END; [N, 1 + F] where the network reads numbers beside them.
    pieces: the text that came with each token; put together they are the text. "" where a
        document begins, and where a character takes more tokens.
    source: what was read, in words.
    skipped: the distinct characters that were left out, since the vocabulary lacks them.
    """

    rows: np.ndarray
    pieces: tuple[str, ...]
    source: str
    skipped: tuple[str, ...] = ()

    @property
    def ids(self) -> np.ndarray:
        """The tokens alone, [N]."""
        return self.rows if self.rows.ndim == 1 else self.rows[:, 0]

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.pieces)


def boundary(checkpoint: Checkpoint) -> int | None:
    """The token before which the network forgets, as it was trained to; None if it never does."""
    return END if checkpoint.config.corpus.documents > 1 else None


def open_passage(
    checkpoint: Checkpoint,
    options: TextOptions,
    characters: int,
    stdin: BinaryIO | None = None,
) -> Passage:
    """The beginning of a text, or of what was held back when the network was trained.

    options: which text, and what to do about characters that the vocabulary lacks. Of tunes, a
        network of tunes reads the normal form.
    characters: how many are read, to the end of a token.
    stdin: where ``-`` reads from; None: the process's standard input.
    Raises ConfigError if no text was named and none was kept, CorpusError for a text that cannot be
    read or has nothing to read, TokenError for unknown characters unless they are skipped,
    CheckpointError if what was kept are no tokens of this network.
    """
    if options.text is None:
        rows = held_back(checkpoint)[: 2 * characters]  # some tokens have no characters
        source = f"what was held back of {checkpoint.config.corpus.name}"
        return cut(checkpoint, rows, characters, source)
    corpus = open_corpus([options.text], stdin=stdin)
    texts = [*beginnings(texts_of(corpus, checkpoint, characters), characters)]
    skipped: dict[str, None] = {}
    if options.on_unknown == "skip":
        skipped = dict.fromkeys(c for t in texts for c in checkpoint.tokenizer.unknown(t))
        texts = [checkpoint.tokenizer.skip_unknown(text) for text in texts]
    if not "".join(texts).strip():
        raise CorpusError(f"{options.text}: the vocabulary lacks every character of it")
    rows = encoded(texts, checkpoint.tokenizer, checkpoint.config)
    return cut(checkpoint, rows, characters, options.text, tuple(skipped))


def held_back(checkpoint: Checkpoint) -> np.ndarray:
    """The tokens of the validation part, of the run or of its corpus, which is then opened again.

    Raises ConfigError if neither is there.
    """
    try:
        stored = stored_validation(checkpoint)
        return open_run_tokens(checkpoint).validation if stored is None else stored
    except ConfigError as error:
        raise ConfigError(f"{error}; {UNSAID}") from error


def texts_of(corpus: Corpus, checkpoint: Checkpoint, characters: int) -> Iterator[str]:
    """The documents as the model knows documents, up to so many characters of each."""
    documents = TASKS.load(checkpoint.config.task).documents(corpus, checkpoint.config)
    return (str(text[:characters]) for text in documents)


def beginnings(texts: Iterable[str], characters: int) -> Iterator[str]:
    """The texts up to so many characters in all."""
    left = characters
    for text in texts:
        if left <= 0:
            return
        yield text[:left]
        left -= len(text)


def encoded(texts: list[str], tokenizer: "Tokenizer", config: Config) -> np.ndarray:
    """The texts' tokens, with the numbers beside them that the network reads."""
    parts = TASKS.load(config.task).encode(texts, tokenizer, config.feature_sizes)
    return np.concatenate([rows for rows, _ in parts])


def cut(
    checkpoint: Checkpoint,
    rows: np.ndarray,
    characters: int,
    source: str,
    skipped: tuple[str, ...] = (),
) -> Passage:
    """The tokens up to so many characters. Raises CheckpointError for ids that are no tokens."""
    ids = np.asarray(rows if rows.ndim == 1 else rows[:, 0])
    try:
        checkpoint.tokenizer.validate_ids(ids)
    except ValueError as error:
        raise CheckpointError(f"{checkpoint.path / layout.RESUME}: {error}") from error
    decoder = checkpoint.tokenizer.decoder()
    pieces = [decoder.push(int(id)) if id != END else "" for id in ids]
    total = [*itertools.accumulate(map(len, pieces))]
    count = next((n for n, length in enumerate(total, 1) if length >= characters), len(total))
    return Passage(np.asarray(rows[:count]), tuple(pieces[:count]), source, skipped)
