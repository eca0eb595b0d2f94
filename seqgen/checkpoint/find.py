"""Which checkpoints there are, and which one a name means."""

import re
from pathlib import Path

from seqgen.checkpoint import format
from seqgen.errors import CheckpointError, ConfigError

FOLDER = Path("checkpoints")


def checked_name(name: str) -> str:
    """The name if it can be a folder's. Raises ConfigError if it is not a plain word."""
    if not re.fullmatch(r"\w[\w.+-]{0,99}", name):
        raise ConfigError(
            f"{name!r} cannot be a checkpoint's name; "
            "use up to 100 letters, digits, '.', '+', '-' and '_', a letter or digit first"
        )
    return name


def list_checkpoints(folder: Path = FOLDER) -> list[Path]:
    """A folder's checkpoints by name, damaged ones too. Raises CheckpointError if unreadable."""
    try:
        if not folder.is_dir():
            return []
        return sorted(path.parent for path in folder.glob(f"*/{format.CONFIG}"))
    except OSError as error:
        raise CheckpointError(f"cannot read {folder}: {error.strerror or error}") from error


def find(name_or_path: str, folder: Path = FOLDER) -> Path:
    """The folder of a checkpoint.

    name_or_path: a path to it, or its name in ``folder``; a path wins.
    Raises CheckpointError that lists those that there are.
    """
    names = [path.name for path in list_checkpoints(folder)]
    try:
        if (Path(name_or_path) / format.CONFIG).is_file():
            return Path(name_or_path)
    except (OSError, ValueError):  # a name too long for the file system, or with a NUL in it
        pass
    if name_or_path in names:
        return folder / name_or_path
    there = f"in {folder}: {', '.join(names)}" if names else f"{folder} holds none yet"
    raise CheckpointError(
        f"there is no checkpoint {name_or_path!r} ({there}); train one with `seqgen train SOURCE`"
    )
