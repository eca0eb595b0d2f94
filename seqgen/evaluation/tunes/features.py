"""What of a tune is measured: its notes as they are heard, and its bars."""

from dataclasses import dataclass
from math import lcm

import numpy as np

from seqgen.music.core.key import SEMITONES, Key, tonic_semitone
from seqgen.music.core.tune import Bar, Note, Tune

TICKS = lcm(256, 5 * 7 * 9)
"""Of a whole note: down to a 256th, also in tuplets of 3, 5, 6, 7 and 9, all are whole numbers."""

SECTION_ENDS = (":|", "||", "|]")


@dataclass(frozen=True)
class Melody:
    """The notes of a tune in the order in which they are written, and its bars.

    A chord counts as its highest note, tied notes as one note, and rests are left out. Repeats are
    not played, so that nothing is counted twice.

    pitches: keys of the keyboard as semitones above the tonic below all of them, int64 [N]; a tune
        without a key is taken as one in C major.
    ticks: how long each note lasts, int64 [N].
    in_key: whether the key signature has the note, bool [N].
    ends: pitch of the last note of each section; a first ending closes no section.
    bars: of each full bar, pitch (None for a rest) and ticks of its notes, not joined by ties. What
        is shorter than the meter asks, such as a pickup, is left out.
    """

    pitches: np.ndarray
    ticks: np.ndarray
    in_key: np.ndarray
    ends: tuple[int, ...]
    bars: tuple[tuple[tuple[int | None, int], ...], ...]

    @property
    def intervals(self) -> np.ndarray:
        """Semitones from each note to the next, int64 [N - 1]."""
        return np.diff(self.pitches)

    @property
    def rhythms(self) -> list[tuple[tuple[bool, int], ...]]:
        """Of each full bar, which of its notes are rests, and their ticks."""
        return [tuple((pitch is None, ticks) for pitch, ticks in bar) for bar in self.bars]

    @property
    def notes_per_bar(self) -> float:
        """Notes in a full bar, on average; 0 if there is none."""
        notes = sum(pitch is not None for bar in self.bars for pitch, _ in bar)
        return notes / max(1, len(self.bars))


def melody(tune: Tune) -> Melody:
    """What of a tune is measured."""
    key, meter = tune.key or Key(0), tune.meter
    tonic, scale = tonic_semitone(key), pitch_classes(key)
    pitches: list[int] = []
    ticks: list[int] = []
    in_key: list[bool] = []
    ends: list[int] = []
    bars = []
    held = False
    for place, bar in enumerate(tune.bars):
        meter = bar.meter or meter
        scale = pitch_classes(bar.key) if bar.key else scale
        notes = [
            (note.pitches[0].midi if note.pitches else None, length(note)) for note in bar.notes
        ]
        for (midi, lasts), note in zip(notes, bar.notes, strict=True):
            if midi is not None and held and midi - tonic == pitches[-1]:
                ticks[-1] += lasts
            elif midi is not None:
                pitches.append(midi - tonic)
                ticks.append(lasts)
                in_key.append(midi % 12 in scale)
            held = note.tied and midi is not None
        if pitches and ends_section(tune.bars, place):
            ends.append(pitches[-1])
        if notes and sum(lasts for _, lasts in notes) >= meter.length * TICKS:
            bars.append(tuple(notes))
    return Melody(
        np.array(pitches, np.int64),
        np.array(ticks, np.int64),
        np.array(in_key, bool),
        tuple(ends),
        tuple(bars),
    )


def pitch_classes(key: Key) -> frozenset[int]:
    """The seven that a signature has, 0 for C to 11."""
    signature = zip(SEMITONES, key.signature, strict=True)
    return frozenset((semitones + alter) % 12 for semitones, alter in signature)


def length(note: Note) -> int:
    """In ticks; what is finer than a tick, which no book has, is rounded."""
    numerator, denominator = note.written.numerator * TICKS, note.written.denominator
    if note.tuplet:
        numerator, denominator = numerator * note.tuplet.normal, denominator * note.tuplet.actual
    return round(numerator / denominator)


def ends_section(bars: tuple[Bar, ...], place: int) -> bool:
    """Whether a bar is the last of a section: not where another ending comes after it."""
    if place + 1 == len(bars):
        return True
    bar, after = bars[place], bars[place + 1]
    return bar.right in SECTION_ENDS and not (bar.ending and after.ending)
