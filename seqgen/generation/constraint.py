"""What may come next, whatever the network thinks."""

from collections.abc import Iterable
from typing import Protocol

import numpy as np


class Constraint(Protocol):
    """Says which tokens a stream may take, and is told which one it took."""

    def allowed(self, stream: int) -> np.ndarray | None:
        """True for every token that may come next in this stream, bool [V]; None if all may."""
        ...

    def took(self, stream: int, id: int) -> None:
        """The stream took this token."""
        ...


class Forbid:
    """Some tokens never come."""

    def __init__(self, ids: Iterable[int], vocab: int) -> None:
        self._mask_V = np.ones(vocab, bool)
        self._mask_V[list(ids)] = False

    def allowed(self, stream: int) -> np.ndarray | None:
        return self._mask_V

    def took(self, stream: int, id: int) -> None:
        pass


def mask(logits_BV: np.ndarray, constraint: Constraint, streams: Iterable[int]) -> np.ndarray:
    """The logits with what is not allowed at -inf.

    streams: which stream each row is, as the constraint knows it.
    """
    masks = [constraint.allowed(stream) for stream in streams]
    if all(row is None for row in masks):
        return logits_BV
    every = np.ones(logits_BV.shape[1], bool)
    allowed_BV = np.stack([every if row is None else row for row in masks])
    return np.where(allowed_BV, logits_BV, np.float32(-np.inf))
