"""Where a tune is, in its course and in the bar, and what each kind of token makes of that."""

from itertools import product
from typing import NamedTuple

import numpy as np

from seqgen.music.completion import Completion
from seqgen.music.course import Line, Point, Stage
from seqgen.music.tokens import BAR, BARS
from seqgen.music.within_bar import END, KIND, KINDS, NEVER, Moment, within_bar

LINES = frozenset((*BARS, END))


class Spot(NamedTuple):
    """Where a tune is behind its header.

    key: row of `vocabulary.kinds`; 0 where notes are alike in every key.
    point: in the tune's course. moment: its number in the bar.
    """

    key: int
    point: Point
    moment: int


class Bar:
    """What is known of all the moments of the bar at one point.

    costs: for each moment and each kind of token 1 + the fewest tokens that finish the tune behind
        it, [moments, kinds]. lines: by position.
    """

    def __init__(self, completion: Completion, point: Point) -> None:
        within = within_bar(point.bar)
        self.costs = 1 + completion.finish(point)[within.next[:-1]]
        self.lines: dict[int, list[Line]] = {}
        for line in completion.course.lines(point):
            self.lines.setdefault(line.at, []).append(line)
            for home, tied in product((False, True), (False, line.token == BAR)):
                moments = within.stopping.get((line.at, home, tied), [])
                cost = 1 + completion.begin(line.point, home, tied)
                self.costs[moments, KIND[line.token]] = cost


class Spots:
    """The ways from spot to spot."""

    def __init__(self, completion: Completion) -> None:
        self._completion = completion
        self._course = completion.course
        self._bars: dict[Point, Bar] = {}

    def costs(self, spot: Spot) -> np.ndarray:
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

    def behind(self, spot: Spot, kind: str) -> Spot | None:
        """The spot behind a kind of token, None if it may not come whatever follows."""
        point = self.bar_point(spot)
        if kind in LINES or not point:
            return self.lines(spot).get(kind)
        within = within_bar(point.bar)
        after = int(within.next[spot.moment, KIND[kind]])
        return Spot(spot.key, point, after) if after < len(within.moments) else None

    def lines(self, spot: Spot) -> dict[str, Spot]:
        """The bar lines that may come, ``|:`` and the end among them, with the spots behind."""
        point, within = spot.point, within_bar(spot.point.bar)
        home = within.moments[spot.moment].home
        if point.stage in (Stage.ENDED, Stage.OVER):
            points = {END: Point(point.bar, Stage.ENDED)}
        elif self.between(spot):
            points = self._course.openings(point)
        elif at := within.stops[spot.moment]:
            start = within.start(at.home, at.tied)
            return {
                line.token: Spot(spot.key, line.point, start)
                for line in self._bar(point).lines.get(at.at, ())
                if line.token == BAR or not at.tied
            }
        else:
            return {}
        start = within.start(home)
        return {
            token: Spot(spot.key, after, start)
            for token, after in points.items()
            if token and (token != END or home)
        }

    def bar_point(self, spot: Spot) -> Point | None:
        """The point of the bar that a note would stand in, None if none may come."""
        if spot.point.stage in (Stage.OVER, Stage.ENDED):
            return None
        return self._course.openings(spot.point).get("") if self.between(spot) else spot.point

    @staticmethod
    def between(spot: Spot) -> bool:
        """Whether it lies before a section."""
        return spot.point.stage in (Stage.START, Stage.CLOSED, Stage.REPEATED)

    @staticmethod
    def moment(spot: Spot) -> Moment:
        """Where in the bar it is."""
        return within_bar(spot.point.bar).moments[spot.moment]

    def _bar(self, point: Point) -> Bar:
        if point not in self._bars:
            self._bars[point] = Bar(self._completion, point)
        return self._bars[point]
