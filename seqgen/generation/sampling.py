"""From logits to the next token: pure functions, each of one published idea."""

import numpy as np

from seqgen.config.options import SamplingOptions
from seqgen.errors import CheckpointError

# Dividing by less could overflow float32; by this much the likeliest token is certain already.
LEAST_TEMPERATURE = 1e-6

# Tokens that `repetition_penalty` looks back on.
RECENT = 64


def choose(
    logits_BV: np.ndarray,
    options: SamplingOptions,
    uniforms_B: np.ndarray,
    recent_BR: np.ndarray | None = None,
) -> np.ndarray:
    """The next token of every stream.

    In this order: repetition penalty, temperature, top-k, top-p, min-p, draw.

    logits_BV: unnormalised log-probabilities, float32 [B, V]; -inf is never chosen.
    options: with its temperature chosen.
    uniforms_B: a random number in [0, 1) for each stream; all that chance there is.
    recent_BR: the latest tokens of each stream, int [B, R], -1 where there is none; needed for
    the penalty only.
    Returns ids, int64 [B].
    Raises CheckpointError if a stream's logits are not numbers.
    """
    if options.repetition_penalty != 1.0 and recent_BR is not None:
        logits_BV = penalise(logits_BV, options.repetition_penalty, recent_BR)
    likeliest_B1 = np.maximum.reduce(logits_BV, axis=1, keepdims=True)
    if not np.isfinite(likeliest_B1).all():
        raise CheckpointError("the network's output is not a finite number; train it anew")
    assert options.temperature is not None
    if options.temperature == 0.0:
        return logits_BV.argmax(axis=1)
    scaled_BV = logits_BV - likeliest_B1
    scaled_BV /= np.float32(max(options.temperature, LEAST_TEMPERATURE))
    if options.top_k is not None:
        scaled_BV = top_k(scaled_BV, options.top_k)
    if options.top_p is not None:
        scaled_BV = top_p(scaled_BV, options.top_p)
    if options.min_p is not None:
        scaled_BV = min_p(scaled_BV, options.min_p)
    return draw(scaled_BV, uniforms_B)


def draw(logits_BV: np.ndarray, uniforms_B: np.ndarray) -> np.ndarray:
    """Draw by inverting the cumulative distribution.

    logits_BV: the largest of each stream must be near 0, so that its exponential is safe.
    """
    mass_BV = np.add.accumulate(np.exp(logits_BV), axis=1, dtype=np.float64)
    # u < 1 keeps the target below the total, so the token found always has mass of its own.
    target_B1 = uniforms_B[:, None] * mass_BV[:, -1:]
    return (mass_BV > target_B1).argmax(axis=1)


def top_k(logits_BV: np.ndarray, k: int) -> np.ndarray:
    """Keep the ``k`` likeliest tokens of each stream (Fan et al. 2018); the rest become -inf."""
    if k >= logits_BV.shape[1]:
        return logits_BV
    kept_BK = np.argpartition(logits_BV, -k, axis=1)[:, -k:]
    return keep(logits_BV, kept_BK, np.take_along_axis(logits_BV, kept_BK, axis=1))


def top_p(logits_BV: np.ndarray, p: float) -> np.ndarray:
    """Keep the smallest set of tokens whose probability reaches ``p`` (Holtzman et al. 2020).

    logits_BV: the largest of each stream near 0. p: in (0, 1]. The rest become -inf.
    """
    if p >= 1.0:
        return logits_BV
    order_BV = np.argsort(-logits_BV, axis=1, kind="stable")
    sorted_BV = np.take_along_axis(logits_BV, order_BV, axis=1)
    mass_BV = np.exp(sorted_BV).cumsum(axis=1, dtype=np.float64)
    # A token stays if those before it have not reached p yet, so the likeliest always does.
    before_BV = np.concatenate([np.zeros_like(mass_BV[:, :1]), mass_BV[:, :-1]], axis=1)
    sorted_BV = np.where(before_BV < p * mass_BV[:, -1:], sorted_BV, -np.inf)
    return keep(logits_BV, order_BV, sorted_BV)


def min_p(logits_BV: np.ndarray, p: float) -> np.ndarray:
    """Keep tokens at least ``p`` times as likely as the likeliest (Nguyen et al. 2024)."""
    if p == 0.0:
        return logits_BV
    least_B1 = logits_BV.max(axis=1, keepdims=True) + np.float32(np.log(p))
    return np.where(logits_BV >= least_B1, logits_BV, -np.inf)


def penalise(logits_BV: np.ndarray, penalty: float, recent_BR: np.ndarray) -> np.ndarray:
    """Make tokens that came lately less likely (Keskar et al. 2019, section 4.1).

    A negative logit is multiplied, not divided, as every library has it: dividing would raise it.
    """
    rows, columns = np.nonzero(recent_BR >= 0)
    tokens = recent_BR[rows, columns]
    said = logits_BV[rows, tokens]
    penalised_BV = logits_BV.copy()
    penalised_BV[rows, tokens] = np.where(said > 0, said / penalty, said * penalty)
    return penalised_BV


def keep(logits_BV: np.ndarray, columns: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The values at their columns, and -inf everywhere else."""
    kept_BV = np.full_like(logits_BV, -np.inf)
    np.put_along_axis(kept_BV, columns, values, axis=1)
    return kept_BV
