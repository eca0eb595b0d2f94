"""What may come next, whatever the network thinks."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

from seqgen.checkpoint.end_calibration import EndCalibration
from seqgen.data.tokenizers.base import END

NEVER = np.float32(-np.inf)


class Constraint(Protocol):
    """Keeps some tokens from being chosen, and is told which ones were."""

    def mask(self, streams: Sequence[int], logits_BV: np.ndarray) -> np.ndarray:
        """The logits of these streams, with what may not come next at -inf."""
        ...

    def took(self, streams: Sequence[int], ids_B: np.ndarray) -> None:
        """These streams took these tokens."""
        ...


class Forbid:
    """Some tokens never come."""

    def __init__(self, ids: Iterable[int], vocab: int) -> None:
        """ids: of the tokens; vocab: how many tokens there are."""
        self._allowed_V = np.ones(vocab, bool)
        self._allowed_V[list(ids)] = False

    def mask(self, streams: Sequence[int], logits_BV: np.ndarray) -> np.ndarray:
        return masked(logits_BV, self._allowed_V)

    def took(self, streams: Sequence[int], ids_B: np.ndarray) -> None:
        pass


class Ending:
    """Documents are not empty, and end as often at each length as documents do.

    All streams begin together.
    """

    def __init__(self, ends: EndCalibration | None, length: int = 0) -> None:
        """ends: what corrects the network, if anything. length: tokens that are there already."""
        self._ends = ends
        self._length = length

    def mask(self, streams: Sequence[int], logits_BV: np.ndarray) -> np.ndarray:
        bias = NEVER
        if self._length:
            if self._ends is None:
                return logits_BV
            place = bisect_right(self._ends.lengths, self._length)
            bias = np.float32(self._ends.biases[place])
        logits_BV = logits_BV.copy()
        logits_BV[:, END] += bias
        return logits_BV

    def took(self, streams: Sequence[int], ids_B: np.ndarray) -> None:
        self._length += 1


class All:
    """Several constraints at once."""

    def __init__(self, *constraints: Constraint) -> None:
        self._constraints = constraints

    def mask(self, streams: Sequence[int], logits_BV: np.ndarray) -> np.ndarray:
        for constraint in self._constraints:
            logits_BV = constraint.mask(streams, logits_BV)
        return logits_BV

    def took(self, streams: Sequence[int], ids_B: np.ndarray) -> None:
        for constraint in self._constraints:
            constraint.took(streams, ids_B)


def masked(logits_BV: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """The logits with what is not allowed at -inf. allowed: bool [B, V], or [V] for all streams."""
    return np.where(allowed, logits_BV, NEVER)
