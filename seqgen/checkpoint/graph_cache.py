"""ONNX graphs built from checkpoints, kept in the user's cache folder.

ONNX Runtime executes whatever a graph contains, so a graph in a checkpoint is never run:
graphs are built from weights and configuration, and only this user's own builds are reused. Each
is a file ``graphs/KEY.onnx``: the graph, followed by the SHA-256 of its key and content. A file
that is damaged, or that another user can write to, is ignored and built again. Where the folder
cannot be written to, every call builds the graph.
"""

import contextlib
import hashlib
import json
import os
import secrets
import stat
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from seqgen.io.user_dirs import cache_folder

# Least recently used graphs are removed above this size of all together.
MAX_BYTES = 500_000_000
# A temporary file of this age was left by a process that was killed.
_STALE_SECONDS = 3600.0
_DIGEST_BYTES = hashlib.sha256().digest_size


def graph_key(inputs: Mapping[str, Any]) -> str:
    """Return the SHA-256, in hexadecimal, of everything that a graph depends on."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def cached_graph(key: str, build: Callable[[], bytes]) -> bytes:
    """Return the graph of a key from the cache, or build and store it."""
    folder = graph_folder()
    graph = None if folder is None else _load(folder, key)
    if graph is None:
        graph = build()
        if folder is not None:
            with contextlib.suppress(OSError):
                _store(folder, key, graph)
    return graph


def graph_folder() -> Path | None:
    """Return the folder of the graphs; None for a user without a home."""
    cache = cache_folder()
    return None if cache is None else cache / "graphs"


def _path(folder: Path, key: str) -> Path:
    return folder / f"{key}.onnx"


def _digest(key: str, graph: bytes) -> bytes:
    digest = hashlib.sha256(key.encode())
    digest.update(graph)
    return digest.digest()


def _load(folder: Path, key: str) -> bytes | None:
    """Return a stored graph, or None if there is none that is intact and this user's own."""
    try:
        # Without O_NONBLOCK, opening a pipe would wait for its writer.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        flags |= getattr(os, "O_BINARY", 0)
        with open(os.open(_path(folder, key), flags), "rb") as file:
            status = os.fstat(file.fileno())
            size = status.st_size - _DIGEST_BYTES
            if not _is_private(status) or not 0 < size <= MAX_BYTES:
                return None
            graph, digest = file.read(size), file.read()
    except OSError:
        return None
    if digest != _digest(key, graph):
        return None
    with contextlib.suppress(OSError):
        os.utime(_path(folder, key))  # the time of last use
    return graph


def _is_private(status: os.stat_result) -> bool:
    """Whether a file is a regular one that nobody but this user can have written."""
    if not stat.S_ISREG(status.st_mode):
        return False
    return os.name == "nt" or (status.st_uid == os.geteuid() and not status.st_mode & 0o022)


def _store(folder: Path, key: str, graph: bytes) -> None:
    """Write a graph, whole, and remove the least recently used ones. Raises OSError."""
    if len(graph) > MAX_BYTES:
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = folder / f"{key}.{secrets.token_hex(4)}.tmp"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(temporary, flags, 0o600), "wb") as file:
            file.write(graph)
            file.write(_digest(key, graph))
        # No fsync: a file that a power cut damages fails its digest and is built again.
        os.replace(temporary, _path(folder, key))
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _evict(folder, key)


def _evict(folder: Path, newest: str) -> None:
    """Remove graphs, least recently used first, until all together fit into `MAX_BYTES`."""
    graphs = []
    for path in folder.iterdir():
        with contextlib.suppress(OSError):  # another process may have removed it
            status = path.lstat()
            if path.suffix == ".onnx":
                graphs.append((path.stem == newest, status.st_mtime, status.st_size, path))
            elif path.suffix == ".tmp" and time.time() - status.st_mtime > _STALE_SECONDS:
                path.unlink()
    total = sum(size for _, _, size, _ in graphs)
    for _, _, size, path in sorted(graphs):
        if total <= MAX_BYTES:
            break
        with contextlib.suppress(OSError):
            path.unlink()
            total -= size
