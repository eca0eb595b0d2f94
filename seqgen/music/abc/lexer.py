"""The lexemes of ABC music: their patterns and their meanings.

"Section" numbers are those of the ABC standard 2.1.
"""

import re
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from seqgen.errors import TuneError
from seqgen.music.core.accidentals import ALTERS
from seqgen.music.core.key import LETTERS

LENGTH = r"(?:[0-9]{1,4}(?:/[0-9]{1,4}|/{1,6})?|/[0-9]{1,4}|/{1,6})?"
# Some programs write a blank between a note and its length.
SPACED = rf"(?:[ \t]+(?=[0-9/]))?{LENGTH}"
NOTE = r"(?:\^\^?|__?|=)?[A-Ga-g][,']{0,5}"
ENDING = r"[1-9][0-9]?(?:[,.-]\s?[1-9][0-9]?)*(?:\.(?=\s))?"

MUSIC = re.compile(
    rf"""
      (?P<note>{NOTE}{SPACED})
    | (?P<bar>\.?(?::+\|[|:\]]*|::+|:\]|\[?\|[|:\]]*))
    | (?P<blank>[\s`\u200b\ufeff]+)
    | (?P<rest>[zx]{SPACED})
    | (?P<bars>[ZX][0-9]{{0,2}})
    | (?P<colon>:)
    | (?P<tuplet>\([0-9](?:[0-9]?:[0-9]{{0,2}}(?::[0-9]{{0,2}})?)?)
    | (?P<broken>>+|<+)
    | (?P<tie>\.?-)
    | (?P<field>\[[A-Za-z]:[^\]]*\])
    | (?P<ending>\[\s*{ENDING}|{ENDING})
    | (?P<chord>\[[^\[\]|:]*\]{SPACED})
    | (?P<texts>\[(?=\s*"))
    | (?P<grace>\{{[^}}]*\}})
    | (?P<words>"(?:\\[^\n]|[^"\\])*"|"[^"]*"|[“„][^“”„]*[“”])
    # Old tunes end lines with "!" (section 10.2.1); elsewhere a pair of them names a decoration,
    # unless there is nothing but music between.
    | (?P<decoration>!(?!\s*$)(?!(?=[^!]*\s)[A-Ga-gz0-9\s,'/^_=()<>-]*!)[^!|]{{1,60}}!)
    | (?P<lines>!\s*$|[!$])
    | (?P<plus>\+[^+|]{{1,60}}\+)
    | (?P<slur>\.?\((?!&)|\))
    | (?P<symbol>[.~H-WYh-w])
    | (?P<overlay>&+\)?|\(&)
    # Spacers, and what section 8.1 says to ignore.
    | (?P<nothing>y[0-9]*|[*;?@\#])
    | (?P<stray>[\s\S])
    """,
    re.VERBOSE,
)

PARTS = re.compile(
    r"(?P<sign>\^\^?|__?|=)?(?P<letter>[A-Ga-g])(?P<octave>[,']*)\s*(?P<length>[0-9/]*)"
)
TUPLET = re.compile(r"\((?P<p>[0-9]+)(?::(?P<q>[0-9]*)(?::(?P<r>[0-9]*))?)?")


class ParsedNote(NamedTuple):
    """A note. sign: semitones, or None. step: as in `Pitch`. factor: length in units."""

    sign: int | None
    step: int
    factor: Fraction


class BarLine(NamedTuple):
    """A bar line.

    Attributes:
        right: Bar line of the bar before it, as in `Bar`.
        opens: Whether a repeat begins after it.
        times, after: Times that the repeat that ends here is played, and the one that begins here.
    """

    right: str
    opens: bool = False
    times: int = 2
    after: int = 2


class Chord(NamedTuple):
    """A chord. factor: length in units. others: kind and text of other items in its brackets."""

    notes: tuple[ParsedNote, ...]
    factor: Fraction
    tied: bool
    others: tuple[tuple[str, str], ...]


@lru_cache(maxsize=4096)
def parse_note(lexeme: str) -> ParsedNote:
    """Parse a note such as ``^c'3/2``. Raises TuneError for a length of zero."""
    part = PARTS.match(lexeme)
    assert part  # a match of MUSIC
    sign = ALTERS.get(part["sign"])
    letter = part["letter"]
    octave = part["octave"].count("'") - part["octave"].count(",") + letter.islower()
    return ParsedNote(
        sign, 28 + LETTERS.index(letter.upper()) + 7 * octave, parse_length(part["length"])
    )


@lru_cache(maxsize=4096)
def parse_length(length: str) -> Fraction:
    """Parse a length: ``""``, ``3``, ``3/2``, ``/2``, ``/``, ``//`` (4.3), in units.

    Raises TuneError for zero.
    """
    above, slash, below = length.partition("/")
    number = int(above or 1)
    divisor = int(below) if below.strip("/") else 2 ** (len(slash) + len(below))
    if not number or not divisor:
        raise TuneError("note of no length")
    return Fraction(number, divisor)


@lru_cache(maxsize=1024)
def parse_chord(lexeme: str) -> Chord:
    """Parse a chord such as ``[CEG]2`` (4.17). Raises TuneError if it has no note."""
    inside, _, after = lexeme[1:].rpartition("]")
    items = [(item.lastgroup or "", item[0]) for item in MUSIC.finditer(inside)]
    notes = tuple(parse_note(text) for kind, text in items if kind == "note")
    if not notes:
        raise TuneError("unreadable music")
    tied = any(kind == "tie" for kind, _ in items)
    others = tuple(item for item in items if item[0] not in ("note", "tie", "blank"))
    return Chord(notes, notes[0].factor * parse_length(after.strip()), tied, others)


def notes_between_plus_signs(lexeme: str) -> str:
    """The notes between the plus signs of ``+CEG+``; "" for a decoration such as ``+ff+``."""
    inside = lexeme[1:-1]
    several = re.fullmatch(rf"(?:{NOTE}{LENGTH}){{2,}}", inside) and len(set(inside)) > 1
    return inside if several else ""


@lru_cache(maxsize=1024)
def parse_grace(lexeme: str) -> tuple[tuple[tuple[ParsedNote, ...], Fraction], ...]:
    """Parse grace notes such as ``{/a}`` or ``{gef}``: notes and length in units of each (4.12)."""
    group: list[tuple[tuple[ParsedNote, ...], Fraction]] = []
    for item in MUSIC.finditer(lexeme[1:-1].lstrip(" /")):
        if item.lastgroup == "note":
            note = parse_note(item[0])
            group.append(((note,), note.factor))
        elif item.lastgroup == "chord":
            chord = parse_chord(item[0])
            group.append((chord.notes, chord.factor))
    return tuple(group)


def parse_tuplet(lexeme: str, compound: bool) -> tuple[int, int, int]:
    """Parse a tuplet: p notes in the time of q, for r notes (4.13).

    compound: whether the meter is compound. Raises TuneError for impossible numbers.
    """
    part = TUPLET.match(lexeme)
    assert part
    p = int(part["p"])
    usual = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}.get(p, 3 if compound else 2)
    if p > 9:  # the standard has none; in print the next lower power of two is meant
        usual = 2 ** (p.bit_length() - 1)
    q, r = int(part["q"] or usual), int(part["r"] or p)
    if p < 2 or not q or not r:
        raise TuneError("unreadable tuplet")
    return p, q, r


@lru_cache(maxsize=256)
def parse_bar_line(lexeme: str) -> BarLine:
    """Parse a bar line (4.8)."""
    line = lexeme.lstrip(".")
    if not line.strip(":"):
        times = len(line) // 2 + 1
        return BarLine(":|", True, times, times)
    before, after = len(line) - len(line.lstrip(":")), len(line) - len(line.rstrip(":"))
    if before or "]:|" in line:
        right = ":|"
    elif line == "[|]":
        right = "|"  # one that is not drawn
    elif "]" in line:
        right = "|]"
    else:
        right = "||" if "||" in line or line.startswith("[") else "|"
    return BarLine(right, bool(after), max(before, 1) + 1, max(after, 1) + 1)


def parse_ending(lexeme: str) -> str:
    """Parse the numbers of an ending into the form of `Bar.ending` (4.9, 4.10)."""
    numbers: dict[int, None] = {}
    for part in re.split("[,.]", lexeme.strip("[ \t")):
        first, _, last = part.strip().partition("-")
        if first:
            numbers.update(
                dict.fromkeys(range(int(first), int(last.rpartition("-")[2] or first) + 1))
            )
    return ",".join(map(str, numbers))


def endings_in_text(text: str) -> str:
    """The numbers in the text of an ending's bracket, such as ``"1st & 2nd"``; "" for none."""
    numbers = re.findall("[1-9][0-9]?(?:-[1-9][0-9]?)?", text)
    return parse_ending(",".join(numbers))
