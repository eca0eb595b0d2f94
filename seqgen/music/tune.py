"""What a tune is, once it is read: bars of notes, in the order in which they are written."""

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from seqgen.music.key import Key, Pitch


class Meter(NamedTuple):
    """A meter: ``beats`` notes of a ``unit``-th each; 0 beats for a tune without one."""

    beats: int
    unit: int

    @property
    def length(self) -> Fraction:
        """Of a full bar, in whole notes; 0 without a meter."""
        return Fraction(self.beats, self.unit)

    def __str__(self) -> str:
        return f"{self.beats}/{self.unit}" if self.beats else "none"


class Tuplet(NamedTuple):
    """A tuplet of ``notes`` notes, ``actual`` in the time of ``normal``; place: from 0."""

    actual: int
    normal: int
    notes: int
    place: int


class Note(NamedTuple):
    """A note, a chord, or a rest.

    pitches: the highest first; none for a rest.
    written: its length as it looks, in whole notes; `length` is how long it lasts.
    tied: it goes on into the next note, which has the same pitches.
    """

    pitches: tuple[Pitch, ...]
    written: Fraction
    tied: bool = False
    tuplet: Tuplet | None = None

    @property
    def length(self) -> Fraction:
        """How long it lasts, in whole notes."""
        if self.tuplet is None:
            return self.written
        return self.written * Fraction(self.tuplet.normal, self.tuplet.actual)


@dataclass(frozen=True)
class Bar:
    """The notes between two bar lines, which may be fewer than the meter asks for.

    left: ``"|:"`` where a repeat begins, else ``""``.
    right: ``"|"``, ``"||"``, ``"|]"``, or ``":|"`` where a repeat ends.
    ending: of which ending it is a part, ``"1"``, ``"2"`` or ``"1,3"``; ``""`` outside of endings.
    key, meter: changes that begin here.
    """

    notes: tuple[Note, ...]
    left: str = ""
    right: str = "|"
    ending: str = ""
    key: Key | None = None
    meter: Meter | None = None

    @property
    def length(self) -> Fraction:
        """How long it lasts, in whole notes."""
        return sum((note.length for note in self.notes), Fraction(0))


@dataclass(frozen=True)
class Tune:
    """A tune of one voice.

    number: behind ``X:``. title: the first of its ``T:`` lines, or "".
    rhythm: what its book calls it, in lower case (``"slip jig"``); "" where it says nothing.
    key: None where the tune says none: every note is then as it is written.
    tempo: quarter notes a minute, where the tune says so.
    lines: numbers of the bars, from 0, after which its source begins a new line.
    """

    bars: tuple[Bar, ...]
    meter: Meter
    key: Key | None
    rhythm: str = ""
    number: int = 1
    title: str = ""
    tempo: float | None = None
    lines: tuple[int, ...] = ()
