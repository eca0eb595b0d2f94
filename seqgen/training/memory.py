"""What is said when the memory does not suffice."""

import contextlib
from collections.abc import Iterator

from seqgen.errors import TrainingError


@contextlib.contextmanager
def memory_errors() -> Iterator[None]:
    """Turn the end of memory, a GPU's too, into a TrainingError that says what helps.

    Imports TensorFlow, which is to be loaded before (`seqgen.stack.backend.load`).
    """
    import tensorflow as tf

    try:
        yield
    except (MemoryError, tf.errors.ResourceExhaustedError) as error:
        raise TrainingError(
            "out of memory; try smaller --units, --batch or --window (--dry-run tells about how "
            "much they take)"
        ) from error
