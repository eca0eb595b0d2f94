"""Position features: the place of a token in its tune, and the tokens some bars before.

Real tunes repeat a quarter of their bars, most often after four or eight. To do so, a network with
tokens as its only input must count ticks and bars and remember hundreds of tokens. The lag features
extend those of Waite 2016, "Lookback RNN", one and two bars before.
"""

from collections.abc import Sequence
from typing import Any, Self

from seqgen.music.normal import tokens as symbols
from seqgen.music.normal.outline import read_line

# Distances of the lag features in bars.
LAGS = (1, 2, 4, 8)

STEP = 2  # ticks; every position is a multiple of it
MAX_STEPS = 200  # in a bar: one of 16 eighths, more than any usual meter has
MAX_BARS = 33
PHRASE = 8  # bars of most sections, and of which the others have a multiple or a half
MAX_SECTIONS = 6
SLOTS = 5  # tokens that are distinguished at one position of a bar

# Effects of tokens on the position.
HEADER, OUTLINE, OTHER, NOTE, LENGTH, TRIPLE, LINE = range(7)


Role = tuple[int, Any]
"""Effect of a token, and its value: ticks, the bar line, or the bars of an outline."""


def feature_sizes(vocab: int) -> tuple[int, ...]:
    """The number of values of each feature of a `PositionTracker`.

    vocab: size of the vocabulary.
    """
    steps = MAX_STEPS + 1
    bars = MAX_BARS, PHRASE, MAX_BARS
    return steps, steps, steps, *bars, 3 * MAX_SECTIONS, *[2 * vocab] * len(LAGS)


def roles(tokens: Sequence[str]) -> list[Role]:
    """The roles of the tokens of a vocabulary."""
    return [role(token) for token in tokens]


def role(token: str) -> Role:
    if token in symbols.PITCH_TOKENS or token == symbols.REST:
        return NOTE, 0
    if token in symbols.LENGTHS:
        return LENGTH, symbols.LENGTHS[token]
    if token == symbols.TRIPLET:
        return TRIPLE, 0
    if token in symbols.BARS:
        return LINE, token
    if token.startswith("M:"):
        beats, _, unit = token[2:].strip().partition("/")
        known = beats.isdecimal() and unit.isdecimal() and int(beats) * int(unit) > 0
        return HEADER, symbols.WHOLE * int(beats) // int(unit) if known else symbols.WHOLE
    if token.startswith("P:"):
        return OUTLINE, tuple(part.bars for part in read_line(token))
    return (HEADER if token.endswith("\n") else OTHER), 0


class PositionTracker:
    """The features of each token of a tune, grammatical or not.

    The last bar of a section and the pickup of the next one count as one bar.
    """

    def __init__(self, roles: Sequence[Role]) -> None:
        """roles: from `roles`; the token with id 0 is the boundary between tunes."""
        self._roles = roles
        self._clear()

    def _clear(self) -> None:
        self._length = symbols.WHOLE  # of a full bar
        self._ticks = 0  # position of the next note in the bar
        self._slot = 0  # tokens at this position so far
        self._pending = False  # whether a length may follow the last note
        self._triplet = 0  # notes of it that are missing
        self._outline: tuple[int, ...] = ()  # bars of each section
        self._pickup = 0  # ticks of the section's pickup, which its last bar lacks
        self._bar = 0  # index in the tune; a first pickup is bar 0
        self._begin = 0  # index of the section's first bar
        self._section = 0
        self._ending = 0
        self._ending_bar = 0  # index of the first ending's first bar
        self._bars: dict[int, dict[int, int]] = {0: {}}
        self._before: list[dict[int, int]] = [{} for _ in LAGS]
        self._equal = [False] * len(LAGS)  # whether the bars are equal so far

    def copy(self) -> Self:
        """An independent copy."""
        other = type(self)(self._roles)
        other.__dict__.update(self.__dict__)
        other._bars = {number: dict(bar) for number, bar in self._bars.items()}
        other._before = [other._bars.get(self._bar - lag, {}) for lag in LAGS]
        other._equal = list(self._equal)
        return other

    def push(self, id: int) -> tuple[int, ...]:
        """Add a token.

        Returns:
            Its features, each below the number of `feature_sizes`: steps since the beginning of the
            bar; steps to its end; steps to where the section may close in it; number of the bar in
            its section; the same in its phrase of eight; bars of the section that are left, this
            one included (0 without an outline); section and ending; and for each of `LAGS`, twice
            the id of the next token that many bars before (0 for none), plus 1 if the two bars are
            equal so far.
        """
        if id == 0:
            self._clear()
            return self._features()
        kind, value = self._roles[id]
        if kind == HEADER:
            self._length = int(value) or self._length
            return self._features()
        if kind == OUTLINE:
            self._outline = value
            return self._features()
        # The beginning of a repeat is not part of a bar that may be repeated.
        stored = value != symbols.REPEAT
        if stored:
            self._store(id)
        if self._pending and kind != LENGTH:
            self._move(symbols.TICKS)
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
        return self._features()

    def _store(self, id: int) -> None:
        key = self._ticks * SLOTS + self._slot
        for n, before in enumerate(self._before):
            if self._equal[n] and before.get(key) != id:
                self._equal[n] = False
        self._bars[self._bar][key] = id

    def _move(self, ticks: int) -> None:
        """Advance by the length of the pending note."""
        self._pending = False
        if self._triplet:
            ticks = ticks * 2 // 3
            self._triplet -= 1
        self._ticks = min(self._ticks + ticks, MAX_STEPS * STEP)
        self._slot = 0

    def _line(self, line: str) -> None:
        whole = self._ticks >= self._length
        if (
            whole
            or line in (symbols.BAR, symbols.FIRST)
            or (line == symbols.REPEAT and self._ticks and not self._bar)
        ):
            if not whole and not self._bar:
                self._begin = 1  # after a pickup or a lead-in
                self._pickup = self._ticks if line == symbols.BAR else 0
            self._go_to(self._bar + 1)
        if line == symbols.FIRST:
            self._ending, self._ending_bar = 1, self._bar
        elif line == symbols.SECOND:
            self._ending = 2
            self._go_to(self._ending_bar)
        elif line in (symbols.CLOSE, symbols.DOUBLE, symbols.FINAL):
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

    def _features(self) -> tuple[int, ...]:
        steps = self._ticks // STEP
        left = min(max(0, (self._length - self._ticks) // STEP), MAX_STEPS)
        closing = max(0, left - self._pickup // STEP)
        # A pickup precedes bar 1 of its section.
        number = max(0, self._bar - self._begin + 1)
        bar = min(number, MAX_BARS - 1)
        planned = self._outline[self._section] if self._section < len(self._outline) else 0
        rest = min(max(0, planned - number + 1), MAX_BARS - 1) if planned else 0
        section = 3 * min(self._section, MAX_SECTIONS - 1) + self._ending
        key = self._ticks * SLOTS + self._slot
        lagged = [before.get(key, 0) for before in self._before]
        if self._pending:
            after = (self._ticks + symbols.TICKS) * SLOTS
            lagged = [
                id or before.get(after, 0) for id, before in zip(lagged, self._before, strict=True)
            ]
        repeats = [2 * id + equal for id, equal in zip(lagged, self._equal, strict=True)]
        return (steps, left, closing, bar, number % PHRASE, rest, section, *repeats)
