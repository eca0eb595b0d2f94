"""Files that arrive whole or not at all, and files of strangers that are read with care."""

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seqgen.errors import CheckpointError

# Of an object in JSON. Far above any real one, and parsed it may take fifty times as much memory.
MAX_JSON_BYTES = 4 * 1024 * 1024

# Of a text that grows with each evaluation.
MAX_TEXT_BYTES = 64 * 1024 * 1024
# Of a vocabulary: bytes of a token and what it is merged from, on average, and commas among them.
MAX_ITEM_BYTES = 200
MAX_COMMAS = 16


def check_writable(path: Path) -> None:
    """Check that a file can be written, before time is spent on its content.

    Raises CheckpointError with the path and the reason, as `write_atomic` would.
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
    """Write a file so that at any moment a reader finds the old content or the new, never a part.

    Raises CheckpointError with the path and the reason; nothing is left behind then.
    """
    with atomic_path(path) as beside:
        beside.write_bytes(data)


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A path to write to; what lies there at the end takes the place of the file, as one."""
    if not path.name:
        raise CheckpointError(f"cannot write {path}: this is a folder")
    if "\0" in str(path):
        raise CheckpointError(f"cannot write {str(path)!r}: a file's name has no NUL")
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            # A file in the place of /dev/null would be the end of it.
            raise CheckpointError(f"cannot write {path}: this is a device or a pipe, not a file")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            beside.touch(exist_ok=False)
            mode = beside.stat().st_mode
            yield beside
            # A library that writes the file may make it its owner's alone.
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
    """Make a rename survive a power cut. Windows has no such call and needs none."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_json(path: Path, data: Any) -> bytes:
    """Write an object as JSON, whole; returns the bytes."""
    content = (json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode(
        "utf-8", "surrogatepass"
    )
    write_atomic(path, content)
    return content


def read_bytes(path: Path, most: int | None = None) -> bytes:
    """The content of a file of a checkpoint.

    most: refuse a file of more bytes than this.
    Raises CheckpointError that names the file: it is missing, too large or cannot be read.
    """
    try:
        size = path.stat().st_size
        if most is not None and size > most:
            raise CheckpointError(f"{path}: {size:,} bytes are too many for this file")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise CheckpointError(
            f"{path} is missing; the checkpoint is not whole, restore it or train anew"
        ) from error
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror or error}") from error


def read_json(path: Path, items: int = 0) -> tuple[Any, bytes]:
    """The object in a JSON file, and its bytes. Raises CheckpointError that names the file.

    items: that a list or object may have in all, where the file may be larger for it.
    """
    content = read_bytes(path, max(MAX_JSON_BYTES, items * MAX_ITEM_BYTES))
    if len(content) > MAX_JSON_BYTES and content.count(b",") > MAX_COMMAS * items:
        raise CheckpointError(f"{path}: its lists are longer than config.json says")
    return parse_json(content, str(path)), content


def parse_json(content: bytes, where: str) -> Any:
    """Parse strict JSON. Raises CheckpointError that says where it is not."""
    try:
        return json.loads(content.decode("utf-8", "surrogatepass"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(
            f"{where} is not valid JSON ({error}); the file is truncated or was edited, "
            "restore it or train anew"
        ) from error


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is not JSON")
