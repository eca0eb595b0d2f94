"""What may come next, whatever the network thinks."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np


class Constraint(Protocol):
    """Says which tokens each stream may take, and is told which one it took."""

    def allowed(self, streams: Sequence[int]) -> np.ndarray | None:
        """True for every token that may come next in these streams.

        Returns bool [B, V], or [V] where it is the same for all, or None if every token may come.
        """
        ...

    def took(self, stream: int, id: int) -> None:
        """The stream took this token."""
        ...


class Forbid:
    """Some tokens never come."""

    def __init__(self, ids: Iterable[int], vocab: int) -> None:
        self._mask_V = np.ones(vocab, bool)
        self._mask_V[list(ids)] = False

    def allowed(self, streams: Sequence[int]) -> np.ndarray | None:
        return self._mask_V

    def took(self, stream: int, id: int) -> None:
        pass


def mask(logits_BV: np.ndarray, allowed: np.ndarray | None) -> np.ndarray:
    """The logits with what is not allowed at -inf. allowed: of `Constraint.allowed`."""
    if allowed is None:
        return logits_BV
    return np.where(allowed, logits_BV, np.float32(-np.inf))
