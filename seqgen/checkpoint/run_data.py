"""The tokens that a run learned from and was measured by, in memory-mapped files beside it."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seqgen.checkpoint import layout
from seqgen.errors import CheckpointError

if TYPE_CHECKING:
    from seqgen.checkpoint.read import Checkpoint

TRAINING = "training.bin"
VALIDATION = "validation.bin"


def row_type(vocab: int, places: tuple[int, ...]) -> np.dtype:
    """The smallest type that holds every id and every number beside it."""
    return np.min_scalar_type(max(vocab, *places, 1) - 1)


def open_ids(path: Path, vocab: int, places: tuple[int, ...]) -> np.ndarray:
    """The ids in a file, [N], or [N, 1 + F] with numbers beside them, memory-mapped.

    Raises ValueError if they are none.
    """
    dtype = row_type(vocab, places)
    columns = 1 + len(places)
    count, rest = divmod(path.stat().st_size, dtype.itemsize * columns)
    if rest or not count:
        raise ValueError(f"{path.name} holds no tokens of this network")
    return np.memmap(path, dtype, mode="r", shape=(count, columns) if places else (count,))


def kept_parts(checkpoint: "Checkpoint") -> tuple[np.ndarray, np.ndarray] | None:
    """The ids that are kept beside a run, memory-mapped, [N] or [N, 1 + F]; None if they are not.

    Raises CheckpointError if they are damaged.
    """
    config, folder = checkpoint.config, checkpoint.path / layout.RESUME
    if not all((folder / name).is_file() for name in (TRAINING, VALIDATION)):
        return None
    try:
        training, validation = (
            open_ids(folder / name, config.vocab, config.places) for name in (TRAINING, VALIDATION)
        )
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{folder}: the tokens cannot be read: {error}") from error
    return training, validation
