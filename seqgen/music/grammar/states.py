"""Where a tune is, in its course and in the bar, and what each kind of token makes of that."""

from itertools import product
from typing import NamedTuple

import numpy as np

from seqgen.music.grammar.bar_automaton import END, KIND, KINDS, NEVER, InBarState, within_bar
from seqgen.music.grammar.cost_to_go import CostToGo
from seqgen.music.grammar.structure import BarLineMove, BarState, Stage
from seqgen.music.normal.tokens import BAR, BARS

LINES = frozenset((*BARS, END))


class GrammarState(NamedTuple):
    """Where a tune is behind its header.

    key: row of `vocabulary.kinds`; 0 where notes are alike in every key.
    point: in the tune's course. moment: its number in the bar.
    """

    key: int
    point: BarState
    moment: int


class Bar:
    """What is known of all the moments of the bar at one point.

    costs: for each moment and each kind of token 1 + the fewest tokens that finish the tune behind
        it, [moments, kinds]. lines: by position.
    """

    def __init__(self, completion: CostToGo, point: BarState) -> None:
        within = within_bar(point.bar)
        self.costs = 1 + completion.finish(point)[within.next[:-1]]
        self.lines: dict[int, list[BarLineMove]] = {}
        for line in completion.course.lines(point):
            self.lines.setdefault(line.at, []).append(line)
            for home, tied in product((False, True), (False, line.token == BAR)):
                moments = within.stopping.get((line.at, home, tied), [])
                cost = 1 + completion.begin(line.point, home, tied)
                self.costs[moments, KIND[line.token]] = cost


class GrammarStates:
    """The ways from spot to spot."""

    def __init__(self, completion: CostToGo) -> None:
        self._completion = completion
        self._course = completion.course
        self._bars: dict[BarState, Bar] = {}

    def costs(self, spot: GrammarState) -> np.ndarray:
        """For every kind of token 1 + the fewest tokens that finish the tune behind it.

        An ended tune may be ended again at no cost. `NEVER` for what may not come.
        """
        if spot.point.stage is Stage.ENDED:
            costs = np.full(len(KINDS), NEVER)
            costs[KIND[END]] = 0
            return costs
        point = self.bar_point(spot)
        if point == spot.point:
            return self._bar(point).costs[spot.moment]
        never = np.full(len(KINDS), NEVER)
        costs = self._bar(point).costs[spot.moment].copy() if point else never
        for token, behind in self.lines(spot).items():
            moment = self.moment(behind)
            rest = self._completion.begin(behind.point, moment.home, moment.tied)
            costs[KIND[token]] = 1 + rest
        return costs

    def next_state(self, spot: GrammarState, kind: str) -> GrammarState | None:
        """The spot behind a kind of token, None if it may not come whatever follows."""
        point = self.bar_point(spot)
        if kind in LINES or not point:
            return self.lines(spot).get(kind)
        within = within_bar(point.bar)
        after = int(within.next[spot.moment, KIND[kind]])
        return GrammarState(spot.key, point, after) if after < len(within.moments) else None

    def lines(self, spot: GrammarState) -> dict[str, GrammarState]:
        """The bar lines that may come, ``|:`` and the end among them, with the spots behind."""
        point, within = spot.point, within_bar(spot.point.bar)
        home = within.moments[spot.moment].home
        if point.stage in (Stage.ENDED, Stage.OVER):
            points = {END: BarState(point.bar, Stage.ENDED)}
        elif self.between(spot):
            points = self._course.openings(point)
        elif at := within.stops[spot.moment]:
            start = within.start(at.home, at.tied)
            return {
                line.token: GrammarState(spot.key, line.point, start)
                for line in self._bar(point).lines.get(at.at, ())
                if line.token == BAR or not at.tied
            }
        else:
            return {}
        start = within.start(home)
        return {
            token: GrammarState(spot.key, after, start)
            for token, after in points.items()
            if token and (token != END or home)
        }

    def bar_point(self, spot: GrammarState) -> BarState | None:
        """The point of the bar that a note would stand in, None if none may come."""
        if spot.point.stage in (Stage.OVER, Stage.ENDED):
            return None
        return self._course.openings(spot.point).get("") if self.between(spot) else spot.point

    @staticmethod
    def between(spot: GrammarState) -> bool:
        """Whether it lies before a section."""
        return spot.point.stage in (Stage.START, Stage.CLOSED, Stage.REPEATED)

    @staticmethod
    def moment(spot: GrammarState) -> InBarState:
        """Where in the bar it is."""
        return within_bar(spot.point.bar).moments[spot.moment]

    def _bar(self, point: BarState) -> Bar:
        if point not in self._bars:
            self._bars[point] = Bar(self._completion, point)
        return self._bars[point]
