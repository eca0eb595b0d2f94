"""The automaton of a tune after its header: the product of those over bars and within a bar."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from seqgen.music.grammar.bar_automaton import (
    CLASS_IDS,
    COPY,
    END,
    TOKEN_CLASSES,
    UNREACHABLE,
    BarAutomaton,
    InBarState,
    automaton_for,
)
from seqgen.music.grammar.cost_to_go import CostToGo
from seqgen.music.grammar.structure import BarLineMove, BarState, SectionPlan, Stage
from seqgen.music.normal.tokens import BAR, BARS

_LINES = frozenset((*BARS, END))
_BETWEEN_SECTIONS = frozenset((Stage.START, Stage.CLOSED, Stage.REPEATED))
_BAR_STARTS = frozenset((InBarState(0, False), InBarState(0, True)))


class GrammarState(NamedTuple):
    """State of a tune after its header.

    Attributes:
        frame: Number of the `seqgen.music.grammar.token_classes.Frame`, which says what notes the
            tune may have.
        bar_state: State of the automaton over bars.
        in_bar: Number of the state within the bar.
    """

    frame: int
    bar_state: BarState
    in_bar: int


class _BarCosts:
    """The costs and bar lines of one bar.

    lines: by position.
    """

    def __init__(self, cost_to_go: CostToGo, state: BarState) -> None:
        self._automaton = automaton_for(state.bar, cost_to_go.structure.final_ticks(state))
        # 1 + the cost-to-go of each state in the bar, [states + 1].
        self._after = 1 + cost_to_go.costs_in_bar(state)
        self._copy = {  # by whether the section may end on the note before
            final: 1 + cost_to_go.cost(state, final) if may_copy(state) else UNREACHABLE
            for final in (True, False)
        }
        self._cost = cost_to_go.cost
        self.lines: dict[int, list[BarLineMove]] = {}
        for line in cost_to_go.structure.bar_lines(state):
            self.lines.setdefault(line.position, []).append(line)

    def row(self, number: int) -> np.ndarray:
        """For a state in the bar, 1 + the cost-to-go after each token class, [classes]."""
        bar = self._automaton
        costs = self._after[bar.next[number]]
        if (now := bar.states[number]) in _BAR_STARTS:
            costs[CLASS_IDS[COPY]] = self._copy[now.final]
        if end := bar.before_line[number]:
            final = end.final if end.tied else end.ends
            for line in self.lines.get(end.position, ()):
                if line.token == BAR or not (end.tied or (line.final and not final)):
                    cost = 1 + self._cost(line.bar_state, final, end.tied)
                    costs[CLASS_IDS[line.token]] = cost
        return costs


def may_copy(state: BarState) -> bool:
    """Whether the bar may be marked as equal to one before."""
    return state.stage is Stage.BODY


class TuneAutomaton:
    """The transitions between the states of a tune, with their costs."""

    def __init__(self, cost_to_go: CostToGo) -> None:
        self._cost_to_go = cost_to_go
        self._structure = cost_to_go.structure
        self._bars: dict[BarState, _BarCosts] = {}

    def costs(self, state: GrammarState) -> np.ndarray:
        """For every token class, 1 + the cost-to-go after it; `UNREACHABLE` if it may not follow.

        The end of a finished tune may be repeated at no cost.
        """
        if state.bar_state.stage is Stage.ENDED:
            costs = np.full(len(TOKEN_CLASSES), UNREACHABLE)
            costs[CLASS_IDS[END]] = 0
            return costs
        bar = self.bar_of_next_note(state)
        if bar == state.bar_state:
            return self._bar(bar).row(state.in_bar)
        unreachable = np.full(len(TOKEN_CLASSES), UNREACHABLE)
        costs = self._bar(bar).row(state.in_bar) if bar else unreachable
        for token, after in self.bar_lines(state).items():
            in_bar = self.in_bar_state(after)
            rest = self._cost_to_go.cost(after.bar_state, in_bar.final, in_bar.tied)
            costs[CLASS_IDS[token]] = 1 + rest
        return costs

    def next_state(self, state: GrammarState, token_class: str) -> GrammarState | None:
        """The state after a token of a class; None if it may not follow at any budget."""
        bar = self.bar_of_next_note(state)
        if token_class in _LINES or not bar:
            return self.bar_lines(state).get(token_class)
        automaton = self.bar_automaton(bar)
        if token_class == COPY:
            now = automaton.states[state.in_bar]
            starts = may_copy(bar) and now in _BAR_STARTS
            return self._at_bar(state.frame, bar, now.final) if starts else None
        after = int(automaton.next[state.in_bar, CLASS_IDS[token_class]])
        return GrammarState(state.frame, bar, after) if after < len(automaton.states) else None

    def bar_lines(self, state: GrammarState) -> dict[str, GrammarState]:
        """The state after each bar line that may follow, ``|:`` and the end included."""
        bar, automaton = state.bar_state, self.bar_automaton(state.bar_state)
        final = automaton.states[state.in_bar].ends
        if bar.stage in (Stage.ENDED, Stage.OVER):
            following = {END: BarState(bar.bar, Stage.ENDED)}
        elif self.is_between_sections(state):
            following = self._structure.section_starts(bar)
        elif end := automaton.before_line[state.in_bar]:
            final = end.final if end.tied else end.ends
            return {
                line.token: self._at_bar(state.frame, line.bar_state, final, end.tied)
                for line in self._bar(bar).lines.get(end.position, ())
                if line.token == BAR or not (end.tied or (line.final and not final))
            }
        else:
            return {}
        return {
            token: self._at_bar(state.frame, after, final)
            for token, after in following.items()
            if token and (token != END or final)
        }

    def cost_of_bar(self, state: GrammarState, classes: Iterable[int]) -> int:
        """Minimum number of tokens to the end of the tune if a whole bar of notes comes next.

        classes: of the notes of the bar, without the bar line.
        """
        bar = self.bar_of_next_note(state)
        if bar is None:
            return UNREACHABLE
        automaton, number, tokens = self.bar_automaton(bar), state.in_bar, 0
        for class_id in classes:
            number, tokens = int(automaton.next[number, class_id]), tokens + 1
            if number == len(automaton.states):
                return UNREACHABLE
        end = automaton.before_line[number]
        if end is None:
            return UNREACHABLE
        final = end.final if end.tied else end.ends
        costs = [
            self._cost_to_go.cost(line.bar_state, final, end.tied)
            for line in self._bar(bar).lines.get(end.position, ())
            if line.token == BAR or not (end.tied or (line.final and not final))
        ]
        return min(tokens + 1 + min(costs, default=UNREACHABLE), UNREACHABLE)

    def bar_of_next_note(self, state: GrammarState) -> BarState | None:
        """The bar that a note would be in; None if no note may follow."""
        if state.bar_state.stage in (Stage.OVER, Stage.ENDED):
            return None
        if self.is_between_sections(state):
            return self._structure.section_starts(state.bar_state).get("")
        return state.bar_state

    @staticmethod
    def is_between_sections(state: GrammarState) -> bool:
        """Whether a section is about to begin."""
        return state.bar_state.stage in _BETWEEN_SECTIONS

    def in_bar_state(self, state: GrammarState) -> InBarState:
        """The state within the bar."""
        return self.bar_automaton(state.bar_state).states[state.in_bar]

    def bar_automaton(self, state: BarState) -> BarAutomaton:
        """The automaton within the bar."""
        return automaton_for(state.bar, self._structure.final_ticks(state))

    def start(self, frame: int, bar: int, plan: tuple[SectionPlan, ...] | None) -> GrammarState:
        """The state after the header. bar: length of a full bar in ticks."""
        return self._at_bar(frame, self._structure.start(bar, plan), False)

    def _at_bar(self, frame: int, state: BarState, final: bool, tied: bool = False) -> GrammarState:
        """The state at the beginning of a bar. final, tied: of the last note before it."""
        if state.plan and state.stage in _BETWEEN_SECTIONS:
            final = False  # a planned section has a final note of its own
        return GrammarState(frame, state, self.bar_automaton(state).start(final, tied))

    def _bar(self, state: BarState) -> _BarCosts:
        if state not in self._bars:
            self._bars[state] = _BarCosts(self._cost_to_go, state)
        return self._bars[state]
