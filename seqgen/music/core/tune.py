"""Tunes: voices of bars of notes, as written.

"Section" numbers are those of the ABC standard 2.1.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from seqgen.music.core.key import Key, Pitch
from seqgen.music.core.meter import Meter


class Tuplet(NamedTuple):
    """A tuplet of ``notes`` notes, ``actual`` in the time of ``normal``; place: index in it."""

    actual: int
    normal: int
    notes: int
    place: int


@dataclass(frozen=True)
class Attachments:
    """What a note has besides pitches and length; models do not see it.

    Attributes:
        chord_symbol: Such as ``"Am7"`` (4.18).
        annotations: Texts after a placement sign, ``^ _ < > @`` (4.19).
        decorations: Names as between ``!`` signs (4.14): ``"trill"``, ``"fermata"``, ``"upbow"``.
        grace: Grace notes before the note (4.12).
        acciaccatura: Whether the grace notes have a slash.
        slurs_begin, slurs_end: Number of slurs that begin with the note and end with it (4.11).
        lyrics: The syllable of each verse (section 5), or None. A final ``-`` joins it to the next
            syllable, a final ``_`` holds it.
    """

    chord_symbol: str = ""
    annotations: tuple[str, ...] = ()
    decorations: tuple[str, ...] = ()
    grace: "tuple[Note, ...]" = ()
    acciaccatura: bool = False
    slurs_begin: int = 0
    slurs_end: int = 0
    lyrics: tuple[str | None, ...] = ()


PLAIN = Attachments()


class Note(NamedTuple):
    """A note, chord or rest.

    Attributes:
        pitches: The highest first; none for a rest.
        written: Notated length in whole notes.
        tied: Whether it is tied to the next note, which has the same pitches.
        invisible: Whether it is a rest that is not drawn (``x``).
    """

    pitches: tuple[Pitch, ...]
    written: Fraction
    tied: bool = False
    tuplet: Tuplet | None = None
    attached: Attachments = PLAIN
    invisible: bool = False

    @property
    def length(self) -> Fraction:
        """Sounding length in whole notes."""
        return sounding_length(self.written, self.tuplet)


def sounding_length(written: Fraction, tuplet: Tuplet | None) -> Fraction:
    """The sounding length of a note in whole notes."""
    return written if tuplet is None else written * Fraction(tuplet.normal, tuplet.actual)


class TiedNotes(NamedTuple):
    """A note and the notes tied to it. bar: index of the bar in which it begins."""

    bar: int
    notes: list[Note]

    @property
    def midi(self) -> int:
        """MIDI number of their highest pitch."""
        return self.notes[0].pitches[0].midi


@dataclass(frozen=True)
class Bar:
    """The notes between two bar lines, not necessarily a full bar.

    Attributes:
        left: ``"|:"`` if a repeat begins, else "".
        right: ``"|"``, ``"||"``, ``"|]"``, or ``":|"`` if a repeat ends.
        ending: ``"1"``, ``"2"`` or ``"1,3"`` within an ending, else "".
        key, meter, tempo: Changes that begin here; tempo in quarter notes a minute.
        times: Times that a repeat that ends here is played: 2, or 3 for ``::|`` (4.8).
        part: Label of the part that begins here (``P:A``), else "".
        marks: Directions to the player: ``"segno"`` and ``"coda"`` before the bar; ``"fine"``,
            ``"D.C."``, ``"D.S."``, ``"D.C.alfine"``, ``"D.S.alcoda"``, ``"dacoda"``, ... after it.
        overlays: Further voices of the bar (``&``, 7.4).
    """

    notes: tuple[Note, ...]
    left: str = ""
    right: str = "|"
    ending: str = ""
    key: Key | None = None
    meter: Meter | None = None
    tempo: float | None = None
    times: int = 2
    part: str = ""
    marks: tuple[str, ...] = ()
    overlays: tuple[tuple[Note, ...], ...] = ()

    @property
    def length(self) -> Fraction:
        """Sounding length in whole notes."""
        return sum((note.length for note in self.notes), Fraction(0))


class Clef(NamedTuple):
    """A clef (4.6).

    Attributes:
        shape: ``"G"``, ``"F"``, ``"C"``, or ``"perc"``.
        line: Line of the staff, from 1 at the bottom.
        octave: Octaves by which notes sound higher than they are drawn; -1 for ``treble-8``.
    """

    shape: str = "G"
    line: int = 2
    octave: int = 0


TREBLE = Clef()


def join_ties(bars: Iterable[Bar]) -> list[TiedNotes]:
    """Join the tied notes of a melody, in written order.

    A chord counts as its highest note, and rests are skipped. `seqgen.music.render.performance`
    joins differently: each pitch of a chord separately.
    """
    joined: list[TiedNotes] = []
    tied = False
    for number, bar in enumerate(bars):
        for note in bar.notes:
            if note.pitches and tied and note.pitches[0].midi == joined[-1].midi:
                joined[-1].notes.append(note)
            elif note.pitches:
                joined.append(TiedNotes(number, [note]))
            tied = note.tied and bool(note.pitches)
    return joined


def meter_at(tune: "Tune", index: int) -> Meter:
    """The meter of a bar of the first voice."""
    changes = [bar.meter for bar in tune.bars[: index + 1] if bar.meter]
    return changes[-1] if changes else tune.meter


@dataclass(frozen=True)
class Voice:
    """A voice of a tune (section 7).

    Attributes:
        name: Value of its ``V:`` field.
        label: Name printed before its staff (``name=``), or "".
        transpose: Semitones by which it sounds higher than it is written.
        lines: Indices of the bars after which its source begins a new line.
    """

    bars: tuple[Bar, ...]
    name: str = ""
    label: str = ""
    clef: Clef = TREBLE
    transpose: int = 0
    lines: tuple[int, ...] = ()


@dataclass(frozen=True)
class Tune:
    """A tune: its first voice, and its header.

    Attributes:
        key: None if not stated.
        rhythm: Type of the tune in lower case (``"slip jig"``); "" if not stated.
        number: Value of ``X:``.
        title: The first ``T:`` line, or "".
        tempo: Quarter notes a minute, if stated.
        bars, lines, voice, label, clef, transpose: Of the first voice, as in `Voice`.
        voices: The other voices.
        subtitles: The other ``T:`` lines.
        tempo_text: The words of ``Q:``.
        meter_sign: ``"C"`` or ``"C|"`` if the meter is written as a sign, else "".
        part_order: Labels of the parts in the order of playing (``P:AABA``), if stated.
        words: The lines of ``W:``, printed below the tune.
        left_out: Number of things of each kind that the parser dropped: ``{"symbol line": 2}``.
    """

    bars: tuple[Bar, ...]
    meter: Meter
    key: Key | None
    rhythm: str = ""
    number: int = 1
    title: str = ""
    tempo: float | None = None
    lines: tuple[int, ...] = ()
    voice: str = ""
    label: str = ""
    clef: Clef = TREBLE
    transpose: int = 0
    voices: tuple[Voice, ...] = ()
    subtitles: tuple[str, ...] = ()
    composer: str = ""
    tempo_text: str = ""
    meter_sign: str = ""
    part_order: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict, hash=False)

    @property
    def all_voices(self) -> tuple[Voice, ...]:
        """All voices, the first included."""
        first = Voice(self.bars, self.voice, self.label, self.clef, self.transpose, self.lines)
        return (first, *self.voices)

    def all_notes(self) -> Iterator[Note]:
        """The notes of all voices, overlays included."""
        for voice in self.all_voices:
            for bar in voice.bars:
                yield from bar.notes
                for notes in bar.overlays:
                    yield from notes


@dataclass(frozen=True)
class NormalTune(Tune):
    """A tune in normal form (`seqgen.music.normal.normalize`), which always has a key."""

    key: Key
