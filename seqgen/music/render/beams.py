"""Which notes of a bar hang on one beam: those of a beat, or of half a bar in common time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate
from typing import NamedTuple

from seqgen.music.core.tune import Meter, Tuplet

HALF, QUARTER, EIGHTH = Fraction(1, 2), Fraction(1, 4), Fraction(1, 8)
# Where the beats of a bar begin that is not cut evenly.
UNEVEN = {
    (5, 8): (Fraction(3, 8),),
    (7, 8): (Fraction(2, 8), Fraction(4, 8)),
}


class Unit(NamedTuple):
    """A head or a rest of a bar. written: in whole notes, as it looks."""

    written: Fraction
    sounds: bool
    tuplet: Tuplet | None

    @property
    def length(self) -> Fraction:
        if self.tuplet is None:
            return self.written
        return self.written * Fraction(self.tuplet.normal, self.tuplet.actual)


@dataclass
class Beam:
    """What stands together.

    tuplets: how many units belong to each part of it; a single one, or those of a tuplet.
    joined: by a beam.
    """

    tuplets: list[int] = field(default_factory=list)
    joined: bool = False


def beamed(units: Sequence[Unit], meter: Meter, start: Fraction) -> Iterator[Beam]:
    """The units of a bar in order, grouped.

    start: where in its meter the bar begins.
    """
    current: Beam | None = None
    current_beat: object = None
    at = 0
    onsets = list(accumulate((unit.length for unit in units), initial=start))
    short = {onsets[i] // HALF for i, unit in enumerate(units) if is_short(unit)}
    while at < len(units):
        size = part(units, at)
        members = units[at : at + size]
        beat = beat_of(onsets[at], meter, onsets[at] // HALF in short)
        if not all(unit.sounds and unit.written < QUARTER for unit in members):
            beat = None
        if current is None or beat is None or beat != current_beat:
            if current is not None:
                yield current
            current = Beam()
        current.tuplets.append(size)
        current.joined = beat is not None and sum(current.tuplets) > 1
        current_beat = beat
        at += size
    if current is not None:
        yield current


def is_short(unit: Unit) -> bool:
    """Shorter than an eighth: then half a bar on one beam is hard to read."""
    return unit.tuplet is None and unit.written < EIGHTH


def part(units: Sequence[Unit], at: int) -> int:
    """How many units from here are one tuplet; 1 outside of tuplets."""
    first = units[at].tuplet
    if first is None:
        return 1
    size = 1
    while at + size < len(units):
        following = units[at + size].tuplet
        if following is None or following.place == 0 or following[:3] != first[:3]:
            break
        size += 1
    return size


def beat_of(onset: Fraction, meter: Meter, short: bool) -> object:
    """In which group a note belongs that begins here; notes of one group get the same answer."""
    if uneven := UNEVEN.get((meter.beats, meter.unit)):
        bar, place = divmod(onset, meter.length)
        return bar, sum(place >= edge for edge in uneven)
    if meter.unit == 8 and meter.beats % 3 == 0 and meter.beats:
        return onset // (3 * EIGHTH)
    halves = meter.beats and meter.length % HALF == 0 and not short
    size = HALF if halves else QUARTER
    return size, onset // size
