"""The tunes that a checkpoint was made from, read back from the tokens of its run."""

import numpy as np

from seqgen.checkpoint import format
from seqgen.checkpoint.read import Checkpoint
from seqgen.errors import CheckpointError, ConfigError, TuneError
from seqgen.music.normal import parse
from seqgen.music.tune import Tune
from seqgen.tokenizers.base import END
from seqgen.training.data import TRAINING, VALIDATION, open_ids


def learned_tunes(checkpoint: Checkpoint) -> tuple[list[Tune], list[Tune]]:
    """The tunes in normal form that were learned from, and those that were held back.

    Raises ConfigError for a model of text, CheckpointError if the tokens are not there any more.
    """
    config = checkpoint.config
    if config.kind != "tunes":
        raise ConfigError(f"{checkpoint.path.name} is a model of text; it has learned no tunes")
    folder = checkpoint.path / format.RESUME
    try:
        parts = [open_ids(folder / n, config.vocab, config.places) for n in (TRAINING, VALIDATION)]
        training, held_back = ([*map(parse, texts(part, checkpoint))] for part in parts)
    except (OSError, ValueError, TuneError) as error:
        raise CheckpointError(f"{folder}: the tunes cannot be read: {error}") from error
    return training, held_back


def texts(rows: np.ndarray, checkpoint: Checkpoint) -> list[str]:
    """The documents of a part. rows: ids [N], or [N, 1 + F] with numbers beside them."""
    ids = np.asarray(rows[:, 0] if rows.ndim == 2 else rows)
    documents = np.split(ids, np.flatnonzero(ids == END))
    return [checkpoint.tokenizer.decode(each[1:]) for each in documents if len(each) > 1]
