"""Parsers of information fields: meter, unit length, tempo, key."""

import re
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from seqgen.errors import TuneError
from seqgen.music.abc.voice_settings import VoiceField, parse_voice_field
from seqgen.music.core.key import Key, parse_key_text
from seqgen.music.core.meter import NO_METER, Meter

# A letter and a colon open an information line, but "A:|" is a note before the end of a repeat.
FIELD = re.compile(r"(?![A-Ga-gxyzZ]:[|:])([A-Za-z+]):(.*)")

UNITS = (1, 2, 4, 8, 16, 32, 64)


def without_comment(line: str) -> str:
    """Strip the comment: what follows a ``%`` that is not written ``\\%`` (section 2.2.5)."""
    return re.sub(r"(?<!\\)%.*", "", line).strip()


def parse_meter(value: str) -> Meter:
    """Parse ``6/8``, ``C``, ``C|``, ``2+3/8``, ``none``, or ``FREI4/4`` (free, in Essen's books).

    Raises TuneError for anything else.
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


def parse_unit_length(value: str) -> Fraction:
    """Parse ``1/8``, in whole notes. Raises TuneError for anything else."""
    match = re.match(r"\s*1(?:\s*/\s*([0-9]{1,3}))?(?![0-9/])", value)
    if match is None or int(match[1] or 1) not in (*UNITS, 128):
        raise TuneError("unreadable unit of length")
    return Fraction(1, int(match[1] or 1))


def default_unit(meter: Meter) -> Fraction:
    """The unit length if ``L:`` is missing: a sixteenth in meters below 3/4 (section 3.1.7)."""
    return Fraction(1, 16) if 0 < meter.length < Fraction(3, 4) else Fraction(1, 8)


def parse_tempo(value: str, unit: Fraction) -> float | None:
    """Parse a tempo such as ``1/4=120``, ``"Slow" 3/8=60``, ``1/4 3/8=40``, or ``120`` units.

    Returns quarter notes a minute; None without a number.
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


class KeyField(NamedTuple):
    """Value of a ``K:`` field.

    Attributes:
        key: None for no signature.
        given: Whether the value is about the key; it may only set a clef or an octave.
        voice: The other properties.
    """

    key: Key | None
    given: bool
    voice: VoiceField


@lru_cache(maxsize=1024)
def parse_key_field(value: str) -> KeyField:
    """Parse a ``K:`` field. Raises TuneError for a key that cannot be read, naming the field."""
    text = parse_key_text(value)
    voice = parse_voice_field(text.rest)
    if not text.given and voice.unknown:
        raise TuneError("unreadable key", f"K:{value}")
    return KeyField(text.key, text.given, voice)
