"""What is said when the memory does not suffice."""

import contextlib
from collections.abc import Iterator

from seqgen.checkpoint.read import _address_limit, _physical_memory
from seqgen.config.options import RunOptions
from seqgen.errors import TrainingError
from seqgen.training.autoconfig import memory_bytes

# What TensorFlow, with its threads, takes of addresses beyond the memory that it uses: 1.6 GB for
# 64 units on two cores, 1.8 GB for 2048.
MORE_ADDRESSES = 2_000_000_000


def check_memory(options: RunOptions, vocab: int) -> None:
    """Raise TrainingError for a run that would come to the end of memory, before it begins.

    TensorFlow does not always survive that: where a limit of addresses (``ulimit -v``) left it too
    few, it hung, or ended the process, or could not be imported.

    options: with nothing left open.
    vocab: how many tokens there are.
    """
    needed = memory_bytes(options, vocab)
    if needed > _physical_memory():
        refuse(needed, "of memory", f"this machine has {_physical_memory() / 1e9:,.1f}")
    if needed + MORE_ADDRESSES > _address_limit():
        allowed = f"this process is limited to {_address_limit() / 1e9:,.1f} (ulimit -v)"
        refuse(needed + MORE_ADDRESSES, "of addresses", allowed)


def refuse(needed: float, what: str, there: str) -> None:
    raise TrainingError(
        f"training takes about {needed / 1e9:,.1f} GB {what}, and {there}; "
        "try smaller `units`, `layers`, `batch_size` or `seq_length`"
    )


@contextlib.contextmanager
def memory_errors() -> Iterator[None]:
    """Turn the end of memory, a GPU's too, into a TrainingError that says what helps.

    Imports TensorFlow, which is to be loaded before (`seqgen.models.tf_runtime.load`).
    """
    import tensorflow as tf

    try:
        yield
    except (MemoryError, tf.errors.ResourceExhaustedError) as error:
        raise TrainingError(
            "out of memory; try smaller `units`, `batch_size` or `seq_length` (`dry_run=True` "
            "estimates how much they take)"
        ) from error
