"""The grammar of one bar that is filled within a tune: its length and its bar line are known."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from seqgen.music.core.key import Pitch
from seqgen.music.grammar.accidentals import MASKS, AccidentalRules
from seqgen.music.grammar.bar_automaton import (
    CLASS_IDS,
    FINAL_NOTE,
    FORBIDDEN,
    OTHER_NOTE,
    UNREACHABLE,
    BarAutomaton,
    automaton_for,
    column,
)
from seqgen.music.normal.outline import Final
from seqgen.music.normal.tokens import BAR, BARS, BODY, TICKS, TIE

FINAL_ID, OTHER_ID = CLASS_IDS[FINAL_NOTE], CLASS_IDS[OTHER_NOTE]


class Filling(NamedTuple):
    """State of a bar that is being filled.

    Attributes:
        bar: Its length in ticks.
        line: Id of the bar line that ends it.
        number: Number of the state in the bar (`seqgen.music.grammar.bar_automaton`).
        signs, last: States of the accidentals and of the last pitch
            (`seqgen.music.grammar.accidentals`).
        after: The pitch that follows the bar line, to which the last note may be tied; () for a
            rest, None if any may follow.
        final: The note that the bar ends on; None for any.
    """

    bar: int
    line: int
    number: int
    signs: int
    last: int
    after: tuple[Pitch, ...] | None
    final: Final | None


class BarFilling:
    """Which tokens fill bars, for a vocabulary and a range of notes."""

    def __init__(self, tokens: Sequence[str], lowest: int, highest: int) -> None:
        """lowest, highest: the range, in steps as in `seqgen.music.core.key.Pitch`."""
        self.tokens = tuple(tokens)
        self.accidentals = AccidentalRules(self.tokens)
        classes = {token: CLASS_IDS.get(token, CLASS_IDS[FORBIDDEN]) for token in BODY}
        classes |= dict.fromkeys(BARS, CLASS_IDS[FORBIDDEN])
        self._classes_V = np.array([classes.get(t, CLASS_IDS[FORBIDDEN]) for t in self.tokens])
        step_V = self.accidentals.step
        self._notes_V = self.accidentals.pitch & (step_V >= lowest) & (step_V <= highest)
        self._classes_V[self._notes_V] = CLASS_IDS[FINAL_NOTE]
        self._classes: dict[tuple[int, int], np.ndarray] = {}  # by key and final degree
        self._lists = self.accidentals.lists()
        self._tie = self.tokens.index(TIE)

    def context(self, ids: Iterable[int]) -> tuple[int, int]:
        """The states of accidentals and of the last pitch after the tokens of a tune."""
        context = 0, 0
        for id in ids:
            context = self.follow(context, id)
        return context

    def follow(self, context: tuple[int, int], id: int) -> tuple[int, int]:
        """The context after one more token."""
        (signs, last), lists = context, self._lists
        signs = signs & lists.keep[id] | lists.set[id] | lists.carried[last] & lists.bar[id]
        return signs, last * lists.stays[id] + lists.adds[id]

    def begin(
        self,
        bar: int,
        line: str,
        context: tuple[int, int],
        after: tuple[Pitch, ...] | None,
        final: Final | None = None,
    ) -> Filling:
        """The state at the beginning of a bar.

        Args:
            bar: Its length in ticks.
            line: The bar line that ends it.
            context: As `context` returns it, after the bar line before.
            after, final: As in `Filling`.
        """
        signs, last = context
        tied = last >= len(self.tokens)
        state = Filling(bar, self.tokens.index(line), 0, signs, last, after, final)
        if final:
            closes = tied and self._classes_of(state)[last % len(self.tokens)] == FINAL_ID
            start = _automaton(bar, final).start(bool(closes), tied)
            # A short bar, or the rest of a tied note, may have no room for such a final note.
            if _automaton(bar, final).costs[start, column(bar, True)] < UNREACHABLE:
                return state._replace(number=start)
        return state._replace(number=automaton_for(bar).start(True, tied), final=None)

    def _classes_of(self, state: Filling) -> np.ndarray:
        """The class of each token in the key of a state, int [V]."""
        if not state.final:
            return self._classes_V
        number, degree = state.signs // MASKS, state.final.degree
        if (number, degree) not in self._classes:
            key = list(self.accidentals.keys.values())[number - 1]
            classes_V = self._classes_V.copy()
            classes_V[self._notes_V & ~self.accidentals.degree(key, degree)] = OTHER_ID
            self._classes[number, degree] = classes_V
        return self._classes[number, degree]

    def allowed(self, state: Filling) -> np.ndarray:
        """Which tokens may follow so that the bar can be filled, bool [V]."""
        allowed_C, ends, may_tie = _choices(state.bar, state.final, state.number)
        allowed = allowed_C[self._classes_of(state)]
        allowed &= self.accidentals.signs[state.signs]
        allowed &= self.accidentals.ties[state.last]
        if ends:
            allowed[state.line] = True
        if may_tie and self.tokens[state.line] == BAR:
            allowed[self._tie] = state.after is None or (self.pitch(state),) == state.after
        return allowed

    def step(self, state: Filling, id: int) -> Filling:
        """The state after an allowed token other than the bar line."""
        signs, last = self.follow((state.signs, state.last), id)
        automaton = _automaton(state.bar, state.final)
        number = int(automaton.next[state.number, self._classes_of(state)[id]])
        return state._replace(number=number, signs=signs, last=last)

    def pitch(self, state: Filling) -> Pitch:
        """The last pitch."""
        rules, id = self.accidentals, state.last % len(self.tokens)
        key = list(rules.keys.values())[state.signs // MASKS - 1]
        step = int(rules.step[id])
        alter = int(rules.alter[id]) if rules.signed[id] else key.signature[step % 7]
        return Pitch(step, alter)


def _automaton(bar: int, final: Final | None) -> BarAutomaton:
    return automaton_for(bar, final.eighths * TICKS if final else 0)


@lru_cache(maxsize=4096)
def _choices(bar: int, final: Final | None, number: int) -> tuple[np.ndarray, bool, bool]:
    """The choices in a state within a bar.

    Returns:
        The token classes after which the bar can be filled without a tie over its end, bool
        [classes]; whether the bar line may follow; and whether a tie over the bar line may.
    """
    automaton = _automaton(bar, final)
    full = [column(bar, closes) for closes in ((True,) if final else (False, True))]
    reaches = automaton.costs[:, full].min(axis=1) < UNREACHABLE
    following = automaton.next[number]
    end = automaton.before_line[number]
    ends = end is not None and end.position == bar and (end.ends or not final)
    tie = int(following[CLASS_IDS[TIE]])
    over = automaton.before_line[tie] if tie < len(automaton.states) else None
    may_tie = over is not None and over.position == bar
    return reaches[following], ends, may_tie
