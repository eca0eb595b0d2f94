"""Meters, and how the notes of a bar are grouped by beat."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate
from typing import NamedTuple, Protocol

_HALF, _QUARTER, _EIGHTH = Fraction(1, 2), Fraction(1, 4), Fraction(1, 8)
# Units of each beat group in bars that cannot be divided evenly.
_UNEVEN = {5: (3, 2), 7: (2, 2, 3)}


class Meter(NamedTuple):
    """A meter: ``beats`` notes of a ``unit``-th each; 0 beats for a tune without a meter."""

    beats: int
    unit: int

    @property
    def length(self) -> Fraction:
        """Length of a full bar in whole notes; 0 without a meter."""
        return Fraction(self.beats, self.unit)

    @property
    def is_compound(self) -> bool:
        """Whether its beats divide into three, as those of 6/8, 9/8 and 12/8 do."""
        return self.beats > 3 and self.beats % 3 == 0 and self.unit >= 8

    def __str__(self) -> str:
        return f"{self.beats}/{self.unit}" if self.beats else "none"


NO_METER = Meter(0, 4)


class Timed(Protocol):
    """A note or rest, as far as its duration is concerned; lengths in whole notes."""

    @property
    def written(self) -> Fraction:
        """Notated length."""

    @property
    def length(self) -> Fraction:
        """Sounding length."""

    @property
    def tuplet(self) -> object | None:
        """The tuplet it belongs to."""


def beat_groups(
    meter: Meter, notes: Sequence[Timed], start: Fraction = Fraction(0)
) -> list[Fraction]:
    """Assign each note of a bar to a beat group; neighbouring flagged notes of one share a beam.

    The groups are those of engraved music (Gould, *Behind Bars*, 2011, chapter "Metre"):

    * compound meters and 3/8: three units (6/8 as 3+3, 6/16 as 3+3);
    * 5/8 as 3+2 and 7/8 as 2+2+3, because a group of a single eighth would have no beam;
    * bars that divide into half notes (2/4, 4/4, 2/2, 3/2): a half note, so the eighths of 2/4 are
      one group, as those of half a 4/4 bar are; a half note that contains notes shorter than an
      eighth outside tuplets is divided into quarter notes;
    * other meters: a quarter note.

    Args:
        meter: Meter of the bar.
        notes: Notes and rests of the bar in order.
        start: Position of the first note in a full bar, in whole notes; above 0 for a pickup.

    Returns:
        For each note, the position at which its group begins, in whole notes.
    """
    onsets = list(accumulate((note.length for note in notes), initial=start))[: len(notes)]
    divided = {
        onset // _HALF
        for note, onset in zip(notes, onsets, strict=True)
        if note.tuplet is None and note.written < _EIGHTH
    }
    return [_group_start(meter, onset, onset // _HALF in divided) for onset in onsets]


def _group_start(meter: Meter, onset: Fraction, divided: bool) -> Fraction:
    """Where the beat group of a note begins; divided: half notes are two groups."""
    if meter.unit >= 8 and meter.beats in _UNEVEN:
        bar = onset // meter.length * meter.length
        edges = accumulate(_UNEVEN[meter.beats], initial=0)
        return max(edge for units in edges if (edge := bar + Fraction(units, meter.unit)) <= onset)
    if meter.unit >= 8 and meter.beats and meter.beats % 3 == 0:
        step = Fraction(3, meter.unit)
    elif meter.beats and meter.length % _HALF == 0 and not divided:
        step = _HALF
    else:
        step = _QUARTER
    return onset // step * step
