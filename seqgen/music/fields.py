"""What the values of ABC's information fields mean: meter, unit length, tempo, key."""

import re
from dataclasses import replace
from fractions import Fraction

from seqgen.errors import TuneError
from seqgen.music.key import LETTERS, Key, parse_key
from seqgen.music.tune import Meter

# A letter and a colon open an information line, but "A:|" is a note before the end of a repeat.
FIELD = re.compile(r"(?![A-Ga-gxyzZ]:[|:])([A-Za-z+]):(.*)")

NO_METER = Meter(0, 4)
UNITS = (1, 2, 4, 8, 16, 32, 64)


def without_comment(line: str) -> str:
    """The line up to ``%``, which begins a comment unless it is written ``\\%`` (section 2.2.5)."""
    return re.sub(r"(?<!\\)%.*", "", line).strip()


def meter(value: str) -> Meter:
    """``6/8``, ``C``, ``C|``, ``2+3/8``, ``none``. Raises TuneError for anything else.

    ``FREI4/4`` (Essen) is free as well.
    """
    value = value.strip(" ]")
    if value.lower() in ("", "none") or value.lower().startswith("fre"):
        return NO_METER
    if value in ("C", "c", "C|", "c|"):
        return Meter(2, 2) if value.endswith("|") else Meter(4, 4)
    match = re.fullmatch(r"\(?\s*([0-9+ ]{1,20})\)?\s*/\s*([0-9]{1,2})", value)
    if match is None:
        raise TuneError("unreadable meter")
    beats = sum(int(number) for number in re.findall("[0-9]{1,4}", match[1]))
    if int(match[2]) not in UNITS or not 0 < beats <= 99:
        raise TuneError("unreadable meter")
    return Meter(beats, int(match[2]))


def is_compound(meter: Meter) -> bool:
    """Whether it counts in threes, as 6/8, 9/8 and 12/8 do."""
    return meter.beats > 3 and meter.beats % 3 == 0 and meter.unit >= 8


def unit_length(value: str) -> Fraction:
    """``1/8``, in whole notes. Raises TuneError for anything else."""
    match = re.match(r"\s*1(?:\s*/\s*([0-9]{1,3}))?(?![0-9/])", value)
    if match is None or int(match[1] or 1) not in (*UNITS, 128):
        raise TuneError("unreadable unit of length")
    return Fraction(1, int(match[1] or 1))


def default_unit(meter: Meter) -> Fraction:
    """The unit where L: is missing: a sixteenth in meters below 3/4 (section 3.1.7)."""
    return Fraction(1, 16) if 0 < meter.length < Fraction(3, 4) else Fraction(1, 8)


def tempo(value: str, unit: Fraction) -> float | None:
    """Quarter notes a minute: ``1/4=120``, ``"Slow" 3/8=60``, ``1/4 3/8=40``, or ``120`` units.

    None where it says no number.
    """
    value = re.sub(r'"[^"]*"', " ", value)
    match = re.search(r"((?:[0-9]{1,3}/[0-9]{1,3}\s*)+)=\s*([0-9]{1,4}(?:\.[0-9]{1,3})?)", value)
    if match:
        beats = re.findall("([0-9]+)/([0-9]+)", match[1])
        if any(int(below) == 0 for _, below in beats):
            return None
        beat = sum(Fraction(int(above), int(below)) for above, below in beats)
        return float(4 * beat * Fraction(match[2])) or None
    match = re.fullmatch(r"\s*(?:C[0-9]?\s*=)?\s*([0-9]{1,4})\s*", value)
    return float(4 * unit * int(match[1])) or None if match else None


def key(value: str) -> Key | None:
    """`parse_key`, and two ways that it does not know.

    ``Hp`` is the scale of the Highland pipes, A with the sharps of D; behind ``exp`` stand all
    signs of the signature.
    """
    if re.match(r"H[Pp]\b", value.strip()):
        return Key(LETTERS.index("A"), 0, "mix")
    found = parse_key(value)
    if found and re.search(r"\bexp\b", value):
        given = dict(found.explicit)
        return replace(found, explicit=tuple((n, given.get(n, 0)) for n in range(7)))
    return found


def tidy_key(found: Key) -> Key:
    """The same signature without explicit signs where one of the modes on its tonic has it."""
    if not found.explicit:
        return found
    for mode in ("maj", "min", "dor", "mix", "phr", "lyd"):
        plain = Key(found.letter, found.alter, mode)
        if plain.signature == found.signature:
            return plain
    return found
