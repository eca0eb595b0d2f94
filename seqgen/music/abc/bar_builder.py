"""The bars of a voice while it is parsed.

"Section" numbers are those of the ABC standard 2.1.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, NamedTuple

from seqgen.errors import TuneError
from seqgen.music.abc.lexer import BarLine
from seqgen.music.core.key import Key
from seqgen.music.core.meter import Meter
from seqgen.music.core.tune import Bar, Note

# Of two bar lines without a note between them, the later in this order counts.
BAR_LINE_STRENGTH = ("", "|", "||", "|]", ":|")


class NoteRef(NamedTuple):
    """Reference to a note that may still change."""

    notes: list[Note]
    position: int

    @property
    def note(self) -> Note:
        """The note as it is now."""
        return self.notes[self.position]

    def update(self, **values: Any) -> None:
        """Replace fields of the note."""
        self.notes[self.position] = self.note._replace(**values)

    def attach(self, **values: Any) -> None:
        """Replace fields of the note's `Attachments`."""
        self.update(attached=replace(self.note.attached, **values))


@dataclass
class BarBuilder:
    """A mutable `Bar`."""

    notes: list[Note] = field(default_factory=list)
    left: str = ""
    right: str = ""
    ending: str = ""
    key: Key | None = None
    meter: Meter | None = None
    tempo: float | None = None
    times: int = 2
    part: str = ""
    marks: list[str] = field(default_factory=list)
    overlays: list[list[Note]] = field(default_factory=list)

    @property
    def length(self) -> Fraction:
        """Sounding length in whole notes."""
        return total_length(self.notes)

    def build(self) -> Bar:
        """The finished bar."""
        return Bar(
            tuple(self.notes), self.left, self.right, self.ending, self.key, self.meter,
            self.tempo, self.times, self.part, tuple(dict.fromkeys(self.marks)),
            tuple(map(tuple, filter(None, self.overlays))),
        )  # fmt: skip

    def is_later_ending(self) -> bool:
        """Whether it belongs to an ending that is not played the first time."""
        return bool(self.ending) and "1" not in self.ending.split(",")


class VoiceBars:
    """The bars of a voice so far.

    Attributes:
        finished: The bars before the current one.
        current: The current bar.
        notes: Where the next note goes: the notes of the current bar, or of an overlay.
        signs: Accidentals in force, by letter or by step.
        marks: Directions that are not assigned to a bar yet; whether notes precede each in its bar.
        line_ends: Indices of the bars after which a line of the source ends.
        line_start: Index of the bar and of the note with which the current line begins.
    """

    def __init__(self, check: Callable[[], None]) -> None:
        """check: called before a bar or overlay ends; raises TuneError if it may not end there."""
        self._check = check
        self.finished: list[BarBuilder] = []
        self.current = BarBuilder()
        self.notes = self.current.notes
        self.signs: dict[int, int] = {}
        self.marks: list[tuple[str, bool]] = []
        self.line_ends: list[int] = []
        self.line_start = (0, 0)
        self._overlay_bar: int | None = None  # index of the bar that the overlay belongs to
        self._overlay_start: int | None = None  # bar in which "(&" was read
        self._repeat_times = 2  # times that the open repeat is played

    @property
    def has_music(self) -> bool:
        """Whether there is a note or rest."""
        return bool(self.finished or self.current.notes)

    def last_note(self) -> Note | None:
        """The note before the next one; None at the start of the voice or of an overlay."""
        if self.notes:
            return self.notes[-1]
        if self._overlay_bar is not None or not self.finished:
            return None
        return self.finished[-1].notes[-1]

    def last_ref(self) -> NoteRef | None:
        """Reference to `last_note`."""
        if self.notes:
            return NoteRef(self.notes, len(self.notes) - 1)
        if self._overlay_bar is not None or not self.finished:
            return None
        return NoteRef(self.finished[-1].notes, len(self.finished[-1].notes) - 1)

    def line_notes(self) -> Iterator[tuple[int, NoteRef]]:
        """The notes of the last line, without rests, each with the index of its bar."""
        first, start = self.line_start
        for number, bar in enumerate([*self.finished[first:], self.current], start=first):
            for position in range(start if number == first else 0, len(bar.notes)):
                if bar.notes[position].pitches:
                    yield number, NoteRef(bar.notes, position)

    def add_mark(self, mark: str) -> None:
        """Add a direction to the player: segno and coda precede a bar, others follow it."""
        self.marks.append((mark, bool(self.current.notes)))

    def place_marks(self, at_line: bool) -> None:
        """Assign the pending directions to bars, at the next note or at a bar line."""
        marks, self.marks = self.marks, []
        for mark, within in marks:
            if mark in ("segno", "coda"):
                if at_line and within:
                    self.marks.append((mark, False))  # belongs to the next bar
                else:
                    self.current.marks.append("dacoda" if within and mark == "coda" else mark)
            elif at_line and not within and not self.current.notes and self.finished:
                self.finished[-1].marks.append(mark)
            else:
                self.current.marks.append(mark)

    def bar_line(self, line: BarLine) -> None:
        """End the bar, or an overlay of an earlier one."""
        if self._overlay_bar is not None and self._overlay_bar < len(self.finished):
            self._begin_overlay(self._overlay_bar + 1)
            return
        self.place_marks(at_line=True)
        if self.current.notes or any(self.current.overlays):
            self.end_bar(line.right)
        elif self.finished:
            last = self.finished[-1]
            last.right = max(last.right, line.right, key=BAR_LINE_STRENGTH.index)
        if line.right == ":|" and self.finished:
            self.finished[-1].times = max(line.times, self._repeat_times)
            self._repeat_times = 2
        if line.right not in ("", "|") or line.opens:
            self.current.ending = ""  # section 4.9
        if line.opens:
            self.current.left = "|:"
            self._repeat_times = line.after

    def end_bar(self, right: str) -> None:
        """End the current bar, which has notes, with a bar line."""
        self._check()
        if not self.current.notes:
            self.current.overlays = [notes for notes in self.current.overlays if notes]
            self.current.notes = self.current.overlays.pop(0)
        self.current.right = right
        self.finished.append(self.current)
        self.current = BarBuilder(ending=self.current.ending)
        self.notes, self._overlay_bar = self.current.notes, None
        self.signs.clear()

    def lone_colon(self) -> None:
        """Read a ``:`` as a repeat sign that lost its stroke."""
        self.bar_line(BarLine(":|") if self.current.notes else BarLine("|", True))

    def begin_ending(self, numbers: str, bracket: bool) -> None:
        """Begin an ending; one without a bracket must follow a bar line."""
        if not bracket and (self.current.notes or not self.finished):
            raise TuneError("unreadable music")
        if self.current.notes:
            self.end_bar("")
        self.current.ending = numbers

    def begin_named_ending(self, numbers: str) -> None:
        """Begin an ending such as ``["last time"``; "" means the number of the next turn."""
        if not numbers:
            before = self.finished[-1].ending if self.finished else ""
            numbers = str(int(before.rpartition(",")[2]) + 1) if before else "1"
        self.begin_ending(numbers, True)

    def overlay(self, lexeme: str) -> None:
        """Go back by as many bar lines as there are ``&``, or to the ``(&`` (section 7.4)."""
        if lexeme == "(&":
            self._overlay_start = len(self.finished)
        elif lexeme.endswith(")"):
            self._overlay_start = None
        elif self._overlay_start is not None:
            self._begin_overlay(self._overlay_start)
        else:
            self._begin_overlay(max(0, len(self.finished) + 1 - len(lexeme)))

    def _begin_overlay(self, number: int) -> None:
        self._check()
        self._overlay_bar = number
        bar = self.finished[number] if number < len(self.finished) else self.current
        self.notes = []
        bar.overlays.append(self.notes)
        self.signs.clear()

    def begin_line(self) -> None:
        """A line of the source begins."""
        self.line_start = len(self.finished), len(self.current.notes)

    def end_line(self, full: Fraction, complete: bool) -> None:
        """A line of the source ends, and with it the bar if it is full.

        full: length of a bar in whole notes, 0 without a meter. complete: whether no tuplet or
        broken rhythm is open.
        """
        is_full = self.current.notes and full and self.current.length == full
        if is_full and self._overlay_bar is not None:
            is_full = total_length(self.notes) == full
        if is_full and complete:
            self.place_marks(at_line=True)
            self.end_bar("|")
        if self.finished and not self.current.notes:
            self.line_ends.append(len(self.finished) - 1)

    def finish(self, full: Fraction) -> None:
        """End the voice. full: length of a bar in its first meter, in whole notes."""
        self.place_marks(at_line=True)
        if self.current.notes or any(self.current.overlays):
            self.end_bar("")
        last = self.finished[-1].notes
        if last and last[-1].tied:
            last[-1] = last[-1]._replace(tied=False)
        open_repeats(self.finished, full)


def total_length(notes: list[Note]) -> Fraction:
    """Sounding length of notes in whole notes."""
    return sum((note.length for note in notes), Fraction(0))


def open_repeats(bars: list[BarBuilder], full: Fraction) -> None:
    """Add the ``|:`` of each ``:|`` without one: after the last repeat or double bar (4.8)."""
    section, repeating = 0, False
    for n, bar in enumerate(bars):
        if bar.left == "|:":
            section, repeating = n, True
        if bar.right == ":|":
            if not repeating and not bar.is_later_ending():
                bars[section + _has_lead_in(bars, section, n, full)].left = "|:"
            section, repeating = n + 1, False
        elif bar.right in ("||", "|]") and not repeating:
            section = n + 1


def _has_lead_in(bars: list[BarBuilder], first: int, last: int, full: Fraction) -> bool:
    """Whether a pickup precedes the missing ``|:`` of a repeat from ``first`` to ``last``.

    It does if the repeat ends with a full bar and full bars follow: with the pickup in the repeat,
    both places would be too long.
    """
    pickup = bars[first].length
    if not pickup < full == bars[last].length or first == last:
        return False
    while last + 1 < len(bars) and bars[last + 1].is_later_ending():
        last += 1
    after = bars[last + 1].length if last + 1 < len(bars) else Fraction(0)
    if bars[last].length == full:
        return after == full
    return bars[last].length == full - pickup and after in (0, pickup)
