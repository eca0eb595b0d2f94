"""What may come next, whatever the network thinks."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

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


class Begin:
    """Some tokens do not come first."""

    def __init__(self, ids: Iterable[int], vocab: int) -> None:
        """ids: of the tokens; vocab: how many tokens there are."""
        self._forbid: Forbid | None = Forbid(ids, vocab)

    def mask(self, streams: Sequence[int], logits_BV: np.ndarray) -> np.ndarray:
        return self._forbid.mask(streams, logits_BV) if self._forbid else logits_BV

    def took(self, streams: Sequence[int], ids_B: np.ndarray) -> None:
        self._forbid = None


def masked(logits_BV: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """The logits with what is not allowed at -inf. allowed: bool [B, V], or [V] for all streams."""
    return np.where(allowed, logits_BV, NEVER)
