"""The grammar of tunes as a constraint: what a network writes can be played."""

from collections.abc import Sequence

import numpy as np

from seqgen.generation.constraint import masked
from seqgen.music.grammar.grammar import Grammar
from seqgen.music.grammar.header import Heading

MEASURE_EVERY = 8  # steps: to weigh what is kept at each would cost as much as the grammar


class GrammarConstraint:
    """Holds streams to the grammar, from the boundary before their tunes to the ends of these.

    All begin together; one that has ended is not asked for again.

    kept: the share of the network's probability that the grammar left it, on average over the
        steps that were measured; NaN before the first.
    """

    def __init__(
        self, grammar: Grammar, streams: Sequence[int], length: int, *, free: bool = False
    ) -> None:
        """streams: numbers of the streams. length: most tokens of each, its end included.

        free: hold them to it in the lines of the header only.
        """
        self._grammar = grammar
        self._streams = streams
        self._states_B3 = grammar.states([grammar.start] * len(streams))
        self._alone = grammar.start  # the state of a single stream: arrays would be slower
        self._left = length
        self._free = free
        self._freed = False
        self._kept = self._measured = 0.0

    @property
    def kept(self) -> float:
        return self._kept / self._measured if self._measured else float("nan")

    def mask(self, streams: Sequence[int], logits_BV: np.ndarray) -> np.ndarray:
        if self._freed:
            return logits_BV
        if len(streams) < len(self._streams):
            self._keep(streams)
        if len(streams) == 1:
            allowed_BV = self._grammar.allowed(self._alone, self._left)[None]
        else:
            left_B = np.full(len(streams), self._left)
            allowed_BV = self._grammar.allowed_batch(self._states_B3, left_B)
        if self._left % MEASURE_EVERY == 0:
            self._weigh(logits_BV, allowed_BV)
        return masked(logits_BV, allowed_BV)

    def took(self, streams: Sequence[int], ids_B: np.ndarray) -> None:
        if self._freed:
            return
        self._left -= 1
        if len(streams) == 1:
            self._alone = self._grammar.step(self._alone, int(ids_B[0]))
        else:
            self._states_B3 = self._grammar.step_batch(self._states_B3, ids_B)
            self._alone = tuple(self._states_B3[0].tolist())
        self._freed = self._free and not isinstance(self._grammar.spot(self._alone), Heading)

    def _keep(self, streams: Sequence[int]) -> None:
        """Go on with these streams only."""
        rows = [self._streams.index(stream) for stream in streams]
        self._streams, self._states_B3 = streams, self._states_B3[rows]
        self._alone = tuple(self._states_B3[0].tolist())

    def _weigh(self, logits_BV: np.ndarray, allowed_BV: np.ndarray) -> None:
        mass_BV = np.exp(logits_BV - logits_BV.max(axis=1, keepdims=True))
        self._kept += float(((mass_BV * allowed_BV).sum(axis=1) / mass_BV.sum(axis=1)).sum())
        self._measured += len(logits_BV)
