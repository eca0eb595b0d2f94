"""Errors for networks and steps that exceed the memory."""

import contextlib
from collections.abc import Iterator

from seqgen.config.resolved import ModelSpec, TrainSpec
from seqgen.errors import TrainingError
from seqgen.io.system import address_limit, physical_memory
from seqgen.models.architecture import count_parameters

# Address space of TensorFlow and its threads beyond the memory that it uses: 1.6 GB for 64 units on
# two cores, 1.8 GB for 2048.
MORE_ADDRESSES = 2_000_000_000


def memory_bytes(model: ModelSpec, training: TrainSpec, vocab: int) -> int:
    """Estimate the memory of training: TensorFlow, weights, and the activations of a batch."""
    tensorflow = 700_000_000
    # Weights, gradients, two moments and the best weights, with copies that are being saved.
    weights = count_parameters(model, vocab) * 4 * 11
    # A gated cell stores about a dozen floats per unit, the loss three per token of the vocabulary.
    step = 12 * sum(model.units) + 2 * model.embedding + 3 * vocab
    return tensorflow + weights + 4 * step * training.seq_length * training.batch_size


def check_memory(model: ModelSpec, training: TrainSpec, vocab: int) -> None:
    """Check before a run that there is enough memory.

    TensorFlow may hang or end the process if an allocation fails, or cannot be imported if the
    address space is limited (``ulimit -v``).

    Args:
        model: The network.
        training: How it is trained.
        vocab: Tokens in the vocabulary.

    Raises:
        TrainingError: If there is too little.
    """
    required = memory_bytes(model, training, vocab)
    if required > physical_memory():
        raise _too_large(required, "of memory", f"this machine has {physical_memory() / 1e9:,.1f}")
    if required + MORE_ADDRESSES > address_limit():
        allowed = f"this process is limited to {address_limit() / 1e9:,.1f} (ulimit -v)"
        raise _too_large(required + MORE_ADDRESSES, "of addresses", allowed)


def _too_large(required: float, what: str, available: str) -> TrainingError:
    return TrainingError(
        f"training takes about {required / 1e9:,.1f} GB {what}, and {available}; "
        "try smaller `units`, `layers`, `batch_size` or `seq_length`"
    )


@contextlib.contextmanager
def memory_errors() -> Iterator[None]:
    """Turn an out-of-memory error into a TrainingError; call `tf_runtime.load` before."""
    import tensorflow as tf

    try:
        yield
    except (MemoryError, tf.errors.ResourceExhaustedError) as error:
        raise TrainingError(
            "out of memory; try smaller `units`, `batch_size` or `seq_length` (`dry_run=True` "
            "estimates how much they take)"
        ) from error
