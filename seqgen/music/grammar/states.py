"""The automaton of a tune after its header: the product of those over bars and within a bar."""

from itertools import product
from typing import NamedTuple

import numpy as np

from seqgen.music.grammar.bar_automaton import (
    CLASS_IDS,
    END,
    TOKEN_CLASSES,
    UNREACHABLE,
    InBarState,
    automaton_for,
)
from seqgen.music.grammar.cost_to_go import CostToGo
from seqgen.music.grammar.structure import BarLineMove, BarState, Stage
from seqgen.music.normal.tokens import BAR, BARS

_LINES = frozenset((*BARS, END))


class GrammarState(NamedTuple):
    """State of a tune after its header.

    Attributes:
        key: Row of the token classes; 0 where these are the same in every key.
        bar_state: State of the automaton over bars.
        in_bar: Number of the state within the bar.
    """

    key: int
    bar_state: BarState
    in_bar: int


class _BarCosts:
    """The costs and bar lines of one bar.

    costs: for each state in the bar and each token class, 1 + the cost-to-go after it,
        [states, classes]. lines: by position.
    """

    def __init__(self, cost_to_go: CostToGo, state: BarState) -> None:
        bar = automaton_for(state.bar)
        self.costs = 1 + cost_to_go.costs_in_bar(state)[bar.next[:-1]]
        self.lines: dict[int, list[BarLineMove]] = {}
        for line in cost_to_go.structure.bar_lines(state):
            self.lines.setdefault(line.position, []).append(line)
            for final, tied in product((False, True), (False, line.token == BAR)):
                numbers = bar.by_line.get((line.position, final, tied), [])
                cost = 1 + cost_to_go.cost(line.bar_state, final, tied)
                self.costs[numbers, CLASS_IDS[line.token]] = cost


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
            return self._bar(bar).costs[state.in_bar]
        unreachable = np.full(len(TOKEN_CLASSES), UNREACHABLE)
        costs = self._bar(bar).costs[state.in_bar].copy() if bar else unreachable
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
        automaton = automaton_for(bar.bar)
        after = int(automaton.next[state.in_bar, CLASS_IDS[token_class]])
        return GrammarState(state.key, bar, after) if after < len(automaton.states) else None

    def bar_lines(self, state: GrammarState) -> dict[str, GrammarState]:
        """The state after each bar line that may follow, ``|:`` and the end included."""
        bar, automaton = state.bar_state, automaton_for(state.bar_state.bar)
        final = automaton.states[state.in_bar].final
        if bar.stage in (Stage.ENDED, Stage.OVER):
            following = {END: BarState(bar.bar, Stage.ENDED)}
        elif self.is_between_sections(state):
            following = self._structure.section_starts(bar)
        elif end := automaton.before_line[state.in_bar]:
            start = automaton.start(end.final, end.tied)
            return {
                line.token: GrammarState(state.key, line.bar_state, start)
                for line in self._bar(bar).lines.get(end.position, ())
                if line.token == BAR or not end.tied
            }
        else:
            return {}
        start = automaton.start(final)
        return {
            token: GrammarState(state.key, after, start)
            for token, after in following.items()
            if token and (token != END or final)
        }

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
        return state.bar_state.stage in (Stage.START, Stage.CLOSED, Stage.REPEATED)

    @staticmethod
    def in_bar_state(state: GrammarState) -> InBarState:
        """The state within the bar."""
        return automaton_for(state.bar_state.bar).states[state.in_bar]

    def _bar(self, state: BarState) -> _BarCosts:
        if state not in self._bars:
            self._bars[state] = _BarCosts(self._cost_to_go, state)
        return self._bars[state]
