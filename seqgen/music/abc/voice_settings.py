"""Properties of a voice: the values of ``V:`` fields, and the fields that apply to its notes.

"Section" numbers are those of the ABC standard 2.1.
"""

import re
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from seqgen.music.abc.escapes import decode
from seqgen.music.abc.symbols import SHORTHANDS
from seqgen.music.core.key import LETTERS, Key
from seqgen.music.core.meter import NO_METER, Meter
from seqgen.music.core.tune import TREBLE, Clef


class VoiceField(NamedTuple):
    """The properties that a ``V:`` or ``K:`` field states (sections 4.6 and 7.1).

    Attributes:
        clef, octave, transpose: As in `VoiceSettings`; None if not stated.
        label: Name printed before the staff; "" if not stated.
        unknown: Words without a meaning.
    """

    clef: Clef | None = None
    octave: int | None = None
    transpose: int | None = None
    label: str = ""
    unknown: tuple[str, ...] = ()

    def updated(self, later: "VoiceField") -> "VoiceField":
        """The properties after another field about the same voice."""
        return VoiceField(
            later.clef or self.clef,
            self.octave if later.octave is None else later.octave,
            self.transpose if later.transpose is None else later.transpose,
            later.label or self.label,
        )


@dataclass
class VoiceSettings:
    """The fields that apply to the next note of a voice.

    Attributes:
        octave: Octaves by which notes are higher than their letters.
        transpose: Semitones by which the voice sounds higher than it is written.
        accidental_scope: ``"pitch"`` (every octave), ``"octave"`` or ``"not"`` (section 11.3).
        shorthands: Meanings of single letters (section 4.16).
    """

    meter: Meter = NO_METER
    meter_sign: str = ""
    key: Key | None = None
    unit: Fraction | None = None
    octave: int = 0
    clef: Clef = TREBLE
    transpose: int = 0
    label: str = ""
    accidental_scope: str = "pitch"
    shorthands: dict[str, str] = field(default_factory=lambda: dict(SHORTHANDS))

    def apply(self, properties: VoiceField) -> None:
        """Apply the properties that a ``K:`` or ``V:`` field states."""
        self.octave = self.octave if properties.octave is None else properties.octave
        self.transpose = self.transpose if properties.transpose is None else properties.transpose
        self.clef = properties.clef or self.clef
        self.label = decode(properties.label) or self.label


_PROPERTY = re.compile(r'([A-Za-z][\w-]*)\s*=\s*("[^"]*"|\S+)|("[^"]*"|\S+)')
# Properties of the layout; they change no note.
_LAYOUT = {"staffscale", "stafflines", "stem", "stems", "dyn", "gstem", "lyrics", "scale", "brace",
          "bracket", "up", "down", "merge", "subname", "snm", "sname", "space", "cue", "gchords",
          "gch", "staves", "mensur", "map"}  # fmt: skip


def parse_voice_field(text: str) -> VoiceField:
    """Parse the properties of a voice: ``clef=treble-8 octave=-1 name="Fiddle"``."""
    clef: Clef | None = None
    middle: int | None = None
    octave = transpose = None
    label = ""
    unknown = []
    for name, quoted, word in _PROPERTY.findall(text):
        name, argument = name.lower(), (quoted or word).strip('"')
        number = int(argument) if re.fullmatch(r"[+-]?\d{1,2}", argument) else None
        if name in ("name", "nm"):
            label = argument
        elif name == "octave" and number is not None and abs(number) <= 4:
            octave = number
        elif name in ("transpose", "t") and number is not None:
            transpose = number
        elif name == "middle" and (pitch := _MIDDLE.fullmatch(argument)):
            middle = LETTERS.index(pitch[1].upper()) + 7 * (
                4 + pitch[1].islower() + pitch[2].count("'") - pitch[2].count(",")
            )
        elif name in ("clef", "") and (named := _parse_clef(argument, alone=not name)):
            clef = named
        elif (name or word.lower()) not in _LAYOUT and (name or re.search(r"\w", word)):
            unknown.append(f"{name}={argument}" if name else word)
    if middle is not None:
        clef, shift = _clef_with_middle(clef or TREBLE, middle)
        octave = (octave or 0) + shift or octave
    return VoiceField(clef, octave, transpose, label, tuple(unknown))


_MIDDLE = re.compile(r"([A-Ga-g])([,']{0,4})")
_CLEF = re.compile(r"([A-Za-z]*)([1-5]?)([+^-]8|_8|[+^-]15|_15)?")
_CLEFS = {
    "treble": ("G", 2), "french": ("G", 1), "g": ("G", 2), "none": ("G", 2), "auto": ("G", 2),
    "soprano": ("C", 1), "mezzosoprano": ("C", 2), "mezzo": ("C", 2), "alto": ("C", 3),
    "tenor": ("C", 4), "c": ("C", 3), "baritone": ("F", 3), "varbaritone": ("F", 3),
    "bass": ("F", 4), "f": ("F", 4), "subbass": ("F", 5),
    "perc": ("perc", 3), "percussion": ("perc", 3), "drum": ("perc", 3), "p": ("perc", 3),
}  # fmt: skip
_MIDDLES = {"G": 34, "C": 28, "F": 22, "perc": 34}  # steps on the middle line of the usual clefs
_USUAL_LINES = {"G": 2, "C": 3, "F": 4, "perc": 3}


def _parse_clef(word: str, alone: bool) -> Clef | None:
    """The clef of a name such as ``treble-8``, ``bass3`` or ``alto``; None for other words.

    alone: whether ``clef=`` is missing; then a letter without a line is no clef.
    """
    match = _CLEF.fullmatch(word)
    if not match or (not match[1] and not match[3]) or (alone and word.lower() in "gfcp"):
        return None
    shape, line = _CLEFS.get((match[1] or "treble").lower(), ("", 0))
    if not shape or (alone and not match[1]):
        return None
    octaves = {"": 0, "8": 1, "5": 2}[(match[3] or "")[-1:]]
    below = (match[3] or "")[:1] in ("-", "_")
    return Clef(shape, int(match[2] or line), -octaves if below else octaves)


def _clef_with_middle(clef: Clef, middle: int) -> tuple[Clef, int]:
    """The clef with a step on its middle line, and the octaves by which notes must move.

    ``clef=bass middle=d`` is a bass clef for notes written two octaves higher than they sound.
    """
    usual = _MIDDLES[clef.shape] - 2 * (clef.line - _USUAL_LINES[clef.shape])
    for octaves in sorted(range(-4, 5), key=abs):
        lines, odd = divmod(usual + 7 * octaves - middle, 2)
        if not odd and 1 <= clef.line + lines <= 5:
            return clef._replace(line=clef.line + lines), -octaves
    return clef, 0
