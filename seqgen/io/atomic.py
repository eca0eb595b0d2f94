"""Atomic writes, and reads that are bounded because a file may come from anybody."""

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seqgen.errors import CheckpointError

# Far above any real file; parsed JSON can take fifty times as much memory.
MAX_JSON_BYTES = 4 * 1024 * 1024

# Of samples and metrics, which grow with each evaluation.
MAX_TEXT_BYTES = 64 * 1024 * 1024
# Per token of a vocabulary: bytes of the token and its merge on average, and commas.
MAX_ITEM_BYTES = 200
MAX_COMMAS = 16


def check_writable(path: Path) -> None:
    """Check that a file can be written, before time is spent on its content.

    Raises:
        CheckpointError: If it cannot be, as in `write_atomic`.
    """
    import tempfile

    try:
        if path.is_dir():
            raise CheckpointError(f"cannot write {path}: this is a folder")
        folder = next(parent for parent in path.absolute().parents if parent.exists())
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CheckpointError(f"cannot write {path}: {error.strerror or error}") from error


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file so that readers see the old content or the new one, never a part.

    Raises:
        CheckpointError: If the file cannot be written; nothing is left behind.
    """
    with atomic_path(path) as beside:
        beside.write_bytes(data)


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the same folder; on success it replaces ``path``.

    Raises:
        CheckpointError: If the file cannot be written; nothing is left behind.
    """
    if not path.name:
        raise CheckpointError(f"cannot write {path}: this is a folder")
    if "\0" in str(path):
        raise CheckpointError(f"cannot write {str(path)!r}: the name has a NUL character")
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            # Replacing /dev/null by a file would break the system.
            raise CheckpointError(f"cannot write {path}: this is a device or a pipe, not a file")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            beside.touch(exist_ok=False)
            mode = beside.stat().st_mode
            yield beside
            # safetensors may create the file with another mode.
            beside.chmod(mode)
            with open(beside, "rb+") as file:
                os.fsync(file.fileno())
            os.replace(beside, path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise CheckpointError(f"cannot write {path}: {error.strerror or error}") from error


def _sync_folder(folder: Path) -> None:
    """Make a rename durable. Windows has no such call and needs none."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_json(path: Path, data: Any) -> bytes:
    """Write an object as JSON atomically; returns the bytes."""
    content = (json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode(
        "utf-8", "surrogatepass"
    )
    write_atomic(path, content)
    return content


def read_bytes(path: Path, max_bytes: int | None = None) -> bytes:
    """Read a file of a checkpoint.

    Args:
        path: The file.
        max_bytes: Largest size.

    Raises:
        CheckpointError: If the file is missing, too large or cannot be read.
    """
    try:
        size = path.stat().st_size
        if max_bytes is not None and size > max_bytes:
            raise CheckpointError(f"{path}: {size:,} bytes are too many for this file")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise CheckpointError(
            f"{path} is missing; the checkpoint is incomplete, restore it or train again"
        ) from error
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror or error}") from error


def read_json(path: Path, items: int = 0) -> tuple[Any, bytes]:
    """Read a JSON file.

    Args:
        path: The file.
        items: Items that its lists may have; a file of many may be larger than others.

    Returns:
        The parsed object, and the bytes of the file.

    Raises:
        CheckpointError: If the file is missing, too large or not valid JSON.
    """
    content = read_bytes(path, max(MAX_JSON_BYTES, items * MAX_ITEM_BYTES))
    if len(content) > MAX_JSON_BYTES and content.count(b",") > MAX_COMMAS * items:
        raise CheckpointError(f"{path}: its lists are longer than config.json allows")
    return parse_json(content, str(path)), content


def parse_json(content: bytes, where: str) -> Any:
    """Parse strict JSON.

    Args:
        content: Bytes in UTF-8.
        where: Path of the file, for messages.

    Raises:
        CheckpointError: If it is not valid.
    """
    try:
        return json.loads(content.decode("utf-8", "surrogatepass"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(
            f"{where} is not valid JSON ({error}); the file is truncated or was edited, "
            "restore it or train again"
        ) from error


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is not JSON")
