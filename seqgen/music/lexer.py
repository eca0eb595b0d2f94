"""The lexemes of ABC music: what a line of a tune's body is cut into, and what each means.

"Section" numbers are those of the ABC standard 2.1.
"""

import re
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from seqgen.errors import TuneError
from seqgen.music.key import LETTERS

LENGTH = r"(?:[0-9]{1,4}(?:/[0-9]{1,4}|/{1,6})?|/[0-9]{1,4}|/{1,6})?"
NOTE = rf"(?:\^\^?|__?|=)?[A-Ga-g][,']{{0,5}}{LENGTH}"

MUSIC = re.compile(
    rf"""
      (?P<note>{NOTE})
    | (?P<bar>\.?(?::+\|[|:\]]*|::+|:\]|\[?\|[|:\]]*))
    | (?P<blank>[\s`]+)
    | (?P<rest>[zx]{LENGTH})
    | (?P<bars>[ZX][0-9]{{0,2}})
    | (?P<colon>:)
    | (?P<tuplet>\([0-9](?::[0-9]?(?::[0-9]{{0,2}})?)?)
    | (?P<broken>>+|<+)
    | (?P<tie>-)
    | (?P<field>\[[A-Za-z]:[^\]]*\])
    | (?P<ending>\[?\s*[1-9](?:[,.-][1-9])*)
    | (?P<chord>\[[^\[\]|:]*\]{LENGTH})
    | (?P<grace>\{{[^}}]*\}})
    | (?P<words>"[^"]*")
    # Old tunes end lines with "!" (section 10.2.1); elsewhere a pair of them names an ornament.
    | (?P<mark>!\s*$|![^!|\s]{{1,30}}!|\+[^+|\s]{{1,30}}\+|y[0-9]*)
    # Slurs, ornaments, a lone "!", "$", and what section 8.1 says to ignore.
    | (?P<nothing>[()~.H-WYh-w!$*;?@\#])
    | (?P<overlay>&)
    | (?P<stray>[\s\S])
    """,
    re.VERBOSE,
)

PARTS = re.compile(
    r"(?P<sign>\^\^?|__?|=)?(?P<letter>[A-Ga-g])(?P<octave>[,']*)(?P<length>[0-9/]*)"
)
TUPLET = re.compile(r"\((?P<p>[0-9])(?::(?P<q>[0-9]?)(?::(?P<r>[0-9]*))?)?")


class Written(NamedTuple):
    """A note as its lexeme says it.

    sign: semitones; None without one. step: as in `Pitch`. factor: of the unit length.
    """

    sign: int | None
    step: int
    factor: Fraction


class BarLine(NamedTuple):
    """right: of the bar before it, as in `Bar`. opens: a repeat begins after it."""

    right: str
    opens: bool


@lru_cache(maxsize=4096)
def written(lexeme: str) -> Written:
    """What a note's lexeme means, such as ``^c'3/2``. Raises TuneError for a length of zero."""
    part = PARTS.match(lexeme)
    assert part  # MUSIC found it
    sign = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}.get(part["sign"])
    letter = part["letter"]
    octave = part["octave"].count("'") - part["octave"].count(",") + letter.islower()
    return Written(sign, 28 + LETTERS.index(letter.upper()) + 7 * octave, factor(part["length"]))


@lru_cache(maxsize=4096)
def factor(length: str) -> Fraction:
    """How many units a written length is: ``""``, ``3``, ``3/2``, ``/2``, ``/``, ``//`` (4.3).

    Raises TuneError for zero.
    """
    above, slash, below = length.partition("/")
    number = int(above or 1)
    divisor = int(below) if below.strip("/") else 2 ** (len(slash) + len(below))
    if not number or not divisor:
        raise TuneError("note of no length")
    return Fraction(number, divisor)


@lru_cache(maxsize=1024)
def chord(lexeme: str) -> tuple[tuple[Written, ...], Fraction, bool]:
    """The notes of a chord, its length in units, and whether its notes are tied (4.17).

    Raises TuneError if there is no note in it.
    """
    inside, _, after = lexeme[1:].rpartition("]")
    found = [item for item in MUSIC.finditer(inside) if item.lastgroup in ("note", "tie")]
    notes = tuple(written(item[0]) for item in found if item.lastgroup == "note")
    if not notes:
        raise TuneError("unreadable music")
    tied = any(item.lastgroup == "tie" for item in found)
    return notes, notes[0].factor * factor(after), tied


def tuplet(lexeme: str, compound: bool) -> tuple[int, int, int]:
    """How many notes, in the time of how many, for how many notes (4.13).

    compound: whether the meter counts in threes. Raises TuneError for numbers that make no sense.
    """
    part = TUPLET.match(lexeme)
    assert part
    p = int(part["p"])
    usual = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}.get(p, 3 if compound else 2)
    q, r = int(part["q"] or usual), int(part["r"] or p)
    if p < 2 or not q or not r:
        raise TuneError("unreadable tuplet")
    return p, q, r


@lru_cache(maxsize=256)
def bar_line(lexeme: str) -> BarLine:
    """What a bar line says (4.8)."""
    line = lexeme.lstrip(".")
    if line.startswith(":") or "]:|" in line:
        right = ":|"
    elif "]" in line:
        right = "|]"
    else:
        right = "||" if "||" in line or line.startswith("[") else "|"
    return BarLine(right, line.endswith(":"))


def ending(lexeme: str) -> str:
    """The numbers of an ending, in the form of `Bar.ending` (4.9, 4.10)."""
    numbers: list[int] = []
    for part in re.split("[,.]", lexeme.strip("[ \t")):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last.rpartition("-")[2] or first) + 1)
    return ",".join(map(str, numbers))
