"""Position features: the place of a token in its tune, and the tokens some bars before.

Real tunes repeat a third of their bars, most often after four or eight. To do so, a network with
tokens as its only input must count ticks and bars and remember hundreds of tokens. The lag features
extend those of Waite 2016, "Lookback RNN", one and two bars before. Other features repeat what the
header states (`seqgen.music.normal.outline`) where it matters.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from seqgen.music.normal import tokens as symbols
from seqgen.music.normal.outline import FINAL, HIGHEST, LOWEST, PART, read_parts

# Distances of the lag features in bars.
LAGS = (1, 2, 4, 8)
FURTHER_LAGS = (12, 16)  # of tunes with copy marks

STEP = 2  # ticks; every position is a multiple of it
MAX_STEPS = 200  # in a bar: one of 16 eighths, more than any usual meter has
MAX_BARS = 33
PHRASE = 8  # bars of most sections, and of which the others have a multiple or a half
MAX_SECTIONS = 6
SLOTS = 5  # tokens that are distinguished at one position of a bar
LETTERS = tuple(symbols.NATURALS)  # from the lowest to the highest

# Effects of tokens on the position.
HEADER, SECTIONS, CLOSING, LOW, HIGH, OTHER, NOTE, LENGTH, TRIPLE, TIED, LINE, COPY = range(12)


Role = tuple[int, Any]
"""Effect of a token, and its value: ticks, the bar line, the sections, a letter, a distance."""


def feature_sizes(vocab: int, outline: bool) -> tuple[int, ...]:
    """The number of values of each feature of a `PositionTracker`.

    Args:
        vocab: Size of the vocabulary.
        outline: Whether it has an outline (`has_outline`).
    """
    steps = MAX_STEPS + 1
    bars = MAX_BARS, PHRASE, MAX_BARS
    sizes = steps, steps, steps, *bars, 3 * MAX_SECTIONS, *[2 * vocab] * len(LAGS)
    if not outline:
        return sizes
    letters = [len(LETTERS) + 1] * 3
    return (*sizes, *[2 * vocab] * len(FURTHER_LAGS), vocab, vocab, *letters, MAX_SECTIONS + 1)


def has_outline(pieces: Sequence[str]) -> bool:
    """Whether tunes of a vocabulary state their final notes, as all that are trained today do."""
    return f"{FINAL}:?\n" in pieces


# Columns after the token's id whose values change when a tune is transposed.
_LAG_COLUMNS = slice(8, 8 + len(LAGS))
_FURTHER_COLUMNS = slice(12, 12 + len(FURTHER_LAGS))
_COPIED_COLUMN = 14
_LETTER_COLUMNS = slice(16, 19)


def transpose_rows(
    rows: np.ndarray, tables_MV: np.ndarray, moves: np.ndarray, letters: np.ndarray
) -> None:
    """Transpose ids and features of tokens in place.

    Args:
        rows: Ids and features, integers [..., 1 + F].
        tables_MV: For each transposition, the id of each token after it.
        moves: The transposition of each row, [...].
        letters: The number of letters that each row moves up, [...].
    """
    moves = moves[..., None]
    rows[..., :1] = tables_MV[moves, rows[..., :1]]
    for columns in (_LAG_COLUMNS, _FURTHER_COLUMNS):
        lagged = rows[..., columns]
        lagged[:] = 2 * tables_MV[moves, lagged // 2] + lagged % 2
    if rows.shape[-1] > _COPIED_COLUMN:
        copied = rows[..., _COPIED_COLUMN : _COPIED_COLUMN + 1]
        copied[:] = tables_MV[moves, copied]
        steps = rows[..., _LETTER_COLUMNS]
        there = np.clip(steps + letters[..., None], 1, len(LETTERS))
        steps[:] = np.where(steps > 0, there, 0)


def roles(tokens: Sequence[str]) -> list[Role]:
    """The roles of the tokens of a vocabulary."""
    return [role(token) for token in tokens]


def role(token: str) -> Role:
    if token in symbols.PITCH_TOKENS:
        return NOTE, LETTERS.index(token.lstrip("_=^")) + 1
    if token == symbols.REST:
        return NOTE, 0
    if token in symbols.LENGTHS:
        return LENGTH, symbols.LENGTHS[token]
    if token == symbols.TRIPLET:
        return TRIPLE, 0
    if token == symbols.TIE:
        return TIED, 0
    if token in symbols.BARS:
        return LINE, token
    if token in symbols.COPIES:
        return COPY, symbols.COPIES[token]
    if token.startswith("M:"):
        beats, _, unit = token[2:].strip().partition("/")
        known = beats.isdecimal() and unit.isdecimal() and int(beats) * int(unit) > 0
        return HEADER, symbols.WHOLE * int(beats) // int(unit) if known else symbols.WHOLE
    if token.startswith(f"{PART}:"):
        return SECTIONS, tuple(part.bars for part in read_parts(token))
    if token.startswith(f"{FINAL}:"):
        return CLOSING, 0
    if token.startswith((f"{LOWEST}:", f"{HIGHEST}:")):
        letter = token[2:].strip()
        number = LETTERS.index(letter) + 1 if letter in LETTERS else 0
        return (LOW if token.startswith(LOWEST) else HIGH), number
    return (HEADER if token.endswith("\n") else OTHER), 0


class PositionTracker:
    """The features of each token of a tune, grammatical or not.

    The last bar of a section and the pickup of the next one count as one bar.

    Attributes:
        copy_ends: Whether the latest token was the last of a bar that a copy mark names.
    """

    def __init__(self, pieces: Sequence[str]) -> None:
        """pieces: the vocabulary; the token with id 0 is the boundary between tunes."""
        self._roles = roles(pieces)
        self._lags = (*LAGS, *FURTHER_LAGS) if has_outline(pieces) else LAGS
        self._has_outline = has_outline(pieces)
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
        self._before: list[dict[int, int]] = [{} for _ in self._lags]
        self._equal = [False] * len(self._lags)  # whether the bars are equal so far
        self._finals: tuple[int, ...] = ()  # ids of their header lines
        self._low = self._high = self._last = 0  # letters from 1; 0 for unknown
        self._tied = False
        self._notes: dict[int, list[int]] = {0: []}  # of the bars that may be copied
        self._recording = True  # whether the current bar began at a bar line
        self._copied: list[int] = []  # what is left of the bar that a copy mark names, reversed
        self.copy_ends = False

    def copy(self) -> Self:
        """An independent copy."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._bars = {number: dict(bar) for number, bar in self._bars.items()}
        other._before = [other._bars.get(self._bar - lag, {}) for lag in self._lags]
        other._equal = list(self._equal)
        other._notes = {number: list(notes) for number, notes in self._notes.items()}
        other._copied = list(self._copied)
        return other

    def copies(self) -> dict[int, tuple[int, ...]]:
        """The bars that a copy mark may name next: the ids of their notes, by the distance.

        Empty elsewhere than at the beginning of a bar.
        """
        if self._ticks or self._slot or self._pending or self._tied or not self._recording:
            return {}
        bars = {d: self._notes.get(self._bar - d) for d in symbols.COPY_DISTANCES}
        return {distance: tuple(notes) for distance, notes in bars.items() if notes}

    @property
    def copied(self) -> int:
        """The next token of the bar that is copied; 0 if none is."""
        return self._copied[-1] if self._copied else 0

    def push(self, id: int) -> tuple[int, ...]:
        """Add a token.

        Returns:
            Its features, each below the number of `feature_sizes`: steps since the beginning of the
            bar; steps to its end; steps to where the section may close in it; number of the bar in
            its section; the same in its phrase of eight; bars of the section that are left, this
            one included (0 without an outline); section and ending; and for each of `LAGS`, twice
            the id of the next token that many bars before (0 for none), plus 1 if the two bars are
            equal so far. For vocabularies with final notes also: the same for `FURTHER_LAGS`; the
            next token of the bar that is copied; the line of the section's final note; the lowest
            letter, the highest one and that of the last note, from 1; sections that are left, this
            one included.
        """
        if id == 0:
            self._clear()
            return self._features()
        kind, value = self._roles[id]
        if kind in (HEADER, SECTIONS, CLOSING, LOW, HIGH):
            self._push_header(id, kind, value)
        elif kind == COPY:
            self._copied = list(reversed(self.copies().get(value, ())))
        else:
            self._push_music(id, kind, value)
        return self._features()

    def _push_header(self, id: int, kind: int, value: Any) -> None:
        if kind == HEADER:
            self._length = int(value) or self._length
        elif kind == SECTIONS:
            self._outline += value
        elif kind == CLOSING:
            self._finals += (id,)
        elif kind == LOW:
            self._low = value
        else:
            self._high = value

    def _push_music(self, id: int, kind: int, value: Any) -> None:
        if kind != LINE and self._recording:
            self._notes[self._bar].append(id)
        copies = bool(id) and self.copied == id
        self._copied = self._copied[:-1] if copies else []
        self.copy_ends = copies and not self._copied
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
            self._last = value or self._last
        if kind != LINE:
            self._tied = kind == TIED
        if kind == LENGTH and self._pending:
            self._move(int(value))
        elif kind == LINE:
            self._line(str(value))
        else:
            self._slot = min(self._slot + 1, SLOTS - 1)
            if kind == TRIPLE:
                self._triplet = 3

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
                self._notes.pop(0, None)
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
            # The pickup that completes the bar is not part of it.
            self._recording = not self._ticks

    def _go_to(self, number: int) -> None:
        self._bar = number
        self._ticks = self._slot = self._triplet = 0
        self._bars[number], self._notes[number] = {}, []
        self._recording = True
        self._before = [self._bars.get(number - lag, {}) for lag in self._lags]
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
        features = (steps, left, closing, bar, number % PHRASE, rest, section, *repeats)
        if not self._has_outline:
            return features
        final = self._finals[self._section] if self._section < len(self._finals) else 0
        sections = min(max(0, len(self._outline) - self._section), MAX_SECTIONS)
        letters = self._low, self._high, self._last
        return (*features, self.copied, final, *letters, sections)
