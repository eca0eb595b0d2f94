"""The tokens that a run learned from and was measured by, in memory-mapped files beside it."""

from typing import TYPE_CHECKING

import numpy as np

from seqgen.checkpoint import layout
from seqgen.data.token_files import TRAINING, VALIDATION, open_ids
from seqgen.errors import CheckpointError

if TYPE_CHECKING:
    from seqgen.checkpoint.read import Checkpoint


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
