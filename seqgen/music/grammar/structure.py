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


class SectionPlan(NamedTuple):
    """What is settled of a section.

    Attributes:
        bars: Its bars, without its pickup and its second ending; None for any number.
        repeated: Whether it is repeated; None for either.
        final_ticks: Least length of its final note, which must be one to end on; 0 for any note.
    """

    bars: int | None = None
    repeated: bool | None = None
    final_ticks: int = 0


class BarState(NamedTuple):
    """State of the automaton over bars. Fields that no later rule reads keep their defaults.

    Attributes:
        bar: Length of a full bar in ticks.
        plan: The sections to go, this one included; between sections, the next one is the first.
            None if any number of sections may follow.
        repeated: Whether the section was opened with ``|:``, perhaps after a lead-in.
        pickup: Pickup of this section in ticks; between sections, that of the next one.
        first_pickup: Pickup of the tune in ticks.
        ending: 1 or 2 inside that ending, else 0.
        ending_bars: Bars of the ending up to this one; in a second ending, those that are left.
        left: Bars to go, this one included: of the section if there is a plan, else of the tune.
            In a second ending, whose bars are not counted, those after it. None for any number.
    """

    bar: int
    stage: Stage
    plan: tuple[SectionPlan, ...] | None = None
    repeated: bool = False
    pickup: int = 0
    first_pickup: int = 0
    ending: int = 0
    ending_bars: int = 0
    left: int | None = None


class BarLineMove(NamedTuple):
    """A bar line that may follow.

    Attributes:
        position: Its position in the bar in ticks.
        token: The bar line.
        bar_state: The state after it.
        final: Whether it must follow a note to end on.
    """

    position: int
    token: str
    bar_state: BarState
    final: bool = False


class StructureAutomaton:
    """The rules between bars."""

    def __init__(
        self, bars: int | None = None, final_ticks: int = 0, *, same_pickup: bool = False
    ) -> None:
        """Restrict tunes without a plan, or the pickups of all.

        Args:
            bars: Bars of a tune without a plan; None for any number.
            final_ticks: Least length of its last note.
            same_pickup: Whether all sections of a tune must begin with the same pickup.
        """
        self.bars = bars
        self._final_ticks = final_ticks
        self._same_pickup = same_pickup

    def start(self, bar: int, plan: tuple[SectionPlan, ...] | None = None) -> BarState:
        """The state after the header. bar: length of a full bar in ticks."""
        return BarState(bar, Stage.START, plan, left=plan[0].bars if plan else self.bars)

    def final_ticks(self, state: BarState) -> int:
        """Least length in ticks of the final note that the bar is heading for."""
        if state.plan is None:
            return self._final_ticks
        return state.plan[0].final_ticks if state.plan else 0

    def section_starts(self, state: BarState) -> dict[str, BarState]:
        """The next states between sections, by token: ``|:``, the end, and "".

        "" means a section without repeat, which begins without a token.
        """
        starts: dict[str, BarState] = {}
        if state.stage is Stage.START:
            first = state._replace(stage=Stage.OPENING)
            if self.may_have(state, True):
                starts[REPEAT] = first._replace(repeated=True)
            # If the plan wants a repeat, this bar must become a lead-in, see `bar_lines`.
            return starts | {"": first}
        if state.stage is Stage.REPEATED and self.may_end(state.plan, state.left):
            starts[END] = BarState(state.bar, Stage.ENDED)
        if self.may_continue(state.plan, state.left):
            stage = Stage.PICKUP if state.pickup else Stage.BODY
            first = state._replace(stage=stage, repeated=False)
            if self.may_have(state, True):
                starts[REPEAT] = first._replace(repeated=True)
            if self.may_have(state, False):
                starts[""] = first
        return starts

    @staticmethod
    def may_have(state: BarState, repeated: bool) -> bool:
        """Whether the section may be repeated, or not be."""
        return not state.plan or state.plan[0].repeated in (None, repeated)

    @staticmethod
    def may_end(plan: tuple[SectionPlan, ...] | None, left: int | None) -> bool:
        """Whether the tune may end. plan: the sections to go. left: bars to go without a plan."""
        return not left if plan is None else not plan

    @staticmethod
    def may_continue(plan: tuple[SectionPlan, ...] | None, left: int | None) -> bool:
        """Whether another section may follow; arguments as of `may_end`."""
        return left is None or left > 0 if plan is None else bool(plan)

    def bar_lines(self, state: BarState) -> list[BarLineMove]:
        """The bar lines that may end the bar."""
        bar = state.bar
        if state.stage is Stage.PICKUP:
            return [BarLineMove(state.pickup, BAR, state._replace(stage=Stage.BODY))]
        if state.stage is Stage.OPENING:
            body = state._replace(stage=Stage.BODY)
            return [*self._first_pickups(state), *self.bar_lines(body)]
        if state.stage is not Stage.BODY or not self.may_have(state, state.repeated):
            return []
        lines: list[BarLineMove] = []
        if state.ending == 2:
            if state.ending_bars > 1:
                rest_of_ending = state._replace(ending_bars=state.ending_bars - 1)
                return [BarLineMove(bar, BAR, rest_of_ending)]
            for missing in self._missing(state.pickup, 0, state.first_pickup):
                lines += self._closings(state, missing, state.left)
            return lines
        left = None if state.left is None else state.left - 1
        if left is None or left > 0:
            ending_bars = state.ending_bars + 1 if state.ending else 0
            lines.append(BarLineMove(bar, BAR, state._replace(left=left, ending_bars=ending_bars)))
            if state.repeated and not state.ending:
                first = state._replace(left=left, ending=1, ending_bars=1)
                lines.append(BarLineMove(bar, FIRST, first))
        if state.plan and left:
            return lines
        if state.ending == 1:
            second = state._replace(left=left, ending=2)
            lines.append(BarLineMove(bar - state.pickup, SECOND, second))
        elif state.repeated:
            after = self._after_section(state, Stage.REPEATED, state.pickup, left)
            final = self._closes_on_final(state)
            lines.append(BarLineMove(bar - state.pickup, CLOSE, after, final))
        else:
            for missing in self._missing(state.pickup, 0):
                lines += self._closings(state, missing, left)
        return lines

    def _missing(self, pickup: int, *others: int) -> list[int]:
        """How many ticks early a section may close."""
        return [pickup] if self._same_pickup else sorted({pickup, *others})

    def _first_pickups(self, state: BarState) -> list[BarLineMove]:
        """The lines that make the tune's first bar a pickup, or a lead-in before a repeat."""
        lines: list[BarLineMove] = []
        for position in range(SHORTEST, state.bar, SHORTEST):
            after = state._replace(stage=Stage.BODY, first_pickup=position)
            if self.may_have(state, state.repeated):
                lines.append(BarLineMove(position, BAR, after._replace(pickup=position)))
            if not state.repeated and self.may_have(state, True):
                # The lead-in is not repeated, so the section's own bars are all full.
                lines.append(BarLineMove(position, REPEAT, after._replace(repeated=True)))
        return lines

    def _closings(self, state: BarState, missing: int, left: int | None) -> list[BarLineMove]:
        """The lines after a section without repeat, or a second ending, ``missing`` ticks early."""
        lines = []
        position = state.bar - missing
        plan = state.plan and state.plan[1:]
        final = self._closes_on_final(state)
        if self.may_continue(plan, left):
            after = self._after_section(state, Stage.CLOSED, missing, left)
            lines.append(BarLineMove(position, DOUBLE, after, final))
        if self.may_end(plan, left):
            over = BarState(state.bar, Stage.OVER, plan)
            lines.append(BarLineMove(position, FINAL, over, final))
        return lines

    @staticmethod
    def _closes_on_final(state: BarState) -> bool:
        return bool(state.plan and state.plan[0].final_ticks)

    @staticmethod
    def _after_section(state: BarState, stage: Stage, pickup: int, left: int | None) -> BarState:
        """The state between a section and the next one, which begins with a pickup."""
        plan = state.plan and state.plan[1:]
        if plan is not None:
            left = plan[0].bars if plan else None
        return BarState(
            state.bar,
            stage,
            plan,
            pickup=pickup,
            first_pickup=state.first_pickup,
            left=left,
        )
