"""Arrays in a safetensors file with a checksum."""

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
_FLOATS = ("F32", "F16")  # names of safetensors
SPARE_BYTES = 1_000_000  # for the header of a file


def checksum(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> str:
    """Return the SHA-256 of metadata and of every array's name, type, shape and bytes."""
    total = hashlib.sha256(json.dumps(sorted(metadata.items())).encode())
    for name in sorted(arrays):
        array = np.asarray(arrays[name], order="C")
        total.update(json.dumps([name, array.dtype.str, array.shape]).encode())
        total.update(array.reshape(-1).view(np.uint8).data)
    return total.hexdigest()


def write_arrays(
    path: Path, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None
) -> str:
    """Write arrays and metadata to a file, atomically.

    Returns:
        The checksum that the file carries.

    Raises:
        CheckpointError: If the file cannot be written.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    metadata = dict(metadata or {})
    metadata[CHECKSUM] = total = checksum(arrays, metadata)
    # np.asarray, not ascontiguousarray: the latter turns a scalar into a vector.
    ordered = {n: np.asarray(a, order="C") for n, a in arrays.items()}
    try:
        with atomic_path(path) as beside:
            save_file(ordered, beside, metadata)
    except SafetensorError as error:
        raise CheckpointError(f"cannot write {path}: {error}") from error
    return total


def read_arrays(
    path: Path,
    expected: Mapping[str, tuple[int, ...]] | None = None,
    max_bytes: int | None = None,
    prefix: str = "",
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Read arrays that `write_arrays` wrote, and verify their checksum.

    Args:
        path: A safetensors file.
        expected: Shapes by name. The arrays must be exactly these, in float32 or float16; this is
            checked on the file's header before anything is allocated.
        max_bytes: A larger file is not opened, since mapping it may exceed the address space.
        prefix: What names in the file begin with, and names in ``expected`` and in the result do
            not. A file in which no name does is read too: format 1 had no prefixes.

    Returns:
        The arrays by name, and the metadata including the checksum.

    Raises:
        CheckpointError: If the file is missing, or not what was written.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise CheckpointError(
            f"{path} is missing; the checkpoint is incomplete, restore it or train again"
        )
    if expected is not None:
        max_bytes = 4 * sum(map(math.prod, expected.values())) + SPARE_BYTES
    try:
        if max_bytes is not None and (size := path.stat().st_size) > max_bytes:
            raise _corrupt(path, f"{size:,} bytes are more than expected")
        with safe_open(path, framework="numpy") as file:
            metadata = dict(file.metadata() or {})
            if not any(name.startswith(prefix) for name in file.keys()):  # noqa: SIM118
                prefix = ""
            if expected is not None:
                _check_header(file, {prefix + name: expected[name] for name in expected}, path)
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, TypeError, AttributeError) as error:
        raise _corrupt(path, str(error)) from error
    words = {name: word for name, word in metadata.items() if name != CHECKSUM}
    if metadata.get(CHECKSUM) != checksum(arrays, words):
        raise _corrupt(path, "its content does not fit its checksum")
    return {name.removeprefix(prefix): array for name, array in arrays.items()}, metadata


def _check_header(file: Any, expected: Mapping[str, tuple[int, ...]], path: Path) -> None:
    names = set(file.keys())
    for name in sorted(names ^ set(expected)):
        raise _corrupt(
            path, f"{name} is {'not part of this network' if name in names else 'missing'}"
        )
    for name, shape in expected.items():
        part = file.get_slice(name)
        if part.get_dtype() not in _FLOATS or tuple(part.get_shape()) != tuple(shape):
            stored, allowed = f"{part.get_dtype()} {list(part.get_shape())}", " or ".join(_FLOATS)
            raise _corrupt(path, f"{name} is {stored} and config.json says {allowed} {list(shape)}")


def _corrupt(path: Path, why: str) -> CheckpointError:
    return CheckpointError(
        f"{path}: {why}; the file is truncated or was changed, restore it or train again"
    )
