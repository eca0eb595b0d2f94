"""Cross-entropy of a token sequence, computed on the ONNX graph that generation runs."""

from collections.abc import Callable

import numpy as np

from seqgen.checkpoint.read import Checkpoint
from seqgen.config.options import FLOAT32, INT8
from seqgen.data.token_files import token_ids
from seqgen.generation.engine import Engine

# Many times faster than a single stream; more streams gain hardly anything.
STREAMS = 64
# Tokens that a stream reads, without counting them, before its own part of the sequence, so that
# its state is as warm as that of a single stream.
BURN_IN = 128
# The difference of two losses on the same tokens needs far fewer tokens than a loss.
COMPARED_TOKENS = 32_000
PROGRESS_EVERY = 64  # steps

OnProgress = Callable[[float], None]


def mean_loss(
    engine: Engine, tokens: np.ndarray, *, boundary: int | None = None, streams: int = STREAMS
) -> float:
    """Return the mean of `token_losses`, in nats per token."""
    return float(token_losses(engine, tokens, boundary=boundary, streams=streams).mean())


def token_losses(
    engine: Engine,
    tokens: np.ndarray,
    *,
    boundary: int | None = None,
    streams: int = STREAMS,
    on_progress: OnProgress | None = None,
) -> np.ndarray:
    """Return the negative log-likelihood of each token given those before it.

    The sequence is cut into ``streams`` parts, which are read in parallel after a burn-in of
    `BURN_IN` tokens.

    Args:
        engine: The model.
        tokens: Ids [N], or [N, 1 + F] with position features; N is at least two. The first token
            is context only.
        boundary: Id of the token before which the state is reset; None for no reset.
        streams: Number of parts, at least 1.
        on_progress: Called now and then with the fraction that is done, in [0, 1].

    Returns:
        Nats, float64 [N - 1].
    """
    targets = len(tokens) - 1
    length = -(-targets // min(streams, targets))
    begins_B = np.arange(0, targets, length)
    parallel = engine.streams(engine.start(len(begins_B)))
    losses_N = np.empty(targets)
    first = -min(BURN_IN, targets)
    for step in range(first, length):
        positions_B = begins_B + step
        ids_B = tokens[np.clip(positions_B, 0, targets)]
        reset_B = positions_B <= 0
        if boundary is not None:
            reset_B |= token_ids(ids_B) == boundary
        if reset_B.any():
            parallel.reset(reset_B)
        logits_BV = parallel.step(ids_B)
        if step >= 0:
            counted = positions_B < targets
            next_ids = token_ids(tokens[positions_B[counted] + 1])
            losses_N[positions_B[counted]] = negative_log_likelihood(logits_BV[counted], next_ids)
        if on_progress and not step % PROGRESS_EVERY:
            on_progress((step - first) / (length - first))
    return losses_N


def negative_log_likelihood(logits_BV: np.ndarray, ids_B: np.ndarray) -> np.ndarray:
    """Return the negative log-probability of each stream's token, in nats, float64 [B]."""
    peak_B1 = logits_BV.max(axis=1, keepdims=True)
    mass_B = np.exp(logits_BV - peak_B1).sum(axis=1, dtype=np.float64)
    return np.log(mass_B) + peak_B1[:, 0] - logits_BV[np.arange(len(ids_B)), ids_B]


def quantisation_loss(checkpoint: Checkpoint, tokens: np.ndarray) -> float:
    """Return the loss with int8 weights minus that with float32 weights, in nats per token.

    Args:
        checkpoint: The model.
        tokens: Held-out tokens, as in `token_losses`; the first 32,000 are read.

    Raises:
        CheckpointError: If the checkpoint is damaged.
    """
    boundary = checkpoint.config.boundary
    float32_loss, int8_loss = (
        mean_loss(Engine(checkpoint.graph(precision)), tokens[:COMPARED_TOKENS], boundary=boundary)
        for precision in (FLOAT32, INT8)
    )
    return int8_loss - float32_loss
