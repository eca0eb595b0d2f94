"""A tune's course: its sections, repeats, endings and pickups, and how soon it can be finished."""

from enum import Enum
from typing import NamedTuple

import numpy as np

from seqgen.music.tokens import BAR, CLOSE, DOUBLE, FINAL, FIRST, REPEAT, SECOND
from seqgen.music.wish import Wish
from seqgen.music.within_bar import END, NEVER, SHORTEST, column, fill, within_bar


class Stage(Enum):
    """What a point in a tune is: a bar, or a point between two bars."""

    START = "before the first section"
    OPENING = "the tune's first bar, which may be a pickup"
    PICKUP = "the pickup that the section before has left room for"
    BODY = "a bar"
    CLOSED = "behind ||"
    REPEATED = "behind :|"
    OVER = "behind |]"
    ENDED = "the tune has ended"


class Point(NamedTuple):
    """Where in a tune a bar stands. Fields that no later rule asks for keep their default.

    bar: length of a full bar in ticks.
    section: number of the section, if a form is asked for.
    repeated: the section was opened with ``|:``, or ``|:`` came after a lead-in.
    pickup: of this section, in ticks; between sections the one that the next must have.
    first_pickup: of the tune.
    ending: 0, or 1 or 2 inside of that ending.
    ending_bars: the ending's bars with this one; in the second ending those that are left.
    left: bars to be written with this one, in the section where a form is asked for, else in the
        tune; in a second ending, which is not counted, those behind it. None for any number.
    """

    bar: int
    stage: Stage
    section: int = 0
    repeated: bool = False
    pickup: int = 0
    first_pickup: int = 0
    ending: int = 0
    ending_bars: int = 0
    left: int | None = None


class Line(NamedTuple):
    """A bar line that may come: at which position of the bar, and the point behind it."""

    at: int
    token: str
    point: Point


class Course:
    """The rules between bars, under the conditions of a wish."""

    STRIDE = 16  # bars that a recursion goes down at once

    def __init__(self, wish: Wish) -> None:
        self.form = wish.sections
        self.bars = wish.section_bars if self.form else wish.bars
        self._begin: dict[tuple[Point, bool, bool], int] = {}
        self._alike: dict[tuple, tuple[int, int, int]] = {}

    def start(self, bar: int) -> Point:
        """The point behind the header. bar: length of a full bar in ticks."""
        return Point(bar, Stage.START, left=self.bars)

    def openings(self, point: Point) -> dict[str, Point]:
        """The places behind what may come between sections: ``|:``, the end, and "".

        "" stands for a plain section, which has no token of its own.
        """
        found: dict[str, Point] = {}
        if point.stage is Stage.START:
            first = point._replace(stage=Stage.OPENING)
            if self.repeats(point.section, True):
                found[REPEAT] = first._replace(repeated=True)
            # Where a repeated section is asked for this must become a lead-in, see `lines`.
            return found | {"": first}
        if point.stage is Stage.REPEATED and self.may_end(point.section - 1, point.left):
            found[END] = Point(point.bar, Stage.ENDED)
        if self.may_go_on(point.section - 1, point.left):
            stage = Stage.PICKUP if point.pickup else Stage.BODY
            first = point._replace(stage=stage, repeated=False)
            if self.repeats(point.section, True):
                found[REPEAT] = first._replace(repeated=True)
            if self.repeats(point.section, False):
                found[""] = first
        return found

    def repeats(self, section: int, repeated: bool) -> bool:
        """Whether a section may be repeated, or plain."""
        return not self.form or self.form[section] == repeated

    def may_end(self, section: int, left: int | None) -> bool:
        """Whether the tune may end behind this section. left: bars that are then to be written."""
        if self.form:
            return section == len(self.form) - 1
        return not left

    def may_go_on(self, section: int, left: int | None) -> bool:
        """Whether a section may follow this one. left: bars that are then to be written."""
        if self.form:
            return section < len(self.form) - 1
        return left is None or left > 0

    def lines(self, point: Point) -> list[Line]:
        """The bar lines that may end the bar at this point."""
        bar = point.bar
        if point.stage is Stage.PICKUP:
            return [Line(point.pickup, BAR, point._replace(stage=Stage.BODY))]
        if point.stage is Stage.OPENING:
            return [*self.first_pickups(point), *self.lines(point._replace(stage=Stage.BODY))]
        if point.stage is not Stage.BODY or not self.repeats(point.section, point.repeated):
            return []
        found: list[Line] = []
        if point.ending == 2:
            if point.ending_bars > 1:
                return [Line(bar, BAR, point._replace(ending_bars=point.ending_bars - 1))]
            for rest in sorted({0, point.pickup, point.first_pickup}):
                found += self.closings(point, rest, point.left)
            return found
        after = None if point.left is None else point.left - 1
        if after is None or after > 0:
            ending_bars = point.ending_bars + 1 if point.ending else 0
            found.append(Line(bar, BAR, point._replace(left=after, ending_bars=ending_bars)))
            if point.repeated and not point.ending:
                found.append(Line(bar, FIRST, point._replace(left=after, ending=1, ending_bars=1)))
        if self.form and after:
            return found
        if point.ending == 1:
            found.append(Line(bar - point.pickup, SECOND, point._replace(left=after, ending=2)))
        elif point.repeated:
            behind = self.behind(point, Stage.REPEATED, point.pickup, after)
            found.append(Line(bar - point.pickup, CLOSE, behind))
        else:
            for rest in sorted({0, point.pickup}):
                found += self.closings(point, rest, after)
        return found

    def first_pickups(self, point: Point) -> list[Line]:
        """The lines that make the tune's first bar a pickup, or a lead-in before a repeat."""
        found: list[Line] = []
        for at in range(SHORTEST, point.bar, SHORTEST):
            after = point._replace(stage=Stage.BODY, first_pickup=at)
            if self.repeats(point.section, point.repeated):
                found.append(Line(at, BAR, after._replace(pickup=at)))
            if not point.repeated and self.repeats(point.section, True):
                # The lead-in is not repeated, so the section's own bars are all full.
                found.append(Line(at, REPEAT, after._replace(repeated=True)))
        return found

    def closings(self, point: Point, rest: int, left: int | None) -> list[Line]:
        """The lines behind a plain section or a second ending that ends ``rest`` ticks early."""
        found = []
        if self.may_go_on(point.section, left):
            behind = self.behind(point, Stage.CLOSED, rest, left)
            found.append(Line(point.bar - rest, DOUBLE, behind))
        if self.may_end(point.section, left):
            found.append(Line(point.bar - rest, FINAL, Point(point.bar, Stage.OVER)))
        return found

    def behind(self, point: Point, stage: Stage, owed: int, left: int | None) -> Point:
        """The point between a section and the next one, which owes it a pickup."""
        return Point(
            point.bar,
            stage,
            section=point.section + 1 if self.form else 0,
            pickup=owed,
            first_pickup=point.first_pickup,
            left=self.bars if self.form else left,
        )

    def begin(self, point: Point, home: bool, tied: bool = False) -> int:
        """Fewest tokens that finish the tune from the beginning of a point on, its end included.

        home: the tune may end on the note before. tied: that note is tied to the next one.
        """
        key = point, home, tied
        if key not in self._begin:
            like = point if tied else self._like(point)
            known = self._begin.get((like, home, tied))
            self._begin[key] = self._cheapest(like, home, tied) if known is None else known
        return self._begin[key]

    def _cheapest(self, point: Point, home: bool, tied: bool) -> int:
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
        for line in self.lines(point):
            if tied:
                best = min(best, 1 + self._cheapest_tied(line, home))
            # At least one note is said in the bar, so the last one may be a note to end on.
            elif point.left is not None or not self._leads_back(point, line):
                cost = full[line.at // SHORTEST] + 1 + self.begin(line.point, True)
                best = min(best, cost)
        return best

    def _cheapest_tied(self, line: Line, home: bool) -> int:
        """Fewest tokens up to a line and from there on, from a bar's start with a tie pending."""
        bar = within_bar(line.point.bar)
        tokens = bar.tokens[bar.start(home, tied=True)]
        ways = ((int(tokens[column(line.at, last)]), last) for last in (True, False))
        costs = [way + self.begin(line.point, last) for way, last in ways if way < NEVER]
        return min(costs, default=NEVER)

    def _like(self, point: Point) -> Point:
        """A point from where on the tune costs as much: only how bars are filled tells it.

        So most meters and pickups share what was found out for one of them.
        """
        if point.stage in (Stage.START, Stage.OPENING):
            return point
        tokens, end = fill(point.bar), point.bar // SHORTEST
        pickups = point.pickup // SHORTEST, point.first_pickup // SHORTEST
        costs = (tokens[end], *((tokens[p], tokens[end - p]) for p in pickups))
        bar, pickup, first_pickup = self._alike.setdefault(
            costs, (point.bar, point.pickup, point.first_pickup)
        )
        return point._replace(bar=bar, pickup=pickup, first_pickup=first_pickup)

    def _cheapest_between(self, point: Point, home: bool) -> int:
        openings = self.openings(point)
        if END in openings and home:
            return 1
        costs = [
            self.begin(after, home) + (token == REPEAT)
            for token, after in openings.items()
            if token != END
        ]
        return min(costs, default=NEVER)

    def _leads_back(self, point: Point, line: Line) -> bool:
        """Whether a line, with any number of bars to come, leads no nearer to the end.

        It does if the bar may be closed as well, or the tune ended, and no tie is pending.
        """
        if line.token == BAR:
            return point.stage is Stage.BODY and point.ending < 2
        return line.token == DOUBLE and not self.form

    def finish(self, point: Point) -> np.ndarray:
        """Fewest tokens from each moment of the bar at a point to the tune's end.

        Returns int32 [moments + 1], the last one `NEVER`.
        """
        bar = within_bar(point.bar)
        behind = np.full(bar.tokens.shape[1], NEVER, np.int32)
        lines = self.lines(point)
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
