"""What a tune is, once it is read: voices of bars of notes, in the order in which they are written.

"Section" numbers are those of the ABC standard 2.1.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from seqgen.music.core.key import Key, Pitch
from seqgen.music.core.meter import Meter


class Tuplet(NamedTuple):
    """A tuplet of ``notes`` notes, ``actual`` in the time of ``normal``; place: from 0."""

    actual: int
    normal: int
    notes: int
    place: int


@dataclass(frozen=True)
class Attachments:
    """What is written at a note besides its pitches and its length; none of it is learned.

    chord_symbol: such as ``"Am7"`` (4.18). annotations: texts, each with its placement sign
        ``^ _ < > @`` in front (4.19).
    decorations: by their names between ``!`` signs (4.14): ``"trill"``, ``"fermata"``, ``"upbow"``.
    grace: the notes of a grace group before the note (4.12); acciaccatura: it has a slash.
    slurs_begin, slurs_end: how many slurs begin before the note and end after it (4.11).
    lyrics: the syllable of each verse, from the first (section 5); None where a verse has none. A
        trailing ``-`` joins it to the next syllable, a trailing ``_`` holds it.
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
    """A note, a chord, or a rest.

    pitches: the highest first; none for a rest.
    written: its length as it looks, in whole notes; `length` is how long it lasts.
    tied: it goes on into the next note, which has the same pitches.
    invisible: a rest that is not drawn (``x``).
    """

    pitches: tuple[Pitch, ...]
    written: Fraction
    tied: bool = False
    tuplet: Tuplet | None = None
    attached: Attachments = PLAIN
    invisible: bool = False

    @property
    def length(self) -> Fraction:
        """How long it lasts, in whole notes."""
        return sounding_length(self.written, self.tuplet)


def sounding_length(written: Fraction, tuplet: Tuplet | None) -> Fraction:
    """How long a note of a written length lasts, in whole notes."""
    return written if tuplet is None else written * Fraction(tuplet.normal, tuplet.actual)


class TiedNotes(NamedTuple):
    """Notes that ties join into one. bar: number of the bar in which they begin, from 0."""

    bar: int
    notes: list[Note]

    @property
    def midi(self) -> int:
        """MIDI number of their highest pitch."""
        return self.notes[0].pitches[0].midi


@dataclass(frozen=True)
class Bar:
    """The notes between two bar lines, which may be fewer than the meter asks for.

    left: ``"|:"`` where a repeat begins, else ``""``.
    right: ``"|"``, ``"||"``, ``"|]"``, or ``":|"`` where a repeat ends.
    ending: of which ending it is a part, ``"1"``, ``"2"`` or ``"1,3"``; ``""`` outside of endings.
    key, meter: changes that begin here. tempo: the same, in quarter notes a minute.
    times: how often a repeat that ends here is played: 2, or 3 for ``::|`` (4.8).
    part: label of the part that begins here (``P:A``), else ``""``.
    marks: decorations that direct the player: ``"segno"``, ``"coda"`` before the bar; ``"fine"``,
        ``"D.C."``, ``"D.S."``, ``"D.C.alfine"``, ``"D.S.alcoda"``, ``"dacoda"``, ... behind it.
    overlays: voices of the same bar that sound beside `notes` (``&``, 7.4).
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
        """How long it lasts, in whole notes."""
        return sum((note.length for note in self.notes), Fraction(0))


class Clef(NamedTuple):
    """A clef (4.6).

    shape: ``"G"``, ``"F"``, ``"C"``, or ``"perc"``. line: of the staff, from 1 at the bottom.
    octave: by how many octaves the notes sound higher than they are drawn; -1 for ``treble-8``.
    """

    shape: str = "G"
    line: int = 2
    octave: int = 0


TREBLE = Clef()


def join_ties(bars: Iterable[Bar]) -> list[TiedNotes]:
    """Join the tied notes of a melody, in the order in which it is written.

    A chord counts as its highest note, and rests are left out. Sound has a rule of its own
    (`seqgen.music.render.performance`), because there each pitch of a chord is tied by itself.
    """
    found: list[TiedNotes] = []
    tied = False
    for number, bar in enumerate(bars):
        for note in bar.notes:
            if note.pitches and tied and note.pitches[0].midi == found[-1].midi:
                found[-1].notes.append(note)
            elif note.pitches:
                found.append(TiedNotes(number, [note]))
            tied = note.tied and bool(note.pitches)
    return found


@dataclass(frozen=True)
class Voice:
    """One of a tune's voices (section 7).

    bars: as long as those of the other voices where the source says so.
    name: behind ``V:``. label: what stands before its staff (``name=``), or "".
    transpose: semitones by which it sounds higher than it is written.
    lines: numbers of the bars, from 0, after which its source begins a new line.
    """

    bars: tuple[Bar, ...]
    name: str = ""
    label: str = ""
    clef: Clef = TREBLE
    transpose: int = 0
    lines: tuple[int, ...] = ()


@dataclass(frozen=True)
class Tune:
    """A tune: its first voice, and what it says of itself.

    number: behind ``X:``. title: the first of its ``T:`` lines, or "".
    rhythm: what its book calls it, in lower case (``"slip jig"``); "" where it says nothing.
    key: None where the tune says none: every note is then as it is written.
    tempo: quarter notes a minute, where the tune says so.
    lines: numbers of the bars, from 0, after which its source begins a new line.
    voice, label, clef, transpose: of the first voice, as in `Voice`. voices: the others.
    subtitles: the other ``T:`` lines. composer: ``C:``. tempo_text: the words of ``Q:``.
    meter_sign: ``"C"`` or ``"C|"`` where the meter is written as that sign, else "".
    part_order: labels of the parts in the order of playing (``P:AABA``); empty where none is given.
    words: the lines of ``W:``, printed below the tune.
    left_out: how many of each kind of thing the reader dropped: ``{"symbol line": 2}``.
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
