"""Which notes of a bar are joined by a beam."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Protocol

from seqgen.music.core.meter import Meter, Timed, beat_groups
from seqgen.music.core.tune import Tuplet

_QUARTER = Fraction(1, 4)


class Drawn(Timed, Protocol):
    """A notehead, chord or rest of a bar."""

    @property
    def pitches(self) -> tuple[object, ...]:
        """Its pitches; none for a rest."""

    @property
    def tuplet(self) -> Tuplet | None:
        """The tuplet it belongs to."""


@dataclass
class Beam:
    """Neighbouring notes that are drawn together.

    tuplets: number of notes in each part; 1 for a single note, more for a tuplet.
    joined: whether a beam joins them.
    """

    tuplets: list[int] = field(default_factory=list)
    joined: bool = False


def group_beams(notes: Sequence[Drawn], meter: Meter, start: Fraction) -> Iterator[Beam]:
    """Divide the notes of a bar into beams, in order.

    start: position of the first note in a full bar, in whole notes.
    """
    groups = beat_groups(meter, notes, start)
    current: Beam | None = None
    current_group: Fraction | None = None
    at = 0
    while at < len(notes):
        size = _tuplet_size(notes, at)
        flagged = all(n.pitches and n.written < _QUARTER for n in notes[at : at + size])
        group = groups[at] if flagged else None
        if current is None or group is None or group != current_group:
            if current is not None:
                yield current
            current = Beam()
        current.tuplets.append(size)
        current.joined = group is not None and sum(current.tuplets) > 1
        current_group = group
        at += size
    if current is not None:
        yield current


def _tuplet_size(notes: Sequence[Drawn], at: int) -> int:
    """Number of notes from here on that are one tuplet; 1 outside tuplets."""
    first = notes[at].tuplet
    if first is None:
        return 1
    size = 1
    while at + size < len(notes):
        following = notes[at + size].tuplet
        if following is None or following.place == 0 or following[:3] != first[:3]:
            break
        size += 1
    return size
