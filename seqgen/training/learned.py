"""The tunes that a checkpoint was made from, and their tokens, read back from its run."""

import numpy as np

from seqgen.checkpoint import format
from seqgen.checkpoint.read import Checkpoint
from seqgen.errors import CheckpointError, ConfigError, TokenError, TuneError
from seqgen.music.normal import parse
from seqgen.music.tune import Tune
from seqgen.tokenizers.base import END
from seqgen.training.data import placed_ids, plain_ids
from seqgen.training.parts import kept_parts, own_corpus
from seqgen.training.split import split_tunes


def learned_rows(checkpoint: Checkpoint) -> tuple[np.ndarray, np.ndarray]:
    """The tokens of the part that was learned from, and of the one that was held back.

    Of a checkpoint that came without its run, the corpus is opened and cut again.
    Ids [N], or [N, 1 + F] with numbers beside them.
    Raises ConfigError for a model of text, or where the book is not to be had any more, and
    CheckpointError for damaged tokens.
    """
    config = checkpoint.config
    if config.kind != "tunes":
        raise ConfigError(f"{checkpoint.path.name} is a model of text; it has learned no tunes")
    return kept_parts(checkpoint) or reopened(checkpoint)


def reopened(checkpoint: Checkpoint) -> tuple[np.ndarray, np.ndarray]:
    """Both parts, from the book that config.json names, if it still is what it was."""
    config, tokenizer = checkpoint.config, checkpoint.tokenizer
    split = split_tunes(own_corpus(checkpoint), config.tokens.transpose)
    rows = placed_ids if config.places else plain_ids
    try:
        training, held_back = (
            np.concatenate([ids for ids, _ in rows(part, tokenizer)])
            for part in (split.training, split.validation)
        )
    except TokenError as error:
        raise CheckpointError(f"{checkpoint.path}: its own book: {error}") from error
    return training, held_back


def learned_tunes(checkpoint: Checkpoint) -> tuple[list[Tune], list[Tune]]:
    """The tunes in normal form that were learned from, and those that were held back.

    Raises as `learned_rows` does.
    """
    try:
        training, held_back = (
            [*map(parse, texts(part, checkpoint))] for part in learned_rows(checkpoint)
        )
    except (ValueError, TuneError) as error:
        folder = checkpoint.path / format.RESUME
        raise CheckpointError(f"{folder}: the tunes cannot be read: {error}") from error
    return training, held_back


def texts(rows: np.ndarray, checkpoint: Checkpoint) -> list[str]:
    """The documents of a part. rows: ids [N], or [N, 1 + F] with numbers beside them."""
    ids = np.asarray(rows[:, 0] if rows.ndim == 2 else rows)
    documents = np.split(ids, np.flatnonzero(ids == END))
    return [checkpoint.tokenizer.decode(each[1:]) for each in documents if len(each) > 1]
