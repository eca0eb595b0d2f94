"""One process at a time trains into a checkpoint."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from seqgen.errors import CheckpointError

# Seconds that another process is given: one whose parent was killed still saves and ends.
TIMEOUT = 5.0


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes from training into a checkpoint, until the end or that of this process.

    The lock is the operating system's, on ``.NAME.lock`` beside the checkpoint, so that a dead
    process holds none. The file is removed before it is let go: who has it open then finds that it
    is there no more, and begins anew. Where nothing can be written beside the checkpoint, the file
    lies in it.
    Raises CheckpointError if another process holds it, or it cannot be written.
    """
    from filelock import FileLock, Timeout

    made = not path.parent.exists()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = _writable(path.parent) or not path.is_dir()
        place = path.with_name(f".{path.name}.lock") if beside else path / ".lock"
        # A run that is closed by the garbage collector may be closed by another thread.
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
