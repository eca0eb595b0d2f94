"""How soon a tune can be finished: the fewest tokens from each moment of each bar to its end.

The costs are exact: shortest ways within the bar (`within_bar`) put together with shortest ways
from bar to bar, over all that `course` allows.
"""

from functools import lru_cache

import numpy as np

from seqgen.music.grammar.bar_automaton import END, NEVER, SHORTEST, column, fill, within_bar
from seqgen.music.grammar.spec import TuneSpec
from seqgen.music.grammar.structure import BarLineMove, BarState, Stage, StructureAutomaton
from seqgen.music.normal.tokens import BAR, DOUBLE, REPEAT


class CostToGo:
    """The costs of a course, found out when they are asked for, and kept."""

    STRIDE = 16  # bars that a recursion goes down at once

    def __init__(self, course: StructureAutomaton) -> None:
        self.course = course
        self._begin: dict[tuple[BarState, bool, bool], int] = {}
        # Lengths of bar and pickups: by what they cost to fill, and the first that cost as much.
        self._alike: dict[tuple, tuple[int, int, int]] = {}
        self._first: dict[tuple[int, int, int], tuple[int, int, int]] = {}

    def begin(self, point: BarState, home: bool, tied: bool = False) -> int:
        """Fewest tokens that finish the tune from the beginning of a point on, its end included.

        home: the tune may end on the note before. tied: that note is tied to the next one.
        """
        key = point, home, tied
        if key not in self._begin:
            like = point if tied else self._like(point)
            self._begin[key] = (
                self._cheapest(point, home, tied) if like == point else self.begin(like, home, tied)
            )
        return self._begin[key]

    def _cheapest(self, point: BarState, home: bool, tied: bool) -> int:
        if point.stage is Stage.ENDED:
            return 0
        if point.stage is Stage.OVER:
            return 1 if home else NEVER
        if point.stage in (Stage.START, Stage.CLOSED, Stage.REPEATED):
            return self._cheapest_between(point, home)
        full = fill(point.bar)
        if point.ending_bars > 1 and not tied:
            # Each bar of a first ending asks for one more full bar, that of the second ending.
            others = (point.ending_bars - 1) * (full[-1] + 1)
            return others + self.begin(point._replace(ending_bars=1), home)
        if point.left is not None and point.left > self.STRIDE:
            self.begin(point._replace(left=point.left - self.STRIDE), home)
        best = NEVER
        for line in self.course.lines(point):
            if tied:
                best = min(best, 1 + self._cheapest_tied(line, home))
            # At least one note is said in the bar, so the last one may be a note to end on.
            elif point.left is not None or not self._leads_back(point, line):
                cost = full[line.at // SHORTEST] + 1 + self.begin(line.point, True)
                best = min(best, cost)
        return best

    def _cheapest_tied(self, line: BarLineMove, home: bool) -> int:
        """Fewest tokens up to a line and from there on, from a bar's start with a tie pending."""
        tokens, best = within_bar(line.point.bar).tied[home], NEVER
        for last in (True, False):
            way = tokens[column(line.at, last)]
            # What is no shorter by itself need not be followed to the end.
            if way < best:
                best = min(best, way + self.begin(line.point, last))
        return best

    def _like(self, point: BarState) -> BarState:
        """A point from where on the tune costs as much: only how bars are filled tells it.

        So most meters and pickups share what was found out for one of them.
        """
        if point.stage in (Stage.START, Stage.OPENING):
            return point
        own = point.bar, point.pickup, point.first_pickup
        if own not in self._first:
            tokens, end = fill(point.bar), point.bar // SHORTEST
            pickups = point.pickup // SHORTEST, point.first_pickup // SHORTEST
            costs = (tokens[end], *((tokens[p], tokens[end - p]) for p in pickups))
            self._first[own] = self._alike.setdefault(costs, own)
        like = self._first[own]
        if like == own:
            return point
        return point._replace(bar=like[0], pickup=like[1], first_pickup=like[2])

    def _cheapest_between(self, point: BarState, home: bool) -> int:
        openings = self.course.openings(point)
        if END in openings and home:
            return 1
        costs = [
            self.begin(after, home) + (token == REPEAT)
            for token, after in openings.items()
            if token != END
        ]
        return min(costs, default=NEVER)

    def _leads_back(self, point: BarState, line: BarLineMove) -> bool:
        """Whether a line, with any number of bars to come, leads no nearer to the end.

        It does if the bar may be closed as well, or the tune ended, and no tie is pending.
        """
        if line.token == BAR:
            return point.stage is Stage.BODY and point.ending < 2
        return line.token == DOUBLE and not self.course.form

    def finish(self, point: BarState) -> np.ndarray:
        """Fewest tokens from each moment of the bar at a point to the tune's end.

        Returns int32 [moments + 1], the last one `NEVER`.
        """
        bar = within_bar(point.bar)
        behind = np.full(bar.tokens.shape[1], NEVER, np.int32)
        lines = self.course.lines(point)
        for line in lines:
            for home in (True, False):
                cost = 1 + self.begin(line.point, home)
                where = column(line.at, home)
                behind[where] = min(behind[where], cost)
        columns = np.flatnonzero(behind < NEVER)
        if not len(columns):
            return np.full(len(bar.tokens), NEVER, np.int32)
        costs = (bar.tokens[:, columns] + behind[columns]).min(axis=1)
        for line in lines:
            if line.token == BAR:
                for home, number in bar.tied_at(line.at):
                    costs[number] = min(costs[number], 1 + self.begin(line.point, home, True))
        return np.minimum(costs, NEVER)


def completion(wish: TuneSpec) -> CostToGo:
    """The costs of tunes as asked for; what was found out is kept for the next grammar."""
    return of_course(wish.sections, wish.section_bars if wish.form else wish.bars)


@lru_cache(maxsize=16)
def of_course(form: tuple[bool, ...], bars: int | None) -> CostToGo:
    return CostToGo(StructureAutomaton(form, bars))
