"""List checkpoints and find them by name."""

import os
import re
from pathlib import Path

from seqgen.checkpoint import layout
from seqgen.errors import CheckpointError, ConfigError, did_you_mean

FOLDER = Path("checkpoints")


def shipped_folder() -> Path:
    """Return the folder of the shipped checkpoints, in the package or in a clone.

    In a clone it is inside `FOLDER`, one level below the user's own checkpoints, so that a run of
    the same name overwrites nothing of the repository.
    """
    installed = Path(__file__).parent / "shipped"
    return installed if installed.is_dir() else Path(__file__).parents[2] / FOLDER / "shipped"


def validate_name(name: str) -> str:
    """Return a name if it can be that of a checkpoint. Raises ConfigError if not."""
    if not re.fullmatch(r"\w[\w.+-]{0,99}", name):
        raise ConfigError(
            f"{name!r} cannot be a checkpoint's name; "
            "use up to 100 letters, digits, '.', '+', '-' and '_', a letter or digit first",
            option="name",
        )
    return name


def list_checkpoints(folder: Path = FOLDER) -> list[Path]:
    """Return the checkpoints in a folder, damaged ones included, sorted by name.

    Raises:
        CheckpointError: If the folder cannot be read.
    """
    try:
        if not folder.is_dir():
            return []
        return sorted(path.parent for path in folder.glob(f"*/{layout.CONFIG}"))
    except OSError as error:
        raise CheckpointError(f"cannot read {folder}: {error.strerror or error}") from error


def shipped_checkpoints() -> list[Path]:
    """Return the shipped checkpoints, sorted by name."""
    return list_checkpoints(shipped_folder())


def is_shipped(path: Path) -> bool:
    """Return whether a checkpoint is a shipped one."""
    return path.resolve().parent == shipped_folder().resolve()


def find_checkpoint(name_or_path: str, folder: Path = FOLDER) -> Path:
    """Return the folder of a checkpoint.

    Args:
        name_or_path: Path of the folder, or name of a checkpoint in ``folder`` or of a shipped
            one, in this order.
        folder: Folder of the user's own checkpoints.

    Raises:
        CheckpointError: If there is no such checkpoint; the message lists the known ones.
    """
    try:
        if (Path(name_or_path) / layout.CONFIG).is_file():
            return Path(name_or_path)
    except (OSError, ValueError):  # a name too long for the file system, or with a NUL in it
        pass
    own, shipped = list_checkpoints(folder), shipped_checkpoints()
    for path in (*own, *shipped):
        if path.name == name_or_path:
            return path
    there = f"in {folder}: {_join_names(own)}" if own else f"{folder} is empty"
    if shipped:
        there += f"; shipped: {_join_names(shipped)}"
    known = [path.name for path in (*own, *shipped)]
    if os.path.exists(name_or_path):
        raise CheckpointError(
            f"{name_or_path} is not a checkpoint, it has no {layout.CONFIG} ({there}); "
            "train one with `seqgen train SOURCE`"
        )
    raise CheckpointError(
        f"there is no checkpoint {name_or_path!r}{did_you_mean(Path(name_or_path).name, known)} "
        f"({there}); train one with `seqgen train SOURCE`"
    )


def _join_names(paths: list[Path]) -> str:
    return ", ".join(path.name for path in paths)
