"""The tunes that a checkpoint was made from, and their tokens, read back from its run."""

from collections.abc import Collection, Iterable, Iterator

import numpy as np

from seqgen.checkpoint import layout
from seqgen.checkpoint.read import Checkpoint
from seqgen.checkpoint.run_data import kept_parts
from seqgen.data.tokenizers.base import END, Text
from seqgen.errors import CheckpointError, ConfigError, TokenError, TuneError
from seqgen.music.core.tune import Tune
from seqgen.music.normal.normalize import parse
from seqgen.music.normal.outline import LETTER, UNKNOWN
from seqgen.music.normal.tokens import NO_RHYTHM, PATTERN
from seqgen.tasks import TASKS
from seqgen.training.run_data import own_corpus


def learned_rows(checkpoint: Checkpoint) -> tuple[np.ndarray, np.ndarray]:
    """The tokens of the part that was learned from, and of the one that was held back.

    Of a checkpoint that came without its run, the corpus is opened and cut again.
    Ids [N], or [N, 1 + F] with numbers beside them.
    Raises ConfigError for a model of text, or where the book is not to be had any more, and
    CheckpointError for damaged tokens.
    """
    config = checkpoint.config
    if config.task != "tunes":
        raise ConfigError(f"{checkpoint.path.name} is a model of text; it has learned no tunes")
    return kept_parts(checkpoint) or reopened(checkpoint)


def reopened(checkpoint: Checkpoint) -> tuple[np.ndarray, np.ndarray]:
    """Both parts, from the book that config.json names, if it still is what it was."""
    config, tokenizer = checkpoint.config, checkpoint.tokenizer
    options = config.data
    task = TASKS.load(config.task)
    split = task.split(own_corpus(checkpoint), options)
    known = frozenset(tokenizer.pieces) if tokenizer.kind == "abc" else None
    try:
        training, held_back = (
            np.concatenate([rows for rows, _ in task.encode(part, tokenizer, config.places)])
            for part in (in_vocabulary(each, known) for each in (split.training, split.validation))
        )
    except (TokenError, ValueError) as error:
        raise CheckpointError(f"{checkpoint.path}: its own book: {error}") from error
    return training, held_back


def in_vocabulary(texts: Iterable[Text], known: Collection[str] | None) -> Iterator[str]:
    """The tunes that a vocabulary has tokens for, as a model of an earlier seqgen knows them.

    A later one reads more of a book. Rhythms and outlines that are not `known` become the unknown
    ones; a tune with another unknown token is left out. None knows all.
    """
    for text in map(str, texts):
        if known is None:
            yield text
            continue
        tokens = [general(token, known) for token in PATTERN.findall(text)]
        if all(token in known for token in tokens):
            yield "".join(tokens)


def general(token: str, known: Collection[str]) -> str:
    """The token itself, or for a line of the header that is not known the one for any other."""
    if token not in known and token.startswith("R:"):
        return f"R:{NO_RHYTHM}\n"
    if token not in known and token.startswith(f"{LETTER}:"):
        return f"{LETTER}:{UNKNOWN}\n"
    return token


def learned_tunes(checkpoint: Checkpoint) -> tuple[list[Tune], list[Tune]]:
    """The tunes in normal form that were learned from, and those that were held back.

    Raises as `learned_rows` does.
    """
    try:
        training, held_back = (
            [*map(parse, texts(part, checkpoint))] for part in learned_rows(checkpoint)
        )
    except (ValueError, TuneError) as error:
        folder = checkpoint.path / layout.RESUME
        raise CheckpointError(f"{folder}: the tunes cannot be read: {error}") from error
    return training, held_back


def texts(rows: np.ndarray, checkpoint: Checkpoint) -> list[str]:
    """The documents of a part. rows: ids [N], or [N, 1 + F] with numbers beside them."""
    ids = np.asarray(rows[:, 0] if rows.ndim == 2 else rows)
    documents = np.split(ids, np.flatnonzero(ids == END))
    return [checkpoint.tokenizer.decode(each[1:]) for each in documents if len(each) > 1]
