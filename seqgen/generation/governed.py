"""The grammar of tunes as a constraint: what a network writes can be played."""

from collections.abc import Iterable, Sequence

import numpy as np

from seqgen.generation.constraint import masked
from seqgen.music.grammar import Grammar, State
from seqgen.music.header import Heading

MEASURE_EVERY = 8  # steps: to weigh what is kept at each would cost as much as the grammar


class Governed:
    """Holds each stream to the grammar, from the boundary before its tune to its end.

    kept: the share of the network's probability that the grammar left it, on average over the
        steps that were measured; NaN before the first.
    """

    def __init__(
        self, grammar: Grammar, streams: Iterable[int], length: int, *, free: bool = False
    ) -> None:
        """streams: numbers of the streams. length: most tokens of each, its end included.

        free: hold them to it in the three lines of the header only.
        """
        self._grammar = grammar
        self._states: dict[int, State] = dict.fromkeys(streams, grammar.start)
        self._left = dict.fromkeys(self._states, length)
        self._free = free
        self._freed: set[int] = set()
        self._calls = 0
        self._kept = self._measured = 0.0

    @property
    def kept(self) -> float:
        return self._kept / self._measured if self._measured else float("nan")

    def mask(self, streams: Sequence[int], logits_BV: np.ndarray) -> np.ndarray:
        allowed_BV = self._allowed(streams)
        if self._freed:
            allowed_BV[[stream in self._freed for stream in streams]] = True
        self._calls += 1
        if self._calls % MEASURE_EVERY == 0:
            self._weigh(logits_BV, allowed_BV)
        return masked(logits_BV, allowed_BV)

    def took(self, stream: int, id: int) -> None:
        self._left[stream] -= 1
        if stream in self._freed:
            return
        state = self._grammar.step(self._states[stream], id)
        if self._free and not isinstance(self._grammar.spot(state), Heading):
            self._freed.add(stream)
        self._states[stream] = state

    def _allowed(self, streams: Sequence[int]) -> np.ndarray:
        if len(streams) == 1:
            (stream,) = streams
            return self._grammar.allowed(self._states[stream], self._left[stream])[None]
        states_B3 = self._grammar.states([self._states[stream] for stream in streams])
        left_B = np.array([self._left[stream] for stream in streams])
        return self._grammar.allowed_batch(states_B3, left_B)

    def _weigh(self, logits_BV: np.ndarray, allowed_BV: np.ndarray) -> None:
        mass_BV = np.exp(logits_BV - logits_BV.max(axis=1, keepdims=True))
        self._kept += float(((mass_BV * allowed_BV).sum(axis=1) / mass_BV.sum(axis=1)).sum())
        self._measured += len(logits_BV)
