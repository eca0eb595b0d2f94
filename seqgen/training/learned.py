"""The tunes that a checkpoint was made from, and their tokens, read back from its run."""

import numpy as np

from seqgen.checkpoint import format
from seqgen.checkpoint.read import Checkpoint
from seqgen.errors import CheckpointError, ConfigError, TuneError
from seqgen.music.normal import parse
from seqgen.music.tune import Tune
from seqgen.tokenizers.base import END
from seqgen.training.parts import kept_parts


def learned_rows(checkpoint: Checkpoint) -> tuple[np.ndarray, np.ndarray]:
    """The tokens of the part that was learned from, and of the one that was held back.

    Ids [N], or [N, 1 + F] with numbers beside them.
    Raises ConfigError for a model of text, CheckpointError if the tokens are not there any more.
    """
    config = checkpoint.config
    if config.kind != "tunes":
        raise ConfigError(f"{checkpoint.path.name} is a model of text; it has learned no tunes")
    kept = kept_parts(checkpoint)
    if kept is None:
        folder = checkpoint.path / format.RESUME
        raise CheckpointError(f"{folder}: the tunes cannot be read: they are not there")
    return kept


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
