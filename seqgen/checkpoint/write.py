"""Write checkpoints. Each file is replaced atomically, so the disk never has half of one."""

import hashlib
import json
import math
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqgen.checkpoint import layout
from seqgen.checkpoint.config import Config
from seqgen.errors import CheckpointError
from seqgen.io.arrays import write_arrays
from seqgen.io.atomic import write_atomic, write_json

if TYPE_CHECKING:
    from seqgen.data.tokenizers.base import Tokenizer


def tokenizer_bytes(tokenizer: "Tokenizer") -> bytes:
    """Return the content of ``tokenizer.json``."""
    text = json.dumps(tokenizer.to_json(), ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode("utf-8", "surrogatepass")


def tokenizer_sha256(tokenizer: "Tokenizer") -> str:
    """Return the SHA-256 of the content of ``tokenizer.json``."""
    return hashlib.sha256(tokenizer_bytes(tokenizer)).hexdigest()


def create(path: Path, config: Config, tokenizer: "Tokenizer", *, overwrite: bool = False) -> None:
    """Create the folder of a checkpoint with its configuration and tokenizer.

    Args:
        path: The folder.
        config: The configuration.
        tokenizer: The tokenizer.
        overwrite: Replace an existing checkpoint; other files in its folder are kept.

    Raises:
        CheckpointError: If the folder exists, or cannot be written.
    """
    clear(path, overwrite)
    # The configuration first: it makes the folder a checkpoint, however incomplete.
    write_json(path / layout.CONFIG, config.to_json())
    write_atomic(path / layout.TOKENIZER, tokenizer_bytes(tokenizer))


def clear(path: Path, overwrite: bool) -> None:
    """Remove the files of an earlier checkpoint.

    Args:
        path: Folder of the checkpoint.
        overwrite: Without it, an existing checkpoint is an error.

    Raises:
        CheckpointError: If there is something else than a checkpoint, or it cannot be removed.
    """
    try:
        if not path.exists() or (path.is_dir() and not any(path.iterdir())):
            return
        if not is_checkpoint(path):
            raise CheckpointError(
                f"{path} already exists and is not a seqgen checkpoint; choose another `name`"
            )
        if not overwrite:
            raise CheckpointError(
                f"{path} exists; continue it with `resume={path.name}`, replace it with "
                "`overwrite=True`, or choose another `name`"
            )
        remove_leftovers(path)
        for name in layout.FILES:
            if name != layout.CONFIG:
                (path / name).unlink(missing_ok=True)
        if (path / layout.RESUME).is_dir():
            shutil.rmtree(path / layout.RESUME)
    except OSError as error:
        raise CheckpointError(f"cannot clear {path}: {error.strerror or error}") from error


def remove_leftovers(path: Path) -> None:
    """Remove temporary files that killed processes left."""
    for folder in (path, path / layout.RESUME):
        for leftover in folder.glob(".*.tmp"):
            leftover.unlink(missing_ok=True)


def is_checkpoint(path: Path) -> bool:
    """Return whether a folder is a checkpoint of seqgen, perhaps a damaged one.

    Many programs have a config.json; that of seqgen names its program in the first line.
    """
    try:
        with open(path / layout.CONFIG, "rb") as file:
            return f'"program": "{layout.PROGRAM}"'.encode() in file.read(100)
    except OSError:
        return False


def save_weights(
    path: Path, config: Config, weights: Mapping[str, np.ndarray], *, half: bool = False
) -> None:
    """Write the best weights.

    Args:
        path: Folder of the checkpoint.
        config: Its configuration.
        weights: Arrays that `Config.weight_shapes` lists.
        half: Store float16 instead of float32.

    Raises:
        CheckpointError: If the arrays are others, too large for half precision, or cannot be
            written.
    """
    expected = config.weight_shapes()
    arrays = {name: np.asarray(array, np.float32) for name, array in weights.items()}
    shapes = {name: array.shape for name, array in arrays.items()}
    if shapes != expected:
        raise CheckpointError(f"{path}: the weights are {shapes} and the network has {expected}")
    stored = {name: _to_float16(array, name) for name, array in arrays.items()} if half else arrays
    _write_weights(path / layout.WEIGHTS, stored)


def save_last(path: Path, weights: Mapping[str, np.ndarray] | None) -> None:
    """Write the last weights of a run.

    Args:
        path: Folder of the checkpoint.
        weights: Arrays as in `save_weights`. If they are None or not finite, those of an earlier
            end of the run are removed.

    Raises:
        CheckpointError: If the file cannot be written or removed.
    """
    arrays = {name: np.asarray(array, np.float32) for name, array in (weights or {}).items()}
    if not arrays or not all(np.isfinite(array).all() for array in arrays.values()):
        try:
            (path / layout.LAST_WEIGHTS).unlink(missing_ok=True)
        except OSError as error:
            raise CheckpointError(f"cannot clear {path}: {error.strerror or error}") from error
        return
    _write_weights(path / layout.LAST_WEIGHTS, arrays)


def _write_weights(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    named = {layout.DECODER + name: array for name, array in arrays.items()}
    write_arrays(path, named, {"format": str(layout.FORMAT)})


def _to_float16(array: np.ndarray, name: str) -> np.ndarray:
    """Convert an array to float16. Raises CheckpointError if a value is out of range."""
    if array.size and np.abs(array).max() > np.finfo(np.float16).max:
        raise CheckpointError(f"{name} has values too large for half precision; give `half=False`")
    return array.astype(np.float16)


def write_metrics(path: Path, metrics: Iterable[Mapping[str, Any]]) -> None:
    """Write ``metrics.jsonl``."""
    write_atomic(path / layout.METRICS, b"".join(format_metric(metric) for metric in metrics))


def format_metric(metric: Mapping[str, Any]) -> bytes:
    """Return a line of ``metrics.jsonl``; numbers that are not finite become null."""
    finite = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in metric.items()
    }
    return (json.dumps(finite, allow_nan=False) + "\n").encode()


def format_sample(heading: str, text: str) -> bytes:
    """Return a sample drawn during training as a part of ``samples.txt``."""
    return f"--- {heading} ---\n{text.rstrip(chr(10))}\n\n".encode("utf-8", "replace")
