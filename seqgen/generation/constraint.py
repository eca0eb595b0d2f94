"""Constraints: logits processors that decide which tokens may come next."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

from seqgen.checkpoint.end_calibration import EndCalibration
from seqgen.data.tokenizers.base import END

NEG_INF = np.float32(-np.inf)


class Constraint(Protocol):
    """A logits processor with a state for each stream.

    At each step `process` sees the logits, and `accept` the tokens that were chosen from them.
    """

    def process(self, streams: Sequence[int], logits_BV: np.ndarray) -> np.ndarray:
        """Return the logits to sample from.

        Args:
            streams: Indices of the B streams that are still running.
            logits_BV: Their unnormalised log-probabilities, float32 [B, V].

        Returns:
            float32 [B, V] with forbidden tokens at -inf; ``logits_BV`` itself is not changed.
        """
        ...

    def accept(self, streams: Sequence[int], ids_B: np.ndarray) -> None:
        """Advance the state of each stream by its chosen token.

        Args:
            streams: Indices of the B streams, as in the preceding `process`.
            ids_B: Their chosen tokens, int64 [B].
        """
        ...


class ForbidTokens:
    """Forbids some tokens at every step."""

    def __init__(self, ids: Iterable[int], vocab: int) -> None:
        """Forbid ``ids`` of a vocabulary of ``vocab`` tokens."""
        self._allowed_V = np.ones(vocab, bool)
        self._allowed_V[list(ids)] = False

    def process(self, streams: Sequence[int], logits_BV: np.ndarray) -> np.ndarray:
        return mask_logits(logits_BV, self._allowed_V)

    def accept(self, streams: Sequence[int], ids_B: np.ndarray) -> None:
        pass


class EndBias:
    """Forbids empty documents and calibrates the probability of their end by length.

    All streams must begin at the same step.
    """

    def __init__(self, calibration: EndCalibration | None, length: int = 0) -> None:
        """Begin after ``length`` tokens of the document; without a calibration add no bias."""
        self._calibration = calibration
        self._length = length

    def process(self, streams: Sequence[int], logits_BV: np.ndarray) -> np.ndarray:
        bias = NEG_INF
        if self._length:
            if self._calibration is None:
                return logits_BV
            row = bisect_right(self._calibration.lengths, self._length)
            bias = np.float32(self._calibration.biases[row])
        logits_BV = logits_BV.copy()
        logits_BV[:, END] += bias
        return logits_BV

    def accept(self, streams: Sequence[int], ids_B: np.ndarray) -> None:
        self._length += 1


class ConstraintChain:
    """Applies several constraints in order."""

    def __init__(self, *constraints: Constraint) -> None:
        self._constraints = constraints

    def process(self, streams: Sequence[int], logits_BV: np.ndarray) -> np.ndarray:
        for constraint in self._constraints:
            logits_BV = constraint.process(streams, logits_BV)
        return logits_BV

    def accept(self, streams: Sequence[int], ids_B: np.ndarray) -> None:
        for constraint in self._constraints:
            constraint.accept(streams, ids_B)


def mask_logits(logits_BV: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Set the logits of forbidden tokens to -inf.

    Args:
        logits_BV: float32 [B, V].
        allowed: bool [B, V], or [V] for all streams.

    Returns:
        A new array, float32 [B, V].
    """
    return np.where(allowed, logits_BV, NEG_INF)
