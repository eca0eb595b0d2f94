"""Rewrite a checkpoint of an earlier format in the current one."""

import contextlib
import json
from pathlib import Path

from seqgen.checkpoint import layout
from seqgen.checkpoint.read import Checkpoint, open_checkpoint
from seqgen.errors import CheckpointError
from seqgen.io.arrays import CHECKSUM, read_arrays, write_arrays
from seqgen.io.atomic import atomic_path, read_json, write_json
from seqgen.io.lock import locked

# Fields of the training state that format 1 has under another name.
RENAMED_STATE = {"scale": "lr_scale", "waited": "evals_since_best", "cost": "eval_seconds"}


def upgrade(path: Path) -> bool:
    """Rewrite a checkpoint in the current format, in place.

    All files are written beside the old ones before the first takes the place of its predecessor.
    Each can be read in either format, so the checkpoint is usable at every moment.

    Args:
        path: Folder of the checkpoint.

    Returns:
        Whether anything was of an earlier format.

    Raises:
        CheckpointError: If the checkpoint is damaged, in use or cannot be written; it is unchanged.
    """
    with locked(path):
        checkpoint = open_checkpoint(path)
        with contextlib.ExitStack() as replaced:
            # The last to be written is the first to take its place, so the configuration is last.
            outdated = read_json(path / layout.CONFIG)[0]["format"] != layout.FORMAT
            if outdated:
                beside = replaced.enter_context(atomic_path(path / layout.CONFIG))
                write_json(beside, checkpoint.config.to_json())
            outdated |= _upgrade_weights(checkpoint, replaced)
            outdated |= _upgrade_state(path, replaced)
        obsolete = [path / name for name in layout.OBSOLETE if (path / name).exists()]
        try:
            for file in obsolete:
                file.unlink()
        except OSError as error:
            raise CheckpointError(f"cannot write {path}: {error.strerror or error}") from error
    return outdated or bool(obsolete)


def _upgrade_weights(checkpoint: Checkpoint, replaced: contextlib.ExitStack) -> bool:
    """Write the weights under their current names; returns whether any had others."""
    outdated = False
    for name in (layout.WEIGHTS, layout.LAST_WEIGHTS):
        path = checkpoint.path / name
        if not path.exists():
            continue
        shapes = checkpoint.config.weight_shapes()
        arrays, metadata = read_arrays(path, shapes, prefix=layout.DECODER)
        if metadata.get("format") != str(layout.FORMAT):
            outdated = True
            named = {layout.DECODER + weight: array for weight, array in arrays.items()}
            beside = replaced.enter_context(atomic_path(path))
            write_arrays(beside, named, {"format": str(layout.FORMAT)})
    return outdated


def _upgrade_state(path: Path, replaced: contextlib.ExitStack) -> bool:
    """Write the training state with its current fields; returns whether it had others."""
    path = path / layout.RESUME / layout.STATE
    if not path.exists():
        return False
    arrays, metadata = read_arrays(path)
    position = json.loads(metadata.get("position", "{}"))
    if not RENAMED_STATE.keys() & position.keys():
        return False
    renamed = {RENAMED_STATE.get(name, name): value for name, value in position.items()}
    words = {name: word for name, word in metadata.items() if name != CHECKSUM}
    beside = replaced.enter_context(atomic_path(path))
    write_arrays(beside, arrays, words | {"position": json.dumps(renamed)})
    return True
