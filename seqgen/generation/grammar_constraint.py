"""The tune grammar as a constraint: every sampled tune can be played."""

from collections.abc import Sequence

import numpy as np

from seqgen.generation.constraint import mask_logits
from seqgen.music.grammar.grammar import Grammar
from seqgen.music.grammar.header import HeaderState

MEASURE_EVERY = 8  # steps: measuring the allowed mass at each would cost as much as the grammar


class GrammarConstraint:
    """Restricts streams to the grammar, from the boundary before their tunes to the tunes' ends.

    All streams must begin at the same step; one that has ended may not be passed again.
    """

    def __init__(
        self, grammar: Grammar, streams: Sequence[int], length: int, *, header_only: bool = False
    ) -> None:
        """Begin before the header.

        Args:
            grammar: The automaton over tokens.
            streams: Indices of the streams.
            length: Largest number of tokens of each stream, including its end.
            header_only: Restrict the header lines only, not the notes.
        """
        self._grammar = grammar
        self._streams = streams
        self._states_B3 = grammar.states([grammar.start] * len(streams))
        self._single_state = grammar.start  # of a single stream: arrays would be slower
        self._remaining = length
        self._header_only = header_only
        self._released = False
        self._mass_sum = 0.0
        self._measured = 0

    @property
    def allowed_mass(self) -> float:
        """Mean probability that the model gave to allowed tokens, in [0, 1].

        Averaged over the steps that were measured; NaN before the first.
        """
        return self._mass_sum / self._measured if self._measured else float("nan")

    def process(self, streams: Sequence[int], logits_BV: np.ndarray) -> np.ndarray:
        if self._released:
            return logits_BV
        if len(streams) < len(self._streams):
            self._select(streams)
        if len(streams) == 1:
            allowed_BV = self._grammar.allowed(self._single_state, self._remaining)[None]
        else:
            remaining_B = np.full(len(streams), self._remaining)
            allowed_BV = self._grammar.allowed_batch(self._states_B3, remaining_B)
        if self._remaining % MEASURE_EVERY == 0:
            self._measure(logits_BV, allowed_BV)
        return mask_logits(logits_BV, allowed_BV)

    def accept(self, streams: Sequence[int], ids_B: np.ndarray) -> None:
        if self._released:
            return
        self._remaining -= 1
        if len(streams) == 1:
            self._single_state = self._grammar.step(self._single_state, int(ids_B[0]))
        else:
            self._states_B3 = self._grammar.step_batch(self._states_B3, ids_B)
            self._single_state = tuple(self._states_B3[0].tolist())
        in_header = isinstance(self._grammar.tune_state(self._single_state), HeaderState)
        self._released = self._header_only and not in_header

    def _select(self, streams: Sequence[int]) -> None:
        """Continue with a subset of the streams."""
        rows = [self._streams.index(stream) for stream in streams]
        self._streams, self._states_B3 = streams, self._states_B3[rows]
        self._single_state = tuple(self._states_B3[0].tolist())

    def _measure(self, logits_BV: np.ndarray, allowed_BV: np.ndarray) -> None:
        mass_BV = np.exp(logits_BV - logits_BV.max(axis=1, keepdims=True))
        allowed_mass_B = (mass_BV * allowed_BV).sum(axis=1) / mass_BV.sum(axis=1)
        self._mass_sum += float(allowed_mass_B.sum())
        self._measured += len(logits_BV)
