"""The cost-to-go: the minimum number of tokens from a state of the grammar to the end of the tune.

The costs are exact. They combine shortest paths within the bar (`bar_automaton`) with shortest
paths from bar to bar (`structure`), by backward dynamic programming.
"""

from functools import lru_cache

import numpy as np

from seqgen.music.grammar.bar_automaton import (
    END,
    SHORTEST,
    UNREACHABLE,
    automaton_for,
    closing_costs,
    column,
    fill_costs,
)
from seqgen.music.grammar.structure import BarLineMove, BarState, Stage, StructureAutomaton
from seqgen.music.normal.tokens import BAR, DOUBLE, REPEAT


class CostToGo:
    """The costs for a structure, computed on demand and cached."""

    STRIDE = 16  # bars per level of recursion

    def __init__(self, structure: StructureAutomaton) -> None:
        self.structure = structure
        self.clear()

    def clear(self) -> None:
        """Forget the costs that were computed."""
        self._costs: dict[tuple[BarState, bool, bool], int] = {}
        # Lengths of bar and pickups: by what they cost to fill, and the first that cost as much.
        self._alike: dict[tuple, tuple] = {}
        self._first: dict[tuple, tuple] = {}

    @property
    def size(self) -> int:
        """Number of the costs that were computed."""
        return len(self._costs)

    def cost(self, state: BarState, final: bool, tied: bool = False) -> int:
        """Minimum number of tokens from the start of a bar to the end of the tune, that included.

        final: whether the tune may end on the note before. tied: whether that note is tied.
        """
        key = state, final, tied
        if key not in self._costs:
            same = state if tied else self._representative(state)
            self._costs[key] = (
                self._compute(state, final, tied) if same == state else self.cost(same, final, tied)
            )
        return self._costs[key]

    def _compute(self, state: BarState, final: bool, tied: bool) -> int:
        if state.stage is Stage.ENDED:
            return 0
        if state.stage is Stage.OVER:
            return 1 if final else UNREACHABLE
        if state.stage in (Stage.START, Stage.CLOSED, Stage.REPEATED):
            return self._cost_between(state, final)
        full = fill_costs(state.bar)
        if state.ending_bars > 2 and not tied:
            # Each bar of a first ending requires one more full bar, that of the second ending. The
            # last but one may have the final note.
            others = (state.ending_bars - 2) * (full[-1] + 1)
            return others + self.cost(state._replace(ending_bars=2), final)
        if state.plan and len(state.plan) > 1 and state.left == state.plan[0].bars:
            self._compute_sections_after(state)
        if state.left is not None and state.left > self.STRIDE:
            self.cost(state._replace(left=state.left - self.STRIDE), final)
        ticks = self.structure.final_ticks(state)
        best = UNREACHABLE
        for line in self.structure.bar_lines(state):
            if tied:
                best = min(best, 1 + self._cost_tied(line, final, ticks))
            elif state.left is not None or not self._is_detour(state, line):
                best = min(best, 1 + self._cost_through(line, state.bar, final, ticks))
            elif line.token == BAR and not final:
                # Only rests may follow in the section.
                note = closing_costs(state.bar, ticks)[line.position // SHORTEST]
                if note < UNREACHABLE:
                    best = min(best, 1 + note + self.cost(line.bar_state, True))
        return best

    def _compute_sections_after(self, state: BarState) -> None:
        """Compute the costs behind a section at its first bar, which keeps the recursion short."""
        last = state._replace(stage=Stage.BODY, left=None if state.left is None else 1)
        ends = [last]
        if state.repeated:
            ends.append(last._replace(ending=2, ending_bars=1))
        for line in [line for end in ends for line in self.structure.bar_lines(end)]:
            if line.bar_state.plan != state.plan:
                self.cost(line.bar_state, True)

    def _cost_through(self, line: BarLineMove, bar: int, final: bool, ticks: int) -> int:
        """The cost of a bar's notes, and from the line that ends it to the end of the tune.

        final: as of `cost`; then the bar may have only rests. ticks: least length of a note to end
        on.
        """
        place = line.position // SHORTEST
        any_note = fill_costs(bar)[place]
        final_note = any_note if final else closing_costs(bar, ticks)[place]
        best = UNREACHABLE
        if final_note < UNREACHABLE:
            best = final_note + self.cost(line.bar_state, True)
        if any_note != final_note and not line.final:
            best = min(best, any_note + self.cost(line.bar_state, False))
        return best

    def _cost_tied(self, line: BarLineMove, final: bool, ticks: int) -> int:
        """The cost through a bar line from the start of its bar with a tie pending."""
        bar = automaton_for(line.bar_state.bar, ticks)
        costs, best = bar.tied_costs[final], UNREACHABLE
        for last in (True, False):
            path = costs[column(line.position, last)]
            # A path that is no shorter by itself need not be followed to the end.
            if path < best and (last or not line.final):
                best = min(best, path + self.cost(line.bar_state, last))
        return best

    def _representative(self, state: BarState) -> BarState:
        """A state with the same cost, which depends only on what bars and pickups cost to fill.

        Most meters and pickups so share what is computed for one of them.
        """
        if state.stage in (Stage.START, Stage.OPENING):
            return state
        own = state.bar, state.pickup, state.first_pickup, state.plan
        if own not in self._first:
            fill, end = fill_costs(state.bar), state.bar // SHORTEST
            pickups = state.pickup // SHORTEST, state.first_pickup // SHORTEST
            ticks = sorted({self.structure.final_ticks(state), *_final_ticks(state)})
            closings = [closing_costs(state.bar, each) for each in ticks if each]
            costs = (
                *ticks,
                fill[end],
                *((fill[p], fill[end - p]) for p in pickups),
                *(
                    (each[end], *(each[at] for p in pickups for at in (p, end - p)))
                    for each in closings
                ),
            )
            self._first[own] = self._alike.setdefault(costs, own)
        same = self._first[own]
        if same[:3] == own[:3]:
            return state
        return state._replace(bar=same[0], pickup=same[1], first_pickup=same[2])

    def _cost_between(self, state: BarState, final: bool) -> int:
        starts = self.structure.section_starts(state)
        if END in starts and final:
            return 1
        if state.plan is None and state.left is None and "" in starts:
            # A section without a repeat is shorter. The next one may be like this one, so that a
            # repeat would lead here again.
            starts.pop(REPEAT, None)
        final = final and not state.plan  # a planned section has a final note of its own
        costs = [
            self.cost(after, final) + (token == REPEAT)
            for token, after in starts.items()
            if token != END
        ]
        return min(costs, default=UNREACHABLE)

    def _is_detour(self, state: BarState, line: BarLineMove) -> bool:
        """Whether a line leads no nearer to the end, where the number of bars is free.

        It does not if the bar may be closed as well, or the tune ended, and no tie is pending. A
        bar before the last may yet have the final note.
        """
        if line.token == BAR:
            return state.stage is Stage.BODY and state.ending < 2
        return line.token == DOUBLE and state.plan is None

    def costs_in_bar(self, state: BarState) -> np.ndarray:
        """The cost from every state within a bar, int32 [states + 1]; the last is unreachable."""
        bar = automaton_for(state.bar, self.structure.final_ticks(state))
        after = np.full(bar.costs.shape[1], UNREACHABLE, np.int32)
        lines = self.structure.bar_lines(state)
        for line in lines:
            for final in (True,) if line.final else (True, False):
                cost = 1 + self.cost(line.bar_state, final)
                where = column(line.position, final)
                after[where] = min(after[where], cost)
        columns = np.flatnonzero(after < UNREACHABLE)
        if not len(columns):
            return np.full(len(bar.costs), UNREACHABLE, np.int32)
        costs = (bar.costs[:, columns] + after[columns]).min(axis=1)
        for line in lines:
            if line.token == BAR:
                for final, number in bar.tied_states(line.position):
                    costs[number] = min(costs[number], 1 + self.cost(line.bar_state, final, True))
        return np.minimum(costs, UNREACHABLE)


def _final_ticks(state: BarState) -> set[int]:
    return {section.final_ticks for section in state.plan or ()}


@lru_cache(maxsize=16)
def cost_to_go(
    bars: int | None = None, final_ticks: int = 0, *, same_pickup: bool = False
) -> CostToGo:
    """The costs for a `StructureAutomaton`, shared by all tunes."""
    return CostToGo(StructureAutomaton(bars, final_ticks, same_pickup=same_pickup))
