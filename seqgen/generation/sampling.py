"""Sampling: pure functions from logits to the next token, each from one publication."""

import numpy as np

from seqgen.config.resolved import SamplingSpec
from seqgen.errors import CheckpointError

# A smaller divisor could overflow float32; at this one the likeliest token is certain already.
MIN_TEMPERATURE = 1e-6

# Number of latest tokens that `repetition_penalty` applies to.
PENALTY_WINDOW = 64


def sample_tokens(
    logits_BV: np.ndarray,
    spec: SamplingSpec,
    uniforms_B: np.ndarray,
    recent_BR: np.ndarray | None = None,
) -> np.ndarray:
    """Choose the next token of every stream.

    Applies, in this order: repetition penalty, temperature, top-k, top-p, min-p, draw.

    Args:
        logits_BV: Unnormalised log-probabilities, float32 [B, V]; -inf is never chosen.
        spec: Temperature, filters and penalty.
        uniforms_B: A random number in [0, 1) for each stream, float64 [B].
        recent_BR: Latest tokens of each stream for the penalty, int [B, R]; -1 where there is none.

    Returns:
        Ids, int64 [B].

    Raises:
        CheckpointError: If a stream has no finite logits.
    """
    if spec.repetition_penalty != 1.0 and recent_BR is not None:
        logits_BV = penalize_repetition(logits_BV, spec.repetition_penalty, recent_BR)
    likeliest_B1 = np.maximum.reduce(logits_BV, axis=1, keepdims=True)
    if not np.isfinite(likeliest_B1).all():
        raise CheckpointError("the network's output is not a finite number; train it anew")
    if spec.temperature == 0.0:
        return logits_BV.argmax(axis=1)
    return draw(filter_logits(logits_BV - likeliest_B1, spec), uniforms_B)


def filter_logits(logits_BV: np.ndarray, spec: SamplingSpec) -> np.ndarray:
    """Apply temperature, top-k, top-p and min-p.

    Args:
        logits_BV: float32 [B, V], the largest of each stream 0; may be changed.
        spec: Temperature and filters; a temperature of 0 counts as `MIN_TEMPERATURE`.

    Returns:
        The logits of the distribution to draw from, float32 [B, V].
    """
    logits_BV /= np.float32(max(spec.temperature, MIN_TEMPERATURE))
    if spec.top_k is not None:
        logits_BV = top_k(logits_BV, spec.top_k)
    if spec.top_p is not None:
        logits_BV = top_p(logits_BV, spec.top_p)
    if spec.min_p is not None:
        logits_BV = min_p(logits_BV, spec.min_p)
    return logits_BV


def draw(logits_BV: np.ndarray, uniforms_B: np.ndarray) -> np.ndarray:
    """Draw by inverting the cumulative distribution.

    Args:
        logits_BV: float32 [B, V]; the largest of each stream is near 0, so that exp cannot
            overflow.
        uniforms_B: Random numbers in [0, 1), float64 [B].

    Returns:
        Ids, int64 [B].
    """
    mass_BV = np.add.accumulate(np.exp(logits_BV), axis=1, dtype=np.float64)
    # u < 1 keeps the target below the total, so the token always has a probability above 0.
    target_B1 = uniforms_B[:, None] * mass_BV[:, -1:]
    return (mass_BV > target_B1).argmax(axis=1)


def top_k(logits_BV: np.ndarray, k: int) -> np.ndarray:
    """Keep the ``k`` likeliest tokens of each stream (Fan et al. 2018); the rest become -inf."""
    if k >= logits_BV.shape[1]:
        return logits_BV
    kept_BK = np.argpartition(logits_BV, -k, axis=1)[:, -k:]
    return _scatter(logits_BV, kept_BK, np.take_along_axis(logits_BV, kept_BK, axis=1))


def top_p(logits_BV: np.ndarray, p: float) -> np.ndarray:
    """Keep the smallest set of tokens whose cumulative probability reaches ``p``.

    Nucleus sampling (Holtzman et al. 2020, section 3.1).

    Args:
        logits_BV: float32 [B, V]; the largest of each stream is near 0.
        p: Probability mass to keep, in (0, 1].

    Returns:
        Logits with all other tokens at -inf, float32 [B, V].
    """
    if p >= 1.0:
        return logits_BV
    order_BV = np.argsort(-logits_BV, axis=1, kind="stable")
    sorted_BV = np.take_along_axis(logits_BV, order_BV, axis=1)
    mass_BV = np.exp(sorted_BV).cumsum(axis=1, dtype=np.float64)
    # A token stays if those before it have not reached p, so the likeliest always does.
    before_BV = np.concatenate([np.zeros_like(mass_BV[:, :1]), mass_BV[:, :-1]], axis=1)
    sorted_BV = np.where(before_BV < p * mass_BV[:, -1:], sorted_BV, -np.inf)
    return _scatter(logits_BV, order_BV, sorted_BV)


def min_p(logits_BV: np.ndarray, p: float) -> np.ndarray:
    """Keep tokens at least ``p`` times as likely as the likeliest (Nguyen et al. 2024)."""
    if p == 0.0:
        return logits_BV
    threshold_B1 = logits_BV.max(axis=1, keepdims=True) + np.float32(np.log(p))
    return np.where(logits_BV >= threshold_B1, logits_BV, -np.inf)


def penalize_repetition(logits_BV: np.ndarray, penalty: float, recent_BR: np.ndarray) -> np.ndarray:
    """Make recent tokens less likely (Keskar et al. 2019, section 4.1).

    A negative logit is multiplied, not divided, as in other libraries: dividing would raise it.
    """
    rows, columns = np.nonzero(recent_BR >= 0)
    tokens = recent_BR[rows, columns]
    recent = logits_BV[rows, tokens]
    penalized_BV = logits_BV.copy()
    penalized_BV[rows, tokens] = np.where(recent > 0, recent / penalty, recent * penalty)
    return penalized_BV


def _scatter(logits_BV: np.ndarray, columns: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Put the values into their columns, and -inf everywhere else."""
    scattered_BV = np.full_like(logits_BV, -np.inf)
    np.put_along_axis(scattered_BV, columns, values, axis=1)
    return scattered_BV
