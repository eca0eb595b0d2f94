"""The tune grammar as a constraint: every sampled tune can be played, and is as requested."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from seqgen.generation.constraint import NEG_INF, mask_logits
from seqgen.generation.section_copies import SectionCopies
from seqgen.music.grammar.grammar import Grammar, State
from seqgen.music.grammar.header import HeaderState
from seqgen.music.normal.position_features import PositionTracker
from seqgen.music.normal.tokens import BARS, COPIES, TIE

MEASURE_EVERY = 8  # steps: measuring the allowed mass at each would cost as much as the grammar
MAX_TOKENS = 10**6  # a budget that excludes nothing
MAX_STATES = 20_000  # of the grammar that are kept for the next batch, about 60 MB


@dataclass
class TuneProgress:
    """What is known of a tune while it is generated.

    Attributes:
        positions: Position of the next token, and the bars so far.
        copies: What a requested form or refrain lets return; None if nothing does.
    """

    positions: PositionTracker
    copies: SectionCopies | None = None


class GrammarConstraint:
    """Restricts streams to the grammar, from the boundary before their tunes to the tunes' ends.

    The notes after a copy mark are those of the bar that it names. What the header announces and
    which bars return is chosen at temperature 1, whatever the temperature of the notes: sharpened,
    tunes would all have the same form and repeat the same bars.

    All streams must begin at the same step; one that has ended may not be passed again.
    """

    def __init__(
        self,
        grammar: Grammar,
        tunes: Mapping[int, TuneProgress],
        length: int,
        *,
        temperature: float = 1.0,
    ) -> None:
        """Begin before the header.

        Args:
            grammar: The automaton over tokens.
            tunes: The tune of each stream by its index; their positions must be those after the
                latest token at each `process`.
            length: Largest number of tokens of each stream, including its end.
            temperature: Temperature by which the logits will be divided.
        """
        if grammar.size > MAX_STATES:
            grammar.clear()
        self._grammar = grammar
        self._tunes = tunes
        self._streams: Sequence[int] = list(tunes)
        self._states_B3 = grammar.states([grammar.start] * len(tunes))
        self._single_state = grammar.start  # of a single stream: arrays would be slower
        self._remaining = length
        self._temperature = temperature
        ids = {token: id for id, token in enumerate(grammar.tokens)}
        self._copy_ids = {ids[mark]: COPIES[mark] for mark in COPIES if mark in ids}
        self._copy_list = list(self._copy_ids)
        self._bar_lines = [ids[line] for line in BARS]
        self._tie = ids[TIE]
        self._mass_sum = 0.0
        self._measured = 0

    @property
    def allowed_mass(self) -> float:
        """Mean probability that the model gave to allowed tokens, in [0, 1].

        Averaged over the steps that were measured; NaN before the first.
        """
        return self._mass_sum / self._measured if self._measured else float("nan")

    def process(self, streams: Sequence[int], logits_BV: np.ndarray) -> np.ndarray:
        if len(streams) < len(self._streams):
            self._select(streams)
        if len(streams) == 1:
            allowed_BV = self._grammar.allowed(self._single_state, self._remaining)[None]
        else:
            remaining_B = np.full(len(streams), self._remaining)
            allowed_BV = self._grammar.allowed_batch(self._states_B3, remaining_B)
        if self._remaining % MEASURE_EVERY == 0:
            self._measure(logits_BV, allowed_BV)
        states = self._states()
        # Without copy marks in the vocabulary, of no token.
        copying_B = np.any(allowed_BV[:, self._copy_list], axis=1).tolist()
        for row, (stream, state) in enumerate(zip(streams, states, strict=True)):
            if copying_B[row]:
                self._forbid_copies(self._tunes[stream], state, allowed_BV[row])
            self._keep_returning(self._tunes[stream], state, allowed_BV[row])
        masked_BV = mask_logits(logits_BV, allowed_BV)
        for row, state in enumerate(states):
            if self._in_header(state):
                masked_BV[row] *= np.float32(self._temperature or 1.0)
            elif copying_B[row]:
                self._keep_share_of_copies(masked_BV[row])
        return masked_BV

    def accept(self, streams: Sequence[int], ids_B: np.ndarray) -> None:
        self._remaining -= 1
        for stream, state, id in zip(streams, self._states(), ids_B.tolist(), strict=True):
            copies = self._tunes[stream].copies
            if copies is not None and not self._in_header(state):
                copies.push(id)
        if len(streams) == 1:
            self._single_state = self._grammar.step(self._single_state, int(ids_B[0]))
        else:
            self._states_B3 = self._grammar.step_batch(self._states_B3, ids_B)
            self._single_state = tuple(self._states_B3[0].tolist())

    def _states(self) -> list[State]:
        if len(self._streams) == 1:
            return [self._single_state]
        return [(number, signs, last) for number, signs, last in self._states_B3.tolist()]

    def _in_header(self, state: State) -> bool:
        return isinstance(self._grammar.tune_state(state), HeaderState)

    def _select(self, streams: Sequence[int]) -> None:
        """Continue with a subset of the streams."""
        rows = [self._streams.index(stream) for stream in streams]
        self._streams, self._states_B3 = list(streams), self._states_B3[rows]
        self._single_state = tuple(self._states_B3[0].tolist())

    def _forbid_copies(self, tune: TuneProgress, state: State, allowed_V: np.ndarray) -> None:
        """Forbid the copy marks of bars that there are not, or that have no place here."""
        bars = tune.positions.copies()
        checked: dict[tuple[int, ...], bool] = {}
        for id, distance in self._copy_ids.items():
            notes = bars.get(distance, ())
            if notes not in checked:
                after = self._grammar.step(state, id) if notes else state
                left = self._remaining - 1
                checked[notes] = bool(notes) and self._grammar.can_copy(after, notes, left)
                allowed_V[id] &= checked[notes]
            else:
                allowed_V[id] = False  # the mark of the bar is the first of its distances

    def _keep_returning(self, tune: TuneProgress, state: State, allowed_V: np.ndarray) -> None:
        """Allow only the token that must come next because a bar returns, if there is one."""
        ids = [tune.positions.copied] if tune.positions.copied else []
        ends = tune.positions.copy_ends
        tune_state = self._grammar.tune_state(state)
        if not ids and tune.copies is not None and not isinstance(tune_state, HeaderState):
            bar, copies = tune_state.bar_state, tune.copies
            left = bar.ending_bars if bar.ending == 2 else bar.left
            last = bar.plan is not None and len(bar.plan) == 1
            ids, ends = copies.returning(left, last), ends or copies.ends
            if ids and copies.at_bar and not self._fits(state, ids):
                copies.skip()
                ids = []
            if copies.precedes_refrain(left, last):
                allowed_V[self._tie] = False  # into the refrain
        if ends:
            kept = self._bar_lines
        elif ids:
            kept = ids[:1]
        else:
            return
        still_V = np.zeros_like(allowed_V)
        still_V[kept] = allowed_V[kept]
        if still_V.any():
            allowed_V[:] = still_V

    def _fits(self, state: State, ids: Sequence[int]) -> bool:
        """Whether the notes of a bar, or of all bars of a section, may come next."""
        return self._grammar.can_follow(state, ids, self._remaining)

    def _keep_share_of_copies(self, logits_V: np.ndarray) -> None:
        """Change the logits so that the temperature leaves the probability of copies as it is."""
        finite_V = np.isfinite(logits_V)
        copies_V = np.zeros(len(logits_V), bool)
        copies_V[self._copy_list] = finite_V[self._copy_list]
        others_V = finite_V & ~copies_V
        if not copies_V.any() or not others_V.any():
            return
        copies, others = _log_sum(logits_V[copies_V]), _log_sum(logits_V[others_V])
        if not self._temperature:
            logits_V[others_V if copies > others else copies_V] = NEG_INF
            return
        temperature = self._temperature
        sharpened = _log_sum(logits_V[others_V] / temperature)
        logits_V[copies_V] *= temperature
        logits_V[others_V] += temperature * (others - sharpened)

    def _measure(self, logits_BV: np.ndarray, allowed_BV: np.ndarray) -> None:
        mass_BV = np.exp(logits_BV - logits_BV.max(axis=1, keepdims=True))
        allowed_mass_B = (mass_BV * allowed_BV).sum(axis=1) / mass_BV.sum(axis=1)
        self._mass_sum += float(allowed_mass_B.sum())
        self._measured += len(logits_BV)


class HeaderConstraint:
    """Restricts only the header lines of tunes to the grammar, not their notes."""

    def __init__(self, grammar: Grammar, streams: Sequence[int]) -> None:
        """Begin before the header."""
        self._grammar = grammar
        self._states = dict.fromkeys(streams, grammar.start)  # of those in the header

    def process(self, streams: Sequence[int], logits_BV: np.ndarray) -> np.ndarray:
        allowed_BV = np.ones(logits_BV.shape, bool)
        for row, stream in enumerate(streams):
            if stream in self._states:
                allowed_BV[row] = self._grammar.allowed(self._states[stream], MAX_TOKENS)
        return mask_logits(logits_BV, allowed_BV)

    def accept(self, streams: Sequence[int], ids_B: np.ndarray) -> None:
        for stream, id in zip(streams, ids_B.tolist(), strict=True):
            if stream in self._states:
                state = self._states[stream] = self._grammar.step(self._states[stream], id)
                if not isinstance(self._grammar.tune_state(state), HeaderState):
                    del self._states[stream]


def _log_sum(logits: np.ndarray) -> np.float32:
    """The logarithm of the sum of exponentials."""
    highest = logits.max()
    return highest + np.log(np.exp(logits - highest).sum())
