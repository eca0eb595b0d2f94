"""What may come next within a bar, and how many tokens fill it.

A bar's positions, lengths, triplets and ties do not depend on where in the tune the bar stands, so
this small automaton is built once for each length of a bar.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from seqgen.music.normal.tokens import BARS, LENGTHS, REST, TICKS, TIE, TRIPLET

# Notes are told apart only by whether the tune may end on them.
HOME, AWAY = "a note to end on", "another note"
END, HEADER, NEVER_A_TOKEN = "end", "header", "never"
KINDS = (
    HOME, AWAY, REST, TRIPLET, TIE, *(name for name in LENGTHS if name),
    *BARS, END, HEADER, NEVER_A_TOKEN,
)  # fmt: skip
KIND = {name: number for number, name in enumerate(KINDS)}

SHORTEST = min(LENGTHS.values())  # every position in a bar is a multiple of it
TRIPLET_LENGTHS = (12, 24, 48)  # written; the three sound as long as two

NEVER = 1 << 20  # a number of tokens that no budget reaches, small enough to be added up


class InBarState(NamedTuple):
    """What has been said since the last bar line, as far as it matters.

    at: ticks that are filled; what is pending is not counted, a triplet is once its first note has
        its length.
    pending: a note or rest has been said, its length may still come.
    due: notes of a triplet that have not been said.
    unit: written length of a triplet's notes in ticks; 0 outside and before it is known.
    tieable: a note has its length, and ``-`` may follow.
    tied: ``-`` has been said, and the note has not been said again.
    rest: what is pending is a rest.
    home: the last note is one that the tune may end on.
    """

    at: int
    home: bool
    pending: bool = False
    rest: bool = False
    due: int = 0
    unit: int = 0
    tieable: bool = False
    tied: bool = False


def fits(at: int, length: int, bar: int) -> bool:
    """Whether a note of this length may begin there, all in ticks.

    Off the grid of eighths it must stay inside its eighth, end on the grid and be at most 3/2, or
    be an eighth in the middle: other rhythms make other programs complain of the beams.
    """
    if at + length > bar:
        return False
    off = at % TICKS
    if not off:
        return True
    end = off + length
    return (
        end <= TICKS
        or (end % TICKS == 0 and length <= 3 * TICKS // 2)
        or (length == TICKS and off == TICKS // 2)
    )


def lengthened(moment: InBarState, length: int, bar: int) -> InBarState | None:
    """The moment once what is pending has its length, None if it cannot have this one."""
    at, home = moment.at, moment.home
    if moment.unit:  # the second or third note of a triplet, which is as long as the first
        if length != moment.unit:
            return None
        return (
            InBarState(at, home, due=moment.due, unit=length)
            if moment.due
            else InBarState(at, home)
        )
    if moment.due:
        if length not in TRIPLET_LENGTHS or at + 2 * length > bar:
            return None
        return InBarState(at + 2 * length, home, due=moment.due, unit=length)
    if not fits(at, length, bar):
        return None
    return InBarState(at + length, home, tieable=not moment.rest)


def settled(moment: InBarState, bar: int) -> InBarState | None:
    """The moment where no length comes: what is pending is an eighth. None if it cannot be."""
    return lengthened(moment, TICKS, bar) if moment.pending else moment


def moves(moment: InBarState, bar: int) -> dict[str, InBarState]:
    """The moment after each kind of token that may follow, bar lines aside."""
    found: dict[str, InBarState] = {}
    if moment.pending:
        for name, length in LENGTHS.items():
            after = lengthened(moment, length, bar) if name else None
            if after:
                found[name] = after
    now = settled(moment, bar)
    if now is None:
        return found
    if now.tieable:
        found[TIE] = now._replace(tieable=False, tied=True)
    if now.due:
        for kind in (HOME, AWAY):
            found[kind] = next_of_triplet(now, kind == HOME)
    elif now.at < bar:
        if now.tied:
            found[HOME if now.home else AWAY] = InBarState(now.at, now.home, pending=True)
            return found
        found[HOME] = InBarState(now.at, True, pending=True)
        found[AWAY] = InBarState(now.at, False, pending=True)
        found[REST] = InBarState(now.at, now.home, pending=True, rest=True)
        if now.at % TICKS == 0 and now.at + 2 * TRIPLET_LENGTHS[0] <= bar:
            found[TRIPLET] = InBarState(now.at, now.home, due=3)
    return found


def next_of_triplet(moment: InBarState, home: bool) -> InBarState:
    """After one more note of a triplet; where they are eighths, its length is not pending."""
    due = moment.due - 1
    if moment.unit == TICKS:
        return InBarState(moment.at, home, due=due, unit=TICKS if due else 0)
    return InBarState(moment.at, home, pending=True, due=due, unit=moment.unit)


def stop(moment: InBarState, bar: int) -> InBarState | None:
    """The moment as a bar line would find it, None if none may come now."""
    now = settled(moment, bar)
    return None if now is None or now.due or not now.at else now


class BarAutomaton:
    """The moments of a bar, numbered, and the ways between them.

    moments: in an order in which every token leads forward.
    next: the number of the moment after each kind of token, [moments + 1, kinds]; the last number
        stands for none.
    tokens: fewest tokens from a moment to each column, int32 [moments + 1, columns]; `column`
        tells which is which. `NEVER` where there is no way.
    tied: the same from the start with a tie pending, by whether that note is one to end on.
    stops: each moment as a bar line would find it, None where none may come.
    stopping: the numbers of the moments that a bar line would find alike: by position, whether the
        last note is one to end on, and whether it is tied.
    """

    def __init__(self, bar: int) -> None:
        """bar: its length in ticks, a multiple of `SHORTEST`."""
        self.bar = bar
        starts = [
            InBarState(0, home, tied=tied) for home in (True, False) for tied in (True, False)
        ]
        ways = {start: moves(start, bar) for start in starts}
        fresh = starts
        while fresh:
            found = {after for moment in fresh for after in ways[moment].values()}
            fresh = [moment for moment in found if moment not in ways]
            ways |= {moment: moves(moment, bar) for moment in fresh}
        self.moments = sorted(ways, key=order)
        self.number = {moment: number for number, moment in enumerate(self.moments)}
        count = len(self.moments)
        self.next = np.full((count + 1, len(KINDS)), count, np.int16)
        self.tokens = np.full((count + 1, 2 * (bar // SHORTEST + 1)), NEVER, np.int32)
        self.stops = [stop(moment, bar) for moment in self.moments]
        self.stopping: dict[tuple[int, bool, bool], list[int]] = {}
        for number, end in enumerate(self.stops):
            if end:
                self.stopping.setdefault((end.at, end.home, end.tied), []).append(number)
        for number in reversed(range(count)):
            after = ways[self.moments[number]]
            numbers = [self.number[moment] for moment in after.values()]
            self.next[number, [KIND[kind] for kind in after]] = numbers
            if numbers:
                self.tokens[number] = 1 + self.tokens[numbers].min(axis=0)
            if (at := self.stops[number]) and not at.tied:
                self.tokens[number, column(at.at, at.home)] = 0
        np.minimum(self.tokens, NEVER, out=self.tokens)
        self.tied = {home: self.tokens[self.start(home, True)].tolist() for home in (True, False)}

    def start(self, home: bool, tied: bool = False) -> int:
        """The number of the moment after a bar line."""
        return self.number[InBarState(0, home, tied=tied)]

    def tied_at(self, at: int) -> list[tuple[bool, int]]:
        """The moments with a tie pending at a position: whether it is one to end on, the number."""
        found = ((home, self.number.get(InBarState(at, home, tied=True))) for home in (True, False))
        return [(home, number) for home, number in found if number is not None]


@lru_cache(maxsize=64)
def fill(bar: int) -> list[int]:
    """Fewest tokens that fill a bar from its beginning up to each multiple of `SHORTEST`.

    The same as `BarAutomaton.tokens` from the start on, but quick: triplets and rests are no
    cheaper than notes, and ties cost a token.
    """
    tokens = [0] + [NEVER] * (bar // SHORTEST)
    for at in range(0, bar, SHORTEST):
        for name, length in LENGTHS.items():
            if fits(at, length, bar):
                end = (at + length) // SHORTEST
                tokens[end] = min(tokens[end], tokens[at // SHORTEST] + (2 if name else 1))
    return tokens


def column(at: int, home: bool) -> int:
    """The column of `BarAutomaton.tokens` for a bar line at a position, after such a note."""
    return 2 * (at // SHORTEST) + home


def order(moment: InBarState) -> tuple[int, int]:
    """A key that grows with every token."""
    if moment.unit:
        return moment.at, -2 * moment.due - moment.pending
    return moment.at, moment.tied + 2 * (moment.due == 3) + 3 * moment.pending


within_bar = lru_cache(maxsize=64)(BarAutomaton)
