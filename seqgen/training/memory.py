"""Errors for networks and steps that exceed the memory."""

import contextlib
from collections.abc import Iterator

from seqgen.config.resolved import ModelSpec, TrainSpec
from seqgen.errors import TrainingError
from seqgen.io.system import address_limit, physical_memory
from seqgen.models.architecture import count_parameters

# What TensorFlow, with its threads, takes of addresses beyond the memory that it uses: 1.6 GB for
# 64 units on two cores, 1.8 GB for 2048.
MORE_ADDRESSES = 2_000_000_000


def memory_bytes(model: ModelSpec, training: TrainSpec, vocab: int) -> int:
    """About how much memory training takes: TensorFlow, weights, and a window's activations."""
    tensorflow = 700_000_000
    # Weights, gradient, two moments, the best; what was saved of them, and what is being saved.
    weights = count_parameters(model, vocab) * 4 * 11
    # A gated cell keeps about a dozen floats a unit, the loss three a token of the vocabulary.
    step = 12 * sum(model.units) + 2 * model.embedding + 3 * vocab
    return tensorflow + weights + 4 * step * training.seq_length * training.batch_size


def check_memory(model: ModelSpec, training: TrainSpec, vocab: int) -> None:
    """Check, before a run starts, that there is memory enough for it.

    TensorFlow does not always survive an allocation that fails: where a limit of addresses
    (``ulimit -v``) left it too few, it hung, or ended the process, or could not be imported.

    Args:
        model: The network.
        training: How it is trained.
        vocab: Tokens in the vocabulary.

    Raises:
        TrainingError: If there is not.
    """
    needed = memory_bytes(model, training, vocab)
    if needed > physical_memory():
        refuse(needed, "of memory", f"this machine has {physical_memory() / 1e9:,.1f}")
    if needed + MORE_ADDRESSES > address_limit():
        allowed = f"this process is limited to {address_limit() / 1e9:,.1f} (ulimit -v)"
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
