"""The outline of a tune: its range, and the length and the final note of each of its sections.

Lines of the header state it before the key, so that a model chooses it first. It then knows how
many bars are left, which note a section closes on, and how high and low the tune goes. A model
without it decides at each eighth bar whether the tune ends, so that it plays no cadence before, or
misses the end, and wanders out of an instrument's range.
"""

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import accumulate
from typing import NamedTuple

from seqgen.music.core.key import Key
from seqgen.music.core.tune import Bar, NormalTune, Note, Tune

UNKNOWN = "?"  # rare values
TONIC, LOWEST, HIGHEST, PART, FINAL = "O", "L", "H", "P", "F"
FINAL_EIGHTHS = (1, 2, 3, 4, 6)
"""Lengths of final notes that are distinguished; one in between counts as the next shorter."""
DEGREES = 7


class Final(NamedTuple):
    """The final note of a section.

    Attributes:
        degree: Degree of the scale, 1 for the tonic, without an accidental.
        eighths: Its length is at least as many eighths.
    """

    degree: int
    eighths: int


class Part(NamedTuple):
    """A section: its bars, without its pickup and its second ending, and whether it is repeated."""

    bars: int
    repeated: bool


def outline(tune: Tune) -> tuple[Part, ...]:
    """The sections of a tune in normal form."""
    return tuple(part for part, _ in split_sections(tune)[0])


def finals(tune: NormalTune) -> tuple[Final | None, ...]:
    """The final note of each section (`final_of`)."""
    return tuple(final_of(bars, tune.key) for _, bars in split_sections(tune)[0])


def split_sections(tune: Tune) -> tuple[list[tuple[Part, list[Bar]]], list[Bar]]:
    """The sections of a tune with their bars, and the bars of one that is not closed."""
    sections: list[tuple[Part, list[Bar]]] = []
    bars: list[Bar] = []
    count, repeated = 0, False
    for bar in tune.bars:
        # The lead-in of a repeat is a pickup as well.
        pickup = not bars and bar.length < tune.meter.length
        bars.append(bar)
        count += not pickup and bar.ending != "2"
        repeated = repeated or bar.left == "|:"
        # A bar that is not complete has no bar line.
        if bar.right not in ("|", "") and bar.ending != "1":
            sections.append((Part(max(1, count), repeated), bars))
            bars, count, repeated = [], 0, False
    return sections, bars


def section_ends(tune: Tune) -> list[int]:
    """The index of the last bar of each section."""
    ends = list(accumulate(len(bars) for _, bars in split_sections(tune)[0]))
    return [end - 1 for end in ends]


def final_of(bars: Sequence[Bar], key: Key) -> Final | None:
    """The final note of a section.

    None if it has an accidental, is shorter than an eighth, or belongs to a tuplet.
    """
    note = last_note(bars)
    if note is None or note.tuplet:
        return None
    pitch = note.pitches[0]
    eighths = [n for n in FINAL_EIGHTHS if n <= note.written / Fraction(1, 8)]
    if not eighths or pitch.alter != key.signature[pitch.letter]:
        return None
    return Final((pitch.letter - key.letter) % DEGREES + 1, eighths[-1])


def last_note(bars: Sequence[Bar]) -> Note | None:
    """The last note of some bars that is not a rest."""
    return next((n for bar in reversed(bars) for n in reversed(bar.notes) if n.pitches), None)


def part_line(part: Part) -> str:
    """Encode a section as a line of the header."""
    return f"{PART}:{part.bars}{'*' * part.repeated}\n"


def final_line(final: Final | None) -> str:
    """Encode a final note as a line of the header."""
    return f"{FINAL}:{f'{final.degree},{final.eighths}' if final else UNKNOWN}\n"


def unknown_line(letter: str) -> str:
    """The line of the header for an unknown value."""
    return f"{letter}:{UNKNOWN}\n"


def parts_line(parts: Iterable[Part]) -> str:
    """Encode all sections as one line, as tokenizers without final notes have it."""
    return f"{PART}:{','.join(part_line(part)[2:-1] for part in parts)}\n"


def read_parts(token: str) -> tuple[Part, ...]:
    """Decode the sections in a line; empty for other tokens and for the unknown outline."""
    if not re.fullmatch(rf"{PART}:[1-9][0-9]{{0,3}}\*?(,[1-9][0-9]{{0,3}}\*?)*\n", token):
        return ()
    return tuple(
        Part(int(bars), bool(star)) for bars, star in re.findall(r"([0-9]+)(\*?)", token[2:])
    )


def read_final(token: str) -> Final | None:
    """Decode a final note; None for other tokens and for the unknown one."""
    match = re.fullmatch(rf"{FINAL}:([1-{DEGREES}]),([1-9])\n", token)
    return Final(int(match[1]), int(match[2])) if match else None
