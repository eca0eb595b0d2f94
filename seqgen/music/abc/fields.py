"""What the values of ABC's information fields mean: meter, unit length, tempo, key."""

import re
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from seqgen.errors import TuneError
from seqgen.music.core.key import LETTERS, Key, parse_key_text
from seqgen.music.core.meter import Meter
from seqgen.music.core.tune import TREBLE, Clef

# A letter and a colon open an information line, but "A:|" is a note before the end of a repeat.
FIELD = re.compile(r"(?![A-Ga-gxyzZ]:[|:])([A-Za-z+]):(.*)")

NO_METER = Meter(0, 4)
UNITS = (1, 2, 4, 8, 16, 32, 64)


def without_comment(line: str) -> str:
    """The line up to ``%``, which begins a comment unless it is written ``\\%`` (section 2.2.5)."""
    return re.sub(r"(?<!\\)%.*", "", line).strip()


def parse_meter(value: str) -> Meter:
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


def parse_unit_length(value: str) -> Fraction:
    """``1/8``, in whole notes. Raises TuneError for anything else."""
    match = re.match(r"\s*1(?:\s*/\s*([0-9]{1,3}))?(?![0-9/])", value)
    if match is None or int(match[1] or 1) not in (*UNITS, 128):
        raise TuneError("unreadable unit of length")
    return Fraction(1, int(match[1] or 1))


def default_unit(meter: Meter) -> Fraction:
    """The unit where L: is missing: a sixteenth in meters below 3/4 (section 3.1.7)."""
    return Fraction(1, 16) if 0 < meter.length < Fraction(3, 4) else Fraction(1, 8)


def parse_tempo(value: str, unit: Fraction) -> float | None:
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


class KeyField(NamedTuple):
    """What a ``K:`` field says.

    key: None for no signature. given: False where the field only sets a clef or an octave.
    voice: the rest of it.
    """

    key: Key | None
    given: bool
    voice: "VoiceField"


class VoiceField(NamedTuple):
    """Properties of a voice, as ``V:`` and ``K:`` fields set them (4.6 and 7.1).

    clef: None where none is named. octave: octaves by which its notes are higher than its letters.
    transpose: semitones by which it sounds higher than it is written.
    label: what is printed before its staff. unknown: words that mean nothing here.
    """

    clef: Clef | None = None
    octave: int | None = None
    transpose: int | None = None
    label: str = ""
    unknown: tuple[str, ...] = ()


def key(value: str) -> Key | None:
    """The key of a ``K:`` field; None for no signature. Raises TuneError as `key_field` does."""
    return parse_key_field(value).key


@lru_cache(maxsize=1024)
def parse_key_field(value: str) -> KeyField:
    """Read a ``K:`` field. Raises TuneError for a key that cannot be read, naming the field."""
    found = parse_key_text(value)
    voice = parse_voice_field(found.rest)
    if not found.given and voice.unknown:
        raise TuneError("unreadable key", f"K:{value}")
    return KeyField(found.key, found.given, voice)


PROPERTY = re.compile(r'([A-Za-z][\w-]*)\s*=\s*("[^"]*"|\S+)|("[^"]*"|\S+)')
# How a staff looks; what sounds is the same.
LAYOUT = {"staffscale", "stafflines", "stem", "stems", "dyn", "gstem", "lyrics", "scale", "brace",
          "bracket", "up", "down", "merge", "subname", "snm", "sname", "space", "cue", "gchords",
          "gch", "staves", "mensur", "map"}  # fmt: skip


def parse_voice_field(text: str) -> VoiceField:
    """Read the properties of a voice: ``clef=treble-8 octave=-1 name="Fiddle"``."""
    clef: Clef | None = None
    middle: int | None = None
    octave = transpose = None
    label = ""
    unknown = []
    for name, quoted, word in PROPERTY.findall(text):
        name, argument = name.lower(), (quoted or word).strip('"')
        number = int(argument) if re.fullmatch(r"[+-]?\d{1,2}", argument) else None
        if name in ("name", "nm"):
            label = argument
        elif name == "octave" and number is not None and abs(number) <= 4:
            octave = number
        elif name in ("transpose", "t") and number is not None:
            transpose = number
        elif name == "middle" and (pitch := MIDDLE.fullmatch(argument)):
            middle = LETTERS.index(pitch[1].upper()) + 7 * (
                4 + pitch[1].islower() + pitch[2].count("'") - pitch[2].count(",")
            )
        elif name in ("clef", "") and (named := parse_clef(argument, alone=not name)):
            clef = named
        elif (name or word.lower()) not in LAYOUT and (name or re.search(r"\w", word)):
            unknown.append(f"{name}={argument}" if name else word)
    if middle is not None:
        clef, shift = clef_with_middle(clef or TREBLE, middle)
        octave = (octave or 0) + shift or octave
    return VoiceField(clef, octave, transpose, label, tuple(unknown))


MIDDLE = re.compile(r"([A-Ga-g])([,']{0,4})")
CLEF = re.compile(r"([A-Za-z]*)([1-5]?)([+^-]8|_8|[+^-]15|_15)?")
CLEFS = {
    "treble": ("G", 2), "french": ("G", 1), "g": ("G", 2), "none": ("G", 2), "auto": ("G", 2),
    "soprano": ("C", 1), "mezzosoprano": ("C", 2), "mezzo": ("C", 2), "alto": ("C", 3),
    "tenor": ("C", 4), "c": ("C", 3), "baritone": ("F", 3), "varbaritone": ("F", 3),
    "bass": ("F", 4), "f": ("F", 4), "subbass": ("F", 5),
    "perc": ("perc", 3), "percussion": ("perc", 3), "drum": ("perc", 3), "p": ("perc", 3),
}  # fmt: skip
MIDDLES = {"G": 34, "C": 28, "F": 22, "perc": 34}  # steps on the middle line of the usual clefs
USUAL_LINES = {"G": 2, "C": 3, "F": 4, "perc": 3}


def parse_clef(word: str, alone: bool) -> Clef | None:
    """The clef of a name such as ``treble-8``, ``bass3`` or ``alto``; None if it is none.

    alone: whether ``clef=`` is missing before it; then a letter without a line is no clef.
    """
    match = CLEF.fullmatch(word)
    if not match or (not match[1] and not match[3]) or (alone and word.lower() in "gfcp"):
        return None
    shape, line = CLEFS.get((match[1] or "treble").lower(), ("", 0))
    if not shape or (alone and not match[1]):
        return None
    octaves = {"": 0, "8": 1, "5": 2}[(match[3] or "")[-1:]]
    below = (match[3] or "")[:1] in ("-", "_")
    return Clef(shape, int(match[2] or line), -octaves if below else octaves)


def clef_with_middle(clef: Clef, middle: int) -> tuple[Clef, int]:
    """The clef with this step on its middle line, and the octaves by which notes move to be there.

    ``clef=bass middle=d`` is a bass clef for notes written two octaves higher than they sound.
    """
    usual = MIDDLES[clef.shape] - 2 * (clef.line - USUAL_LINES[clef.shape])
    for octaves in sorted(range(-4, 5), key=abs):
        lines, odd = divmod(usual + 7 * octaves - middle, 2)
        if not odd and 1 <= clef.line + lines <= 5:
            return clef._replace(line=clef.line + lines), -octaves
    return clef, 0


def simplify_key(found: Key) -> Key:
    """The same signature without explicit signs where one of the modes on its tonic has it."""
    if not found.explicit:
        return found
    for mode in ("maj", "min", "dor", "mix", "phr", "lyd"):
        plain = Key(found.letter, found.alter, mode)
        if plain.signature == found.signature:
            return plain
    return found
