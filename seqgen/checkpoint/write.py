"""Write a checkpoint, so that at every moment what is on disk is whole."""

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
    """What ``tokenizer.json`` holds, and what `Config.tokenizer_sha256` is the hash of."""
    text = json.dumps(tokenizer.to_json(), ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode("utf-8", "surrogatepass")


def tokenizer_sha256(tokenizer: "Tokenizer") -> str:
    """The hash by which a configuration knows its vocabulary."""
    return hashlib.sha256(tokenizer_bytes(tokenizer)).hexdigest()


def create(path: Path, config: Config, tokenizer: "Tokenizer", *, overwrite: bool = False) -> None:
    """Begin a checkpoint: a folder with its configuration and its vocabulary.

    overwrite: an existing checkpoint gives way; other files in its folder stay.
    Raises CheckpointError if something is in the way, or it cannot be written.
    """
    clear(path, overwrite)
    # The configuration first: a folder that has one is known as a checkpoint, however unfinished.
    write_json(path / layout.CONFIG, config.to_json())
    write_atomic(path / layout.TOKENIZER, tokenizer_bytes(tokenizer))


def clear(path: Path, overwrite: bool) -> None:
    """Remove an earlier checkpoint's files if that was asked for, else refuse to go on."""
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
    """Remove what killed processes left of files that they were writing."""
    for folder in (path, path / layout.RESUME):
        for leftover in folder.glob(".*.tmp"):
            leftover.unlink(missing_ok=True)


def is_checkpoint(path: Path) -> bool:
    """Whether a folder is a checkpoint of seqgen, perhaps a damaged one.

    Many programs keep a config.json; ours names its program in its first line.
    """
    try:
        with open(path / layout.CONFIG, "rb") as file:
            return f'"program": "{layout.PROGRAM}"'.encode() in file.read(100)
    except OSError:
        return False


def save_weights(
    path: Path, config: Config, weights: Mapping[str, np.ndarray], *, half: bool = False
) -> None:
    """Write the weights.

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
    found = {name: array.shape for name, array in arrays.items()}
    if found != expected:
        raise CheckpointError(f"{path}: the weights are {found} and the stack has {expected}")
    stored = {name: _to_float16(array, name) for name, array in arrays.items()} if half else arrays
    _write_weights(path / layout.WEIGHTS, stored)


def save_last(path: Path, weights: Mapping[str, np.ndarray] | None) -> None:
    """Write the last weights of a run beside its best ones; None removes those of an earlier end.

    What is not finite cannot be used, and is not written.
    Raises CheckpointError if that fails.
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
    """An array in half precision. Raises CheckpointError if a number is beyond what that holds."""
    if array.size and np.abs(array).max() > np.finfo(np.float16).max:
        raise CheckpointError(f"{name} has values too large for half precision; give `half=False`")
    return array.astype(np.float16)


def write_metrics(path: Path, metrics: Iterable[Mapping[str, Any]]) -> None:
    """Write ``metrics.jsonl``."""
    write_atomic(path / layout.METRICS, b"".join(format_metric(metric) for metric in metrics))


def format_metric(metric: Mapping[str, Any]) -> bytes:
    """A line of ``metrics.jsonl``; what is not a finite number is written as null."""
    finite = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in metric.items()
    }
    return (json.dumps(finite, allow_nan=False) + "\n").encode()


def format_sample(heading: str, text: str) -> bytes:
    """What the network wrote at some point of its training, as it stands in ``samples.txt``."""
    return f"--- {heading} ---\n{text.rstrip(chr(10))}\n\n".encode("utf-8", "replace")
