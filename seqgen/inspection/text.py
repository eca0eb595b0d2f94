"""Open the text that a network reads during an inspection."""

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
from seqgen.data.token_files import token_ids
from seqgen.data.tokenizers.base import END
from seqgen.errors import CheckpointError, ConfigError, CorpusError
from seqgen.inspection.options import TextOptions
from seqgen.tasks import TASKS

if TYPE_CHECKING:
    from seqgen.data.tokenizers.base import Tokenizer

_HINT = "name a file with `text`"


@dataclass(frozen=True)
class Passage:
    """A tokenized text.

    Attributes:
        rows: Ids [N], each document preceded by END, or [N, 1 + F] with position features.
        pieces: Text of each token; "" for END and for all but the last token of a character.
        source: Name of the text.
        skipped: Distinct characters that were left out because they are not in the vocabulary.
    """

    rows: np.ndarray
    pieces: tuple[str, ...]
    source: str
    skipped: tuple[str, ...] = ()

    @property
    def ids(self) -> np.ndarray:
        """Token ids without position features, [N]."""
        return token_ids(self.rows)

    @property
    def text(self) -> str:
        """The text."""
        return "".join(self.pieces)


def open_passage(
    checkpoint: Checkpoint,
    options: TextOptions,
    characters: int,
    stdin: BinaryIO | None = None,
) -> Passage:
    """Tokenize the first characters of a text or of the validation part.

    Raises:
        ConfigError: If no text is named and the checkpoint stores none.
        CorpusError: If the text cannot be read or nothing of it is in the vocabulary.
        TokenError: For characters that are not in the vocabulary, unless they are skipped.
        CheckpointError: If the stored validation part is invalid.
    """
    if options.text is None:
        rows = _validation_rows(checkpoint)[: 2 * characters]  # some tokens have no characters
        source = f"validation part of {checkpoint.config.corpus.name}"
        return _make_passage(checkpoint, rows, characters, source)
    corpus = open_corpus([options.text], stdin=stdin)
    texts = [*_truncate(_texts_of(corpus, checkpoint, characters), characters)]
    skipped: dict[str, None] = {}
    if options.on_unknown == "skip":
        skipped = dict.fromkeys(c for t in texts for c in checkpoint.tokenizer.unknown(t))
        texts = [checkpoint.tokenizer.skip_unknown(text) for text in texts]
    if not "".join(texts).strip():
        raise CorpusError(f"{options.text}: no character of it is in the vocabulary")
    rows = _encode(texts, checkpoint.tokenizer, checkpoint.config)
    return _make_passage(checkpoint, rows, characters, options.text, tuple(skipped))


def _validation_rows(checkpoint: Checkpoint) -> np.ndarray:
    """Open the validation part of the run, or else that of its corpus. Raises ConfigError."""
    try:
        stored = stored_validation(checkpoint)
        return open_run_tokens(checkpoint).validation if stored is None else stored
    except ConfigError as error:
        raise ConfigError(f"{error}; {_HINT}") from error


def _texts_of(corpus: Corpus, checkpoint: Checkpoint, characters: int) -> Iterator[str]:
    """Yield the documents in the form of the model's task, truncated to ``characters`` each."""
    documents = TASKS.load(checkpoint.config.task).documents(corpus, checkpoint.config)
    return (str(text[:characters]) for text in documents)


def _truncate(texts: Iterable[str], characters: int) -> Iterator[str]:
    """Yield the texts up to a total number of characters."""
    remaining = characters
    for text in texts:
        if remaining <= 0:
            return
        yield text[:remaining]
        remaining -= len(text)


def _encode(texts: list[str], tokenizer: "Tokenizer", config: Config) -> np.ndarray:
    """Tokenize texts, with the position features that the network reads."""
    parts = TASKS.load(config.task).encode(texts, tokenizer, config.feature_sizes)
    return np.concatenate([rows for rows, _ in parts])


def _make_passage(
    checkpoint: Checkpoint,
    rows: np.ndarray,
    characters: int,
    source: str,
    skipped: tuple[str, ...] = (),
) -> Passage:
    """Cut the tokens after a number of characters; CheckpointError for invalid ids."""
    ids = np.asarray(token_ids(rows))
    try:
        checkpoint.tokenizer.validate_ids(ids)
    except ValueError as error:
        raise CheckpointError(f"{checkpoint.path / layout.RESUME}: {error}") from error
    decoder = checkpoint.tokenizer.decoder()
    pieces = [decoder.push(int(id)) if id != END else "" for id in ids]
    total = [*itertools.accumulate(map(len, pieces))]
    count = next((n for n, length in enumerate(total, 1) if length >= characters), len(total))
    return Passage(np.asarray(rows[:count]), tuple(pieces[:count]), source, skipped)
