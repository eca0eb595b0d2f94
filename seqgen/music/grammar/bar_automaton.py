"""The automaton within a bar: which token classes may follow, and how many tokens fill the bar.

Positions, lengths, triplets and ties in a bar do not depend on where in the tune the bar is, so one
small automaton is built for each length of a bar.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from seqgen.music.normal.tokens import BARS, LENGTHS, REST, TICKS, TIE, TRIPLET, is_drawable_at

# All pitches belong to one of two classes: those on which the tune may end, and the others.
FINAL_NOTE, OTHER_NOTE = "note to end on", "other note"
END, COPY, HEADER, FORBIDDEN = "end", "copy mark", "header", "forbidden"
TOKEN_CLASSES = (
    FINAL_NOTE, OTHER_NOTE, REST, TRIPLET, TIE, *(name for name in LENGTHS if name),
    *BARS, END, COPY, HEADER, FORBIDDEN,
)  # fmt: skip
CLASS_IDS = {name: number for number, name in enumerate(TOKEN_CLASSES)}

SHORTEST = min(LENGTHS.values())  # every position in a bar is a multiple of it
TRIPLET_LENGTHS = (12, 24, 48)  # written lengths; three notes sound as long as two

UNREACHABLE = 1 << 20  # a cost above every budget, small enough to be added up


class InBarState(NamedTuple):
    """State of the automaton within a bar.

    Attributes:
        position: Ticks of the bar that are filled. A note counts once its length is known, a
            triplet once its first note's length is.
        final: Whether the last note's pitch is one to end on.
        short: Whether that note is too short to end on.
        pending: Whether the length of the last note or rest may still follow.
        rest: Whether the pending token is a rest.
        triplet_left: Notes of the current triplet that are still missing.
        unit: Written length of the triplet's notes in ticks; 0 outside triplets and before it is
            known.
        tieable: Whether ``-`` may follow.
        tied: Whether ``-`` was the last token.
    """

    position: int
    final: bool
    short: bool = False
    pending: bool = False
    rest: bool = False
    triplet_left: int = 0
    unit: int = 0
    tieable: bool = False
    tied: bool = False

    @property
    def ends(self) -> bool:
        """Whether the section may end on the last note."""
        return self.final and not self.short


def fits(position: int, length: int, bar: int) -> bool:
    """Whether a note may begin at a position; all arguments are in ticks."""
    return position + length <= bar and is_drawable_at(position, length)


def with_length(
    state: InBarState, length: int, bar: int, final_ticks: int = 0
) -> InBarState | None:
    """The state after the pending note or rest gets a length; None if it cannot have this one.

    final_ticks: least length of a note to end on; more than 0 also excludes notes of triplets.
    """
    position, final, short = state.position, state.final, state.short
    if not state.rest:
        short = final and (length < final_ticks or (_in_triplet(state) and final_ticks > 0))
    if state.unit:  # the second or third note of a triplet, which is as long as the first
        if length != state.unit:
            return None
        unit = length if state.triplet_left else 0
        return InBarState(position, final, short, triplet_left=state.triplet_left, unit=unit)
    if state.triplet_left:
        if length not in TRIPLET_LENGTHS or position + 2 * length > bar:
            return None
        position += 2 * length
        return InBarState(position, final, short, triplet_left=state.triplet_left, unit=length)
    if not fits(position, length, bar):
        return None
    return InBarState(position + length, final, short, tieable=not state.rest)


def _in_triplet(state: InBarState) -> bool:
    return bool(state.unit or state.triplet_left)


def without_pending(state: InBarState, bar: int, final_ticks: int = 0) -> InBarState | None:
    """The state if no length follows: the pending note is an eighth. None if it cannot be one."""
    return with_length(state, TICKS, bar, final_ticks) if state.pending else state


def transitions(state: InBarState, bar: int, final_ticks: int = 0) -> dict[str, InBarState]:
    """The next state for each token class that may follow, bar lines excluded."""
    following: dict[str, InBarState] = {}
    if state.pending:
        for name, length in LENGTHS.items():
            after = with_length(state, length, bar, final_ticks) if name else None
            if after:
                following[name] = after
    now = without_pending(state, bar, final_ticks)
    if now is None:
        return following
    position = now.position
    if now.tieable:
        following[TIE] = now._replace(tieable=False, tied=True, short=False)
    if now.triplet_left:
        for name in (FINAL_NOTE, OTHER_NOTE):
            following[name] = _after_triplet_note(now, name == FINAL_NOTE, final_ticks)
    elif position < bar:
        if now.tied:
            name = FINAL_NOTE if now.final else OTHER_NOTE
            following[name] = InBarState(position, now.final, pending=True)
            return following
        following[FINAL_NOTE] = InBarState(position, True, pending=True)
        following[OTHER_NOTE] = InBarState(position, False, pending=True)
        following[REST] = InBarState(position, now.final, now.short, pending=True, rest=True)
        if position % TICKS == 0 and position + 2 * TRIPLET_LENGTHS[0] <= bar:
            following[TRIPLET] = InBarState(position, now.final, now.short, triplet_left=3)
    return following


def _after_triplet_note(state: InBarState, final: bool, final_ticks: int) -> InBarState:
    """The state after one more note of a triplet; in a triplet of eighths no length is pending."""
    left = state.triplet_left - 1
    if state.unit == TICKS:
        short, unit = final and final_ticks > 0, TICKS if left else 0
        return InBarState(state.position, final, short, triplet_left=left, unit=unit)
    return InBarState(state.position, final, pending=True, triplet_left=left, unit=state.unit)


def before_bar_line(state: InBarState, bar: int, final_ticks: int = 0) -> InBarState | None:
    """The state in which a bar line ends the bar; None if no bar line may follow."""
    now = without_pending(state, bar, final_ticks)
    return None if now is None or now.triplet_left or not now.position else now


class BarAutomaton:
    """States of a bar, numbered, with transitions and costs.

    Attributes:
        states: Ordered so that every transition leads to a later state.
        next: Number of the next state for each token class, [states + 1, classes]; the last number
            means no transition.
        costs: Minimum number of tokens from a state to each column, int32 [states + 1, columns];
            `column` numbers the columns. `UNREACHABLE` where there is no path.
        tied_costs: The same from the start of the bar with a tie pending, by whether that note is
            one to end on.
        before_line: For each state, the state in which a bar line ends the bar, or None.
        by_line: Numbers of the states that a bar line ends alike: by position, whether the section
            may end on the last note (if that is tied, whether its pitch is one to end on), and
            whether it is tied.
    """

    def __init__(self, bar: int, final_ticks: int = 0) -> None:
        """Build the automaton.

        Args:
            bar: Length in ticks, a multiple of `SHORTEST`.
            final_ticks: Least length of a note to end on; 0 for any.
        """
        self.bar = bar
        starts = [
            InBarState(0, final, tied=tied) for final in (True, False) for tied in (True, False)
        ]
        edges = {start: transitions(start, bar, final_ticks) for start in starts}
        fresh = starts
        while fresh:
            reached = {after for state in fresh for after in edges[state].values()}
            fresh = [state for state in reached if state not in edges]
            edges |= {state: transitions(state, bar, final_ticks) for state in fresh}
        self.states = sorted(edges, key=_order)
        self.number = {state: number for number, state in enumerate(self.states)}
        count = len(self.states)
        self.next = np.full((count + 1, len(TOKEN_CLASSES)), count, np.int16)
        self.costs = np.full((count + 1, 2 * (bar // SHORTEST + 1)), UNREACHABLE, np.int32)
        self.before_line = [before_bar_line(state, bar, final_ticks) for state in self.states]
        self.by_line: dict[tuple[int, bool, bool], list[int]] = {}
        for number, end in enumerate(self.before_line):
            if end:
                final = end.final if end.tied else end.ends
                self.by_line.setdefault((end.position, final, end.tied), []).append(number)
        for number in reversed(range(count)):
            after = edges[self.states[number]]
            numbers = [self.number[state] for state in after.values()]
            self.next[number, [CLASS_IDS[name] for name in after]] = numbers
            if numbers:
                self.costs[number] = 1 + self.costs[numbers].min(axis=0)
            if (end := self.before_line[number]) and not end.tied:
                self.costs[number, column(end.position, end.ends)] = 0
        np.minimum(self.costs, UNREACHABLE, out=self.costs)
        self.tied_costs = {
            final: self.costs[self.start(final, True)].tolist() for final in (True, False)
        }

    def start(self, final: bool, tied: bool = False) -> int:
        """The number of the state at the start of a bar."""
        return self.number[InBarState(0, final, tied=tied)]

    def tied_states(self, position: int) -> list[tuple[bool, int]]:
        """The states with a tie pending at a position: whether the note is final, the number."""
        numbers = (
            (final, self.number.get(InBarState(position, final, tied=True)))
            for final in (True, False)
        )
        return [(final, number) for final, number in numbers if number is not None]


@lru_cache(maxsize=64)
def fill_costs(bar: int) -> list[int]:
    """Minimum number of tokens that fill a bar up to each multiple of `SHORTEST`.

    Equal to `BarAutomaton.costs` from the start of the bar, but fast to compute: triplets and rests
    are no cheaper than notes, and ties cost a token.
    """
    costs = [0] + [UNREACHABLE] * (bar // SHORTEST)
    for position in range(0, bar, SHORTEST):
        for name, length in LENGTHS.items():
            if fits(position, length, bar):
                end = (position + length) // SHORTEST
                costs[end] = min(costs[end], costs[position // SHORTEST] + (2 if name else 1))
    return costs


@lru_cache(maxsize=64)
def closing_costs(bar: int, final_ticks: int) -> list[int]:
    """`fill_costs` of bars that end on a note of at least a length in ticks, or a rest after it."""
    if not final_ticks:
        return fill_costs(bar)
    fill = fill_costs(bar)
    costs = [UNREACHABLE] * len(fill)
    for end in range(SHORTEST, bar + 1, SHORTEST):
        for name, length in LENGTHS.items():
            start = end - length
            if start >= 0 and fits(start, length, bar):
                before = costs[start // SHORTEST]  # a rest follows the final note
                if length >= final_ticks:
                    before = min(before, fill[start // SHORTEST])
                costs[end // SHORTEST] = min(costs[end // SHORTEST], before + (2 if name else 1))
    return costs


def column(position: int, final: bool) -> int:
    """The column of `BarAutomaton.costs` for a bar line at a position, after such a note."""
    return 2 * (position // SHORTEST) + final


def _order(state: InBarState) -> tuple[int, int]:
    """A sort key that grows with every transition."""
    if state.unit:
        return state.position, -2 * state.triplet_left - state.pending
    return state.position, state.tied + 2 * (state.triplet_left == 3) + 3 * state.pending


automaton_for = lru_cache(maxsize=128)(BarAutomaton)
"""The automaton for a length of a bar and of a note to end on, in ticks."""
