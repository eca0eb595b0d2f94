"""How likely a network finds a text: the loss, measured on the graph that generation runs."""

from collections.abc import Callable

import numpy as np

from seqgen.checkpoint.read import Checkpoint
from seqgen.config.options import FLOAT32, INT8
from seqgen.data.tokenizers.base import END
from seqgen.generation.engine import Engine

# Read side by side: more than one stream is many times faster, more than these hardly.
STREAMS = 64
# Tokens that a stream reads before its own share without counting them, so that its state is no
# colder than that of a single reader.
WARM = 128
# A difference of two losses on the same tokens needs far fewer of them than a loss does.
COMPARED = 32_000
TELL_EVERY = 64  # steps

Told = Callable[[float], None]


def likelihood(
    engine: Engine, tokens: np.ndarray, *, boundary: int | None = None, streams: int = STREAMS
) -> float:
    """The mean of `losses`, in nats."""
    return float(losses(engine, tokens, boundary=boundary, streams=streams).mean())


def losses(
    engine: Engine,
    tokens: np.ndarray,
    *,
    boundary: int | None = None,
    streams: int = STREAMS,
    told: Told | None = None,
) -> np.ndarray:
    """The negative log-likelihood of each token after those before it, in nats, float64 [N - 1].

    tokens: ids [N], or [N, 1 + F] where numbers stand beside them; at least two. The first is
        context only.
    boundary: the token before which the state is forgotten; None to carry it over everything.
    streams: shares that are read side by side.
    told: hears now and then which share is done.
    """
    targets = len(tokens) - 1
    share = -(-targets // min(streams, targets))
    begins_B = np.arange(0, targets, share)
    lanes = engine.streams(engine.start(len(begins_B)))
    found = np.empty(targets)
    first = -min(WARM, targets)
    for step in range(first, share):
        places_B = begins_B + step
        ids_B = tokens[np.clip(places_B, 0, targets)]
        fresh_B = places_B <= 0
        if boundary is not None:
            fresh_B |= (ids_B if ids_B.ndim == 1 else ids_B[:, 0]) == boundary
        if fresh_B.any():
            lanes.forget(fresh_B)
        logits_BV = lanes.step(ids_B)
        if step >= 0:
            counted = places_B < targets
            came = tokens[places_B[counted] + 1]
            came = came if came.ndim == 1 else came[:, 0]
            found[places_B[counted]] = nats(logits_BV[counted], came)
        if told and not step % TELL_EVERY:
            told((step - first) / (share - first))
    return found


def nats(logits_BV: np.ndarray, ids_B: np.ndarray) -> np.ndarray:
    """Negative log-probability of each stream's token, float64 [B]."""
    peak_B1 = logits_BV.max(axis=1, keepdims=True)
    mass_B = np.exp(logits_BV - peak_B1).sum(axis=1, dtype=np.float64)
    return np.log(mass_B) + peak_B1[:, 0] - logits_BV[np.arange(len(ids_B)), ids_B]


def quantisation_loss(checkpoint: Checkpoint, tokens: np.ndarray) -> float:
    """What int8 weights cost: their loss less that of the float32 weights, nats a token.

    tokens: as `likelihood` takes them, and that the network did not learn from; the first 32,000
        are read.
    Raises CheckpointError if the checkpoint is damaged.
    """
    boundary = END if checkpoint.config.corpus.documents > 1 else None
    exact, coded = (
        likelihood(Engine(checkpoint.graph(precision)), tokens[:COMPARED], boundary=boundary)
        for precision in (FLOAT32, INT8)
    )
    return coded - exact
