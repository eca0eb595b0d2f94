"""Which checkpoints there are, and which one a name means."""

import os
import re
from pathlib import Path

from seqgen.checkpoint import layout
from seqgen.errors import CheckpointError, ConfigError, did_you_mean

FOLDER = Path("checkpoints")


def shipped_folder() -> Path:
    """The folder of the checkpoints that come with seqgen: in the package, or in a checkout.

    In a checkout it is none of `FOLDER`'s checkpoints, so that a run of the same name lies beside
    it, there as anywhere, and nothing of the repository is ever written over.
    """
    installed = Path(__file__).parent / "shipped"
    return installed if installed.is_dir() else Path(__file__).parents[2] / FOLDER / "shipped"


def validate_name(name: str) -> str:
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
        return sorted(path.parent for path in folder.glob(f"*/{layout.CONFIG}"))
    except OSError as error:
        raise CheckpointError(f"cannot read {folder}: {error.strerror or error}") from error


def shipped_checkpoints() -> list[Path]:
    """Those that come with seqgen, by name. Raises CheckpointError if they cannot be read."""
    return list_checkpoints(shipped_folder())


def is_shipped(path: Path) -> bool:
    """Whether a checkpoint is one that comes with seqgen."""
    return path.resolve().parent == shipped_folder().resolve()


def find_checkpoint(name_or_path: str, folder: Path = FOLDER) -> Path:
    """The folder of a checkpoint.

    name_or_path: a path to it, or its name in ``folder``, or that of one that comes with seqgen;
        what is named first here wins.
    Raises CheckpointError that lists those that there are.
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
    there = f"in {folder}: {_join_names(own)}" if own else f"{folder} holds none yet"
    if shipped:
        there += f"; with seqgen come {_join_names(shipped)}"
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
