"""TensorFlow, loaded quietly and told how many threads to use."""

import contextlib
import os
from collections.abc import Iterator


def cores() -> int:
    """How many processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def shards(batch: int) -> int:
    """Into how many parts a batch of streams is split, each worked through by one thread.

    Splitting beats threads inside each operation, since a step of a recurrent network is a chain
    of small ones (32,800 against 27,200 training tokens/s for an LSTM of 512 units on two cores);
    below 8 streams a part the weights are read too often for too little work.
    """
    wanted = max(1, min(cores(), batch // 8))
    return next(n for n in range(wanted, 0, -1) if batch % n == 0)


def load(batch: int) -> None:
    """Import TensorFlow without its start-up chatter and fit its threads to the batch.

    A process that has run TensorFlow already keeps the threads that it has.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    with _quiet_stderr():
        import keras  # noqa: F401
        import tensorflow as tf

        parts = shards(batch)
        with contextlib.suppress(RuntimeError):
            tf.config.threading.set_inter_op_parallelism_threads(parts)
            tf.config.threading.set_intra_op_parallelism_threads(max(1, cores() // parts))
        tf.config.list_logical_devices()


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    # TensorFlow writes to the file descriptor before its log level is read.
    kept = os.dup(2)
    silent = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(silent, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(silent)
