"""Extract the features of a tune that metrics are computed from: sounding notes and bars."""

from dataclasses import dataclass
from math import lcm

import numpy as np

from seqgen.music.core.key import SEMITONES, Key, tonic_semitone
from seqgen.music.core.tune import Bar, Note, Tune, join_ties

TICKS = lcm(256, 5 * 7 * 9)
"""Ticks of a whole note: lengths down to a 256th, also in tuplets of 3 to 9, are integers."""

SECTION_ENDS = (":|", "||", "|]")

BarNotes = tuple[tuple[int | None, int], ...]
"""Pitch (None for a rest) and ticks of each note of a bar, not joined by ties."""


@dataclass(frozen=True)
class Melody:
    """The notes of a tune in written order, and its bars.

    A chord counts as its highest note, tied notes as one note, and rests are left out. Repeats are
    not expanded, so that nothing is counted twice.

    Attributes:
        pitches: Semitones above the lowest tonic, int64 [N]; C if the tune has no key.
        ticks: Length of each note, int64 [N].
        in_key: Whether the key signature contains the note, bool [N].
        ends: Pitch of the last note of each section; a first ending does not end a section.
        bars: The full bars. Bars shorter than the meter, such as a pickup, are left out.
        sections: The bars of each section as it is played last, without its pickup and without a
            first ending. Rests count as bars, and the last bar may be short.
        lowest, highest: MIDI numbers of the extreme notes as written; 0 without notes.
    """

    pitches: np.ndarray
    ticks: np.ndarray
    in_key: np.ndarray
    ends: tuple[int, ...]
    bars: tuple[BarNotes, ...]
    sections: tuple[tuple[BarNotes, ...], ...]
    lowest: int
    highest: int

    @property
    def has_inner_rest(self) -> bool:
        """Whether a rest stands elsewhere than in the last bar of a section."""
        bars = (bar for section in self.sections for bar in section[:-1])
        return any(pitch is None for bar in bars for pitch, _ in bar)

    @property
    def intervals(self) -> np.ndarray:
        """Semitones from each note to the next, int64 [N - 1]."""
        return np.diff(self.pitches)

    @property
    def rhythms(self) -> list[tuple[tuple[bool, int], ...]]:
        """Whether each note of each full bar is a rest, and its ticks."""
        return [tuple((pitch is None, ticks) for pitch, ticks in bar) for bar in self.bars]

    @property
    def notes_per_bar(self) -> float:
        """Mean number of notes in a full bar; 0 without full bars."""
        notes = sum(pitch is not None for bar in self.bars for pitch, _ in bar)
        return notes / max(1, len(self.bars))


def melody(tune: Tune) -> Melody:
    """Extract the features of a tune."""
    key, meter = tune.key or Key(0), tune.meter
    tonic, scale = tonic_semitone(key), _pitch_classes(key)
    joined = join_ties(tune.bars)
    scales: list[frozenset[int]] = []
    ends: list[int] = []
    bars: list[BarNotes] = []
    sections: list[tuple[BarNotes, ...]] = []
    section: list[BarNotes] = []
    for number, bar in enumerate(tune.bars):
        meter = bar.meter or meter
        scale = _pitch_classes(bar.key) if bar.key else scale
        scales.append(scale)
        notes = tuple(
            (note.pitches[0].midi if note.pitches else None, ticks_of(note)) for note in bar.notes
        )
        full = sum(duration for _, duration in notes) >= meter.length * TICKS
        if notes and full:
            bars.append(notes)
        if notes and (full or section) and bar.ending != "1":
            section.append(notes)
        if _ends_section(tune.bars, number):
            sounded = [tied.midi - tonic for tied in joined if tied.bar <= number]
            ends += sounded[-1:]
            sections.append(tuple(section))
            section = []
    midi = [tied.midi for tied in joined]
    ticks = [sum(map(ticks_of, tied.notes)) for tied in joined]
    in_key = [tied.midi % 12 in scales[tied.bar] for tied in joined]
    return Melody(
        np.array(midi, np.int64) - tonic,
        np.array(ticks, np.int64),
        np.array(in_key, bool),
        tuple(ends),
        tuple(bars),
        tuple(filter(None, sections)),
        min(midi, default=0),
        max(midi, default=0),
    )


def _pitch_classes(key: Key) -> frozenset[int]:
    """The seven pitch classes of a key signature, 0 (C) to 11."""
    signature = zip(SEMITONES, key.signature, strict=True)
    return frozenset((semitones + alter) % 12 for semitones, alter in signature)


def ticks_of(note: Note) -> int:
    """Return the length of a note in ticks, rounded."""
    numerator, denominator = note.written.numerator * TICKS, note.written.denominator
    if note.tuplet:
        numerator, denominator = numerator * note.tuplet.normal, denominator * note.tuplet.actual
    return round(numerator / denominator)


def _ends_section(bars: tuple[Bar, ...], number: int) -> bool:
    """Whether a bar ends a section; a bar before a further ending does not."""
    if number + 1 == len(bars):
        return True
    bar, after = bars[number], bars[number + 1]
    return bar.right in SECTION_ENDS and not (bar.ending and after.ending)
