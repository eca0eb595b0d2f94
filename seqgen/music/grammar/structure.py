"""The automaton over bars: which bar lines may follow, with sections, repeats, endings, pickups."""

from enum import IntEnum
from typing import NamedTuple

from seqgen.music.grammar.bar_automaton import END, SHORTEST
from seqgen.music.normal.tokens import BAR, CLOSE, DOUBLE, FINAL, FIRST, REPEAT, SECOND


class Stage(IntEnum):
    """Kind of a `BarState`: in a bar, or between two bars."""

    START = 0  # before the first section
    OPENING = 1  # the tune's first bar, which may be a pickup
    PICKUP = 2  # the pickup that completes the last bar of the section before
    BODY = 3  # any other bar
    CLOSED = 4  # after ||
    REPEATED = 5  # after :|
    OVER = 6  # after |]
    ENDED = 7


class BarState(NamedTuple):
    """State of the automaton over bars. Fields that no later rule reads keep their defaults.

    Attributes:
        bar: Length of a full bar in ticks.
        section: Number of the section, if a form is given.
        repeated: Whether the section was opened with ``|:``, perhaps after a lead-in.
        pickup: Pickup of this section in ticks; between sections, that of the next one.
        first_pickup: Pickup of the tune in ticks.
        ending: 1 or 2 inside that ending, else 0.
        ending_bars: Bars of the ending up to this one; in a second ending, those that are left.
        left: Bars to go, this one included: of the section if a form is given, else of the tune.
            In a second ending, whose bars are not counted, those after it. None for any number.
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
    """A bar line that may follow: its position in the bar in ticks, and the state after it."""

    position: int
    token: str
    bar_state: BarState


class StructureAutomaton:
    """The rules between bars, for a form and a number of bars."""

    def __init__(self, form: tuple[bool, ...], bars: int | None) -> None:
        """form: as in `TuneSpec.sections`.

        bars: of each section if there is a form, else of the tune; None for any number.
        """
        self.form = form
        self.bars = bars

    def start(self, bar: int) -> BarState:
        """The state after the header. bar: length of a full bar in ticks."""
        return BarState(bar, Stage.START, left=self.bars)

    def section_starts(self, state: BarState) -> dict[str, BarState]:
        """The next states between sections, by token: ``|:``, the end, and "".

        "" means a section without repeat, which begins without a token.
        """
        starts: dict[str, BarState] = {}
        if state.stage is Stage.START:
            first = state._replace(stage=Stage.OPENING)
            if self.may_have(state.section, True):
                starts[REPEAT] = first._replace(repeated=True)
            # If the form wants a repeat, this bar must become a lead-in, see `bar_lines`.
            return starts | {"": first}
        if state.stage is Stage.REPEATED and self.may_end(state.section - 1, state.left):
            starts[END] = BarState(state.bar, Stage.ENDED)
        if self.may_continue(state.section - 1, state.left):
            stage = Stage.PICKUP if state.pickup else Stage.BODY
            first = state._replace(stage=stage, repeated=False)
            if self.may_have(state.section, True):
                starts[REPEAT] = first._replace(repeated=True)
            if self.may_have(state.section, False):
                starts[""] = first
        return starts

    def may_have(self, section: int, repeated: bool) -> bool:
        """Whether a section may be repeated, or not be."""
        return not self.form or self.form[section] == repeated

    def may_end(self, section: int, left: int | None) -> bool:
        """Whether the tune may end after this section. left: bars to go after it."""
        if self.form:
            return section == len(self.form) - 1
        return not left

    def may_continue(self, section: int, left: int | None) -> bool:
        """Whether another section may follow this one. left: bars to go after it."""
        if self.form:
            return section < len(self.form) - 1
        return left is None or left > 0

    def bar_lines(self, state: BarState) -> list[BarLineMove]:
        """The bar lines that may end the bar."""
        bar = state.bar
        if state.stage is Stage.PICKUP:
            return [BarLineMove(state.pickup, BAR, state._replace(stage=Stage.BODY))]
        if state.stage is Stage.OPENING:
            body = state._replace(stage=Stage.BODY)
            return [*self._first_pickups(state), *self.bar_lines(body)]
        if state.stage is not Stage.BODY or not self.may_have(state.section, state.repeated):
            return []
        lines: list[BarLineMove] = []
        if state.ending == 2:
            if state.ending_bars > 1:
                rest_of_ending = state._replace(ending_bars=state.ending_bars - 1)
                return [BarLineMove(bar, BAR, rest_of_ending)]
            for missing in sorted({0, state.pickup, state.first_pickup}):
                lines += self._closings(state, missing, state.left)
            return lines
        left = None if state.left is None else state.left - 1
        if left is None or left > 0:
            ending_bars = state.ending_bars + 1 if state.ending else 0
            lines.append(BarLineMove(bar, BAR, state._replace(left=left, ending_bars=ending_bars)))
            if state.repeated and not state.ending:
                first = state._replace(left=left, ending=1, ending_bars=1)
                lines.append(BarLineMove(bar, FIRST, first))
        if self.form and left:
            return lines
        if state.ending == 1:
            second = state._replace(left=left, ending=2)
            lines.append(BarLineMove(bar - state.pickup, SECOND, second))
        elif state.repeated:
            after = self._after_section(state, Stage.REPEATED, state.pickup, left)
            lines.append(BarLineMove(bar - state.pickup, CLOSE, after))
        else:
            for missing in sorted({0, state.pickup}):
                lines += self._closings(state, missing, left)
        return lines

    def _first_pickups(self, state: BarState) -> list[BarLineMove]:
        """The lines that make the tune's first bar a pickup, or a lead-in before a repeat."""
        lines: list[BarLineMove] = []
        for position in range(SHORTEST, state.bar, SHORTEST):
            after = state._replace(stage=Stage.BODY, first_pickup=position)
            if self.may_have(state.section, state.repeated):
                lines.append(BarLineMove(position, BAR, after._replace(pickup=position)))
            if not state.repeated and self.may_have(state.section, True):
                # The lead-in is not repeated, so the section's own bars are all full.
                lines.append(BarLineMove(position, REPEAT, after._replace(repeated=True)))
        return lines

    def _closings(self, state: BarState, missing: int, left: int | None) -> list[BarLineMove]:
        """The lines after a section without repeat, or a second ending, ``missing`` ticks early."""
        lines = []
        position = state.bar - missing
        if self.may_continue(state.section, left):
            after = self._after_section(state, Stage.CLOSED, missing, left)
            lines.append(BarLineMove(position, DOUBLE, after))
        if self.may_end(state.section, left):
            lines.append(BarLineMove(position, FINAL, BarState(state.bar, Stage.OVER)))
        return lines

    def _after_section(
        self, state: BarState, stage: Stage, pickup: int, left: int | None
    ) -> BarState:
        """The state between a section and the next one, which begins with a pickup."""
        return BarState(
            state.bar,
            stage,
            section=state.section + 1 if self.form else 0,
            pickup=pickup,
            first_pickup=state.first_pickup,
            left=self.bars if self.form else left,
        )
