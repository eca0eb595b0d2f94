"""Where in its tune a token stands, and what stood there some bars before: inputs of the network.

Real tunes repeat a quarter of their bars, most often after four or eight. A network that reads
tokens alone must count ticks and bars and remember hundreds of tokens to do so; here it is told
(Waite 2016, "Lookback RNN", gave a melody network what came one and two bars before).
"""

from collections.abc import Sequence
from typing import Any, Self

from seqgen.music.normal.outline import read_line
from seqgen.music.normal.tokens import (  # fmt: skip
    BAR,
    BARS,
    CLOSE,
    DOUBLE,
    FINAL,
    FIRST,
    LENGTHS,
    PITCHES,
    REPEAT,
    REST,
    SECOND,
    TICKS,
    TRIPLET,
    WHOLE,
)

# Bars back from which the network is shown what it may repeat.
LAGS = (1, 2, 4, 8)

STEP = 2  # ticks; everything lies on it
MAX_STEPS = 200  # in a bar: one of 16 eighths, more than any usual meter has
MAX_BARS = 33
PHRASE = 8  # bars of most sections, and of which the others have a multiple or a half
MAX_SECTIONS = 6
SLOTS = 5  # tokens at one place of a bar that are told apart

# What a token does, as far as its place is concerned.
HEADER, OUTLINE, OTHER, NOTE, LENGTH, TRIPLE, LINE = range(7)


Role = tuple[int, Any]
"""What a token does, with a length or a meter, its ticks; a bar line, itself; an outline, bars."""


def feature_sizes(vocab: int) -> tuple[int, ...]:
    """How many values each number of a `PositionTracker` may have, for a vocabulary of so many
    tokens."""
    steps = MAX_STEPS + 1
    bars = MAX_BARS, PHRASE, MAX_BARS
    return steps, steps, steps, *bars, 3 * MAX_SECTIONS, *[2 * vocab] * len(LAGS)


def roles(tokens: Sequence[str]) -> list[Role]:
    """What each token of a vocabulary does."""
    return [role(token) for token in tokens]


def role(token: str) -> Role:
    if token in PITCHES or token == REST:
        return NOTE, 0
    if token in LENGTHS:
        return LENGTH, LENGTHS[token]
    if token == TRIPLET:
        return TRIPLE, 0
    if token in BARS:
        return LINE, token
    if token.startswith("M:"):
        beats, _, unit = token[2:].strip().partition("/")
        known = beats.isdecimal() and unit.isdecimal() and int(beats) * int(unit) > 0
        return HEADER, WHOLE * int(beats) // int(unit) if known else WHOLE
    if token.startswith("P:"):
        return OUTLINE, tuple(part.bars for part in read_line(token))
    return (HEADER if token.endswith("\n") else OTHER), 0


class PositionTracker:
    """Follows the tokens of a tune, grammatical or not.

    The last bar of a section and the pickup of the next are one bar, as they are when played.
    """

    def __init__(self, roles: Sequence[Role]) -> None:
        """roles: of `roles`; the token with id 0 is the boundary between tunes."""
        self._roles = roles
        self._clear()

    def _clear(self) -> None:
        self._length = WHOLE  # of a full bar
        self._ticks = 0  # from the bar's beginning to where the next note begins
        self._slot = 0  # tokens that stand there already
        self._pending = False  # whether the last is a note that may yet be given its length
        self._triplet = 0  # notes that are left of one
        self._outline: tuple[int, ...] = ()  # bars of each section
        self._pickup = 0  # ticks with which the section began, for which its last bar leaves room
        self._bar = 0  # number in the tune; a first pickup is bar 0
        self._begin = 0  # number of the bar with which the section began
        self._section = 0
        self._ending = 0
        self._ending_bar = 0  # number of the bar with which the first ending began
        self._bars: dict[int, dict[int, int]] = {0: {}}
        self._before: list[dict[int, int]] = [{} for _ in LAGS]
        self._equal = [False] * len(LAGS)  # whether this bar goes, so far, like the one before

    def copy(self) -> Self:
        """One that goes on from here by itself."""
        other = type(self)(self._roles)
        other.__dict__.update(self.__dict__)
        other._bars = {number: dict(bar) for number, bar in self._bars.items()}
        other._before = [other._bars.get(self._bar - lag, {}) for lag in LAGS]
        other._equal = list(self._equal)
        return other

    def push(self, id: int) -> tuple[int, ...]:
        """Read a token; returns what the network is told beside it, a number below each of `sizes`.

        In this order: steps since the bar's beginning, steps to its end, steps to where the section
        may close in it, number of the bar in its section, the same in its phrase of eight, bars
        left of the section with this one (0 where the outline does not say), section and ending;
        and for each of `LAGS` the token that came next so many bars before (0 where there is
        none), and whether the two bars are the same up to here.
        """
        if id == 0:
            self._clear()
            return self._told()
        kind, value = self._roles[id]
        if kind == HEADER:
            self._length = int(value) or self._length
            return self._told()
        if kind == OUTLINE:
            self._outline = value
            return self._told()
        # Where a repeat begins is no part of the bar that may come again.
        stored = value != REPEAT
        if stored:
            self._store(id)
        if self._pending and kind != LENGTH:
            self._move(TICKS)
            if stored:
                self._bars[self._bar][self._ticks * SLOTS] = id
        if kind == NOTE:
            self._pending = True
        if kind == LENGTH and self._pending:
            self._move(int(value))
        elif kind == LINE:
            self._line(str(value))
        else:
            self._slot = min(self._slot + 1, SLOTS - 1)
            if kind == TRIPLE:
                self._triplet = 3
        return self._told()

    def _store(self, id: int) -> None:
        key = self._ticks * SLOTS + self._slot
        for n, before in enumerate(self._before):
            if self._equal[n] and before.get(key) != id:
                self._equal[n] = False
        self._bars[self._bar][key] = id

    def _move(self, ticks: int) -> None:
        """The note that was pending has its length."""
        self._pending = False
        if self._triplet:
            ticks = ticks * 2 // 3
            self._triplet -= 1
        self._ticks = min(self._ticks + ticks, MAX_STEPS * STEP)
        self._slot = 0

    def _line(self, line: str) -> None:
        whole = self._ticks >= self._length
        if whole or line in (BAR, FIRST) or (line == REPEAT and self._ticks and not self._bar):
            if not whole and not self._bar:
                self._begin = 1  # that was a pickup, or what is played once before a repeat
                self._pickup = self._ticks if line == BAR else 0
            self._go_to(self._bar + 1)
        if line == FIRST:
            self._ending, self._ending_bar = 1, self._bar
        elif line == SECOND:
            self._ending = 2
            self._go_to(self._ending_bar)
        elif line in (CLOSE, DOUBLE, FINAL):
            self._section, self._ending = self._section + 1, 0
            self._begin = self._bar + (1 if self._ticks else 0)
            self._pickup = self._length - self._ticks if self._ticks else 0
            self._slot = min(self._slot + 1, SLOTS - 1) if self._ticks else 0

    def _go_to(self, number: int) -> None:
        self._bar = number
        self._ticks = self._slot = self._triplet = 0
        self._bars[number] = {}
        self._before = [self._bars.get(number - lag, {}) for lag in LAGS]
        self._equal = [bool(before) for before in self._before]

    def _told(self) -> tuple[int, ...]:
        steps = self._ticks // STEP
        left = min(max(0, (self._length - self._ticks) // STEP), MAX_STEPS)
        closing = max(0, left - self._pickup // STEP)
        # A pickup stands before bar 1 of its section, the first tune's as bar 0.
        number = max(0, self._bar - self._begin + 1)
        bar = min(number, MAX_BARS - 1)
        planned = self._outline[self._section] if self._section < len(self._outline) else 0
        rest = min(max(0, planned - number + 1), MAX_BARS - 1) if planned else 0
        section = 3 * min(self._section, MAX_SECTIONS - 1) + self._ending
        key = self._ticks * SLOTS + self._slot
        come = [before.get(key, 0) for before in self._before]
        if self._pending:
            after = (self._ticks + TICKS) * SLOTS
            come = [
                id or before.get(after, 0) for id, before in zip(come, self._before, strict=True)
            ]
        repeats = [2 * id + equal for id, equal in zip(come, self._equal, strict=True)]
        return (steps, left, closing, bar, number % PHRASE, rest, section, *repeats)
