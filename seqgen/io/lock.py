"""A lock so that one process at a time writes a checkpoint."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from seqgen.errors import CheckpointError

# Seconds to wait for another process: one whose parent was killed still saves and exits.
TIMEOUT = 5.0


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a checkpoint.

    The operating system locks the file ``.NAME.lock`` next to the folder, so that a killed process
    holds no lock. The file is removed before it is released; a process that waits for it then
    creates another. If nothing can be written next to the folder, the file is inside it.

    Args:
        path: Folder of the checkpoint; it need not exist.

    Raises:
        CheckpointError: If another process holds the lock, or the file cannot be written.
    """
    from filelock import FileLock, Timeout

    made = not path.parent.exists()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = _writable(path.parent) or not path.is_dir()
        place = path.with_name(f".{path.name}.lock") if beside else path / ".lock"
        # The garbage collector may close a run in another thread.
        lock = FileLock(place, timeout=TIMEOUT, thread_local=False)
        lock.acquire()
    except Timeout:
        raise CheckpointError(
            f"another process is training into {path}; wait until it has finished, or choose "
            "another `name`"
        ) from None
    except OSError as error:
        raise CheckpointError(f"cannot write {path}: {error.strerror or error}") from error
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # Windows removes no open file
            Path(lock.lock_file).unlink()
        lock.release()
        if made:
            with contextlib.suppress(OSError):  # something was made in it
                path.parent.rmdir()


def _writable(folder: Path) -> bool:
    return os.access(folder, os.W_OK, effective_ids=os.access in os.supports_effective_ids)
