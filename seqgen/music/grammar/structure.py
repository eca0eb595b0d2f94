"""A tune's course: which bar lines may come where, with its sections, repeats, endings, pickups."""

from enum import IntEnum
from typing import NamedTuple

from seqgen.music.grammar.bar_automaton import END, SHORTEST
from seqgen.music.normal.tokens import BAR, CLOSE, DOUBLE, FINAL, FIRST, REPEAT, SECOND


class Stage(IntEnum):
    """What a point in a tune is: a bar, or between two bars."""

    START = 0  # before the first section
    OPENING = 1  # the tune's first bar, which may be a pickup
    PICKUP = 2  # the pickup that the section before has left room for
    BODY = 3  # any other bar
    CLOSED = 4  # behind ||
    REPEATED = 5  # behind :|
    OVER = 6  # behind |]
    ENDED = 7


class BarState(NamedTuple):
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


class BarLineMove(NamedTuple):
    """A bar line that may come: at which position of the bar, and the point behind it."""

    at: int
    token: str
    point: BarState


class StructureAutomaton:
    """The rules between bars, for a form and a number of bars that are asked for."""

    def __init__(self, form: tuple[bool, ...], bars: int | None) -> None:
        """form: as in `TuneSpec.sections`.

        bars: of each section if there is a form, else of the tune; None for any number.
        """
        self.form = form
        self.bars = bars

    def start(self, bar: int) -> BarState:
        """The point behind the header. bar: length of a full bar in ticks."""
        return BarState(bar, Stage.START, left=self.bars)

    def openings(self, point: BarState) -> dict[str, BarState]:
        """The points behind what may come between sections: ``|:``, the end, and "".

        "" stands for a plain section, which has no token of its own.
        """
        found: dict[str, BarState] = {}
        if point.stage is Stage.START:
            first = point._replace(stage=Stage.OPENING)
            if self.repeats(point.section, True):
                found[REPEAT] = first._replace(repeated=True)
            # Where a repeated section is asked for this must become a lead-in, see `lines`.
            return found | {"": first}
        if point.stage is Stage.REPEATED and self.may_end(point.section - 1, point.left):
            found[END] = BarState(point.bar, Stage.ENDED)
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

    def lines(self, point: BarState) -> list[BarLineMove]:
        """The bar lines that may end the bar at this point."""
        bar = point.bar
        if point.stage is Stage.PICKUP:
            return [BarLineMove(point.pickup, BAR, point._replace(stage=Stage.BODY))]
        if point.stage is Stage.OPENING:
            return [*self.first_pickups(point), *self.lines(point._replace(stage=Stage.BODY))]
        if point.stage is not Stage.BODY or not self.repeats(point.section, point.repeated):
            return []
        found: list[BarLineMove] = []
        if point.ending == 2:
            if point.ending_bars > 1:
                return [BarLineMove(bar, BAR, point._replace(ending_bars=point.ending_bars - 1))]
            for rest in sorted({0, point.pickup, point.first_pickup}):
                found += self.closings(point, rest, point.left)
            return found
        after = None if point.left is None else point.left - 1
        if after is None or after > 0:
            ending_bars = point.ending_bars + 1 if point.ending else 0
            found.append(BarLineMove(bar, BAR, point._replace(left=after, ending_bars=ending_bars)))
            if point.repeated and not point.ending:
                found.append(
                    BarLineMove(bar, FIRST, point._replace(left=after, ending=1, ending_bars=1))
                )
        if self.form and after:
            return found
        if point.ending == 1:
            found.append(
                BarLineMove(bar - point.pickup, SECOND, point._replace(left=after, ending=2))
            )
        elif point.repeated:
            behind = self.behind(point, Stage.REPEATED, point.pickup, after)
            found.append(BarLineMove(bar - point.pickup, CLOSE, behind))
        else:
            for rest in sorted({0, point.pickup}):
                found += self.closings(point, rest, after)
        return found

    def first_pickups(self, point: BarState) -> list[BarLineMove]:
        """The lines that make the tune's first bar a pickup, or a lead-in before a repeat."""
        found: list[BarLineMove] = []
        for at in range(SHORTEST, point.bar, SHORTEST):
            after = point._replace(stage=Stage.BODY, first_pickup=at)
            if self.repeats(point.section, point.repeated):
                found.append(BarLineMove(at, BAR, after._replace(pickup=at)))
            if not point.repeated and self.repeats(point.section, True):
                # The lead-in is not repeated, so the section's own bars are all full.
                found.append(BarLineMove(at, REPEAT, after._replace(repeated=True)))
        return found

    def closings(self, point: BarState, rest: int, left: int | None) -> list[BarLineMove]:
        """The lines behind a plain section or a second ending that ends ``rest`` ticks early."""
        found = []
        if self.may_go_on(point.section, left):
            behind = self.behind(point, Stage.CLOSED, rest, left)
            found.append(BarLineMove(point.bar - rest, DOUBLE, behind))
        if self.may_end(point.section, left):
            found.append(BarLineMove(point.bar - rest, FINAL, BarState(point.bar, Stage.OVER)))
        return found

    def behind(self, point: BarState, stage: Stage, owed: int, left: int | None) -> BarState:
        """The point between a section and the next one, which owes it a pickup."""
        return BarState(
            point.bar,
            stage,
            section=point.section + 1 if self.form else 0,
            pickup=owed,
            first_pickup=point.first_pickup,
            left=self.bars if self.form else left,
        )
