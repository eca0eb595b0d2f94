"""Arrays in a safetensors file that knows its own checksum."""

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from seqgen.errors import CheckpointError
from seqgen.io.atomic import atomic_path

CHECKSUM = "sha256"
_FLOATS = ("F32", "F16")  # as safetensors calls them
SPARE_BYTES = 1_000_000  # of a file, beside its arrays: names and words


def checksum(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> str:
    """SHA-256 over the metadata and every array's name, type, shape and bytes, sorted by name."""
    total = hashlib.sha256(json.dumps(sorted(metadata.items())).encode())
    for name in sorted(arrays):
        array = np.asarray(arrays[name], order="C")
        total.update(json.dumps([name, array.dtype.str, array.shape]).encode())
        total.update(array.reshape(-1).view(np.uint8).data)
    return total.hexdigest()


def write_arrays(
    path: Path, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None
) -> str:
    """Write arrays and a few words of metadata, whole. Returns the checksum that the file carries.

    Raises CheckpointError if it cannot be written.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    words = dict(metadata or {})
    words[CHECKSUM] = total = checksum(arrays, words)
    # np.asarray, not ascontiguousarray: the latter turns a scalar into a vector.
    ordered = {n: np.asarray(a, order="C") for n, a in arrays.items()}
    try:
        with atomic_path(path) as beside:
            save_file(ordered, beside, words)
    except SafetensorError as error:
        raise CheckpointError(f"cannot write {path}: {error}") from error
    return total


def read_arrays(
    path: Path,
    expected: Mapping[str, tuple[int, ...]] | None = None,
    most: int | None = None,
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Read what `write_arrays` wrote, after checking that it is that, unchanged.

    expected: where given, the arrays must be exactly these, in single or half precision, checked on
    the file's header before anything is allocated.
    most: bytes that the file may have. A larger one is not opened: to map it into memory may take
        more addresses than there are.
    Returns the arrays and the metadata, the checksum among it.
    Raises CheckpointError that names the file and what is wrong.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise CheckpointError(
            f"{path} is missing; the checkpoint is not whole, restore it or train anew"
        )
    if expected is not None:
        most = 4 * sum(map(math.prod, expected.values())) + SPARE_BYTES
    try:
        if most is not None and (size := path.stat().st_size) > most:
            raise _corrupt(path, f"{size:,} bytes are more than its run can have written")
        with safe_open(path, framework="numpy") as file:
            metadata = dict(file.metadata() or {})
            if expected is not None:
                _check_header(file, expected, path)
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, TypeError, AttributeError) as error:
        raise _corrupt(path, str(error)) from error
    words = {name: word for name, word in metadata.items() if name != CHECKSUM}
    if metadata.get(CHECKSUM) != checksum(arrays, words):
        raise _corrupt(path, "its content does not fit its checksum")
    return arrays, metadata


def _check_header(file: Any, expected: Mapping[str, tuple[int, ...]], path: Path) -> None:
    names = set(file.keys())
    for name in sorted(names ^ set(expected)):
        raise _corrupt(
            path, f"{name} is {'not part of this network' if name in names else 'missing'}"
        )
    for name, shape in expected.items():
        part = file.get_slice(name)
        if part.get_dtype() not in _FLOATS or tuple(part.get_shape()) != tuple(shape):
            found, allowed = f"{part.get_dtype()} {list(part.get_shape())}", " or ".join(_FLOATS)
            raise _corrupt(path, f"{name} is {found} and config.json says {allowed} {list(shape)}")


def _corrupt(path: Path, why: str) -> CheckpointError:
    return CheckpointError(
        f"{path}: {why}; the file is truncated or was changed, restore it or train anew"
    )
