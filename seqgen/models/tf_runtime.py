"""Load TensorFlow without its log messages, and configure its threads and precision."""

import contextlib
import os
from collections.abc import Iterator

from seqgen.io.system import cores, has_bfloat16
from seqgen.privacy import keras_import


def has_gpu() -> bool:
    """Return whether TensorFlow has a GPU, on which it then runs."""
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))


def precision(requested: str) -> str:
    """Resolve the type of the operands of products: "float32" or "bfloat16".

    "auto" is the faster one that keeps quality. A GPU rounds the operands of float32 products to
    TF32 by itself.
    """
    if requested != "auto":
        return requested
    if has_gpu():
        return "float32"
    return "bfloat16" if has_bfloat16() else "float32"


def shards(batch_size: int, threads: int | None = None) -> int:
    """Choose the number of parts of a batch, each of which one thread computes.

    Splitting beats threads inside each operation, since a step of a recurrent network is a chain of
    small ones (32,800 against 27,200 training tokens/s for an LSTM of 512 units on two cores). With
    fewer than 8 streams per part, memory reads of the weights dominate. On a GPU there is one part.

    Args:
        batch_size: Number of streams.
        threads: None for one per core.
    """
    if has_gpu():
        return 1
    most = max(1, min(threads or cores(), batch_size // 8))
    return next(n for n in range(most, 0, -1) if batch_size % n == 0)


def load(batch_size: int, threads: int | None = None) -> None:
    """Import TensorFlow without its log messages, and set its number of threads for the batch.

    A process that has run TensorFlow before keeps its threads.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    with _quiet_stderr(), keras_import():
        import keras  # noqa: F401
        import tensorflow as tf

        parts = shards(batch_size, threads)
        with contextlib.suppress(RuntimeError):
            tf.config.threading.set_inter_op_parallelism_threads(parts)
            tf.config.threading.set_intra_op_parallelism_threads(
                max(1, (threads or cores()) // parts)
            )
        tf.config.list_logical_devices()


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    # TensorFlow writes to the file descriptor before its log level is read.
    stderr = os.dup(2)
    silent = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(silent, 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(silent)
