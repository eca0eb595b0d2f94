"""Elements and attributes of MEI: notes, ties, clefs, meters and key signatures."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache

from seqgen.errors import TuneError
from seqgen.music.core.key import LETTERS, Key, Pitch
from seqgen.music.core.meter import Meter
from seqgen.music.core.tempo import MARKS, beat
from seqgen.music.core.tune import PLAIN, Clef
from seqgen.music.render import annotations
from seqgen.music.render.glyphs import LONGEST, Glyph

_DRAWN_ACCIDENTALS = {-2: "ff", -1: "f", 0: "n", 1: "s", 2: "x"}
_SOUNDING_ACCIDENTALS = {-2: "ff", -1: "f", 0: "n", 1: "s", 2: "ss"}
_CLEF_OCTAVES = {1: 8, 2: 15, 3: 22}  # number that is printed at a clef


def note_element(glyph: Glyph, shift: int = 0, extra: str = "") -> str:
    """A note, chord or rest.

    shift: octaves by which it sounds higher than it is drawn. extra: further attributes.
    """
    length = _duration(glyph.written) + extra
    if not glyph.pitches:
        return f'<{"rest" if glyph.visible else "space"} xml:id="{glyph.name}" {length}/>'
    parentheses = False
    if glyph.attached is not PLAIN:
        length += annotations.articulations(glyph.attached.decorations)
        parentheses = any(name in annotations.ACCIDENTALS for name in glyph.attached.decorations)
    if len(glyph.pitches) == 1:
        attributes, sign = _pitch(glyph.pitches[0], glyph.signs[0], shift, parentheses)
        inside = sign + glyph.verses
        return f'<note xml:id="{glyph.name}" {length} {attributes}{end_tag("note", inside)}'
    notes = ""
    for i, (pitch, drawn) in enumerate(zip(glyph.pitches, glyph.signs, strict=True)):
        attributes, sign = _pitch(pitch, drawn, shift, parentheses)
        notes += f'<note xml:id="{glyph.name}p{i}" {attributes}{end_tag("note", sign)}'
    return f'<chord xml:id="{glyph.name}" {length}>{notes}{glyph.verses}</chord>'


def end_tag(tag: str, inside: str) -> str:
    """The rest of an element after its attributes."""
    return f">{inside}</{tag}>" if inside else "/>"


@lru_cache(maxsize=1024)
def _duration(head: Fraction) -> str:
    base = LONGEST
    while base > head:
        base /= 2
    dots = {1: 0, Fraction(3, 2): 1, Fraction(7, 4): 2}[head / base]
    name = "breve" if base == LONGEST else str(base.denominator)
    return f'dur="{name}"' + (f' dots="{dots}"' if dots else "")


def _pitch(pitch: Pitch, drawn: bool, shift: int, parentheses: bool) -> tuple[str, str]:
    """The attributes of a note for its pitch, and the element for its accidental.

    drawn: whether the accidental is drawn. parentheses: whether it has any.
    """
    sign = element = ""
    if drawn and parentheses:
        element = f'<accid accid="{_DRAWN_ACCIDENTALS[pitch.alter]}" enclose="paren"/>'
    elif drawn:
        sign = f' accid="{_DRAWN_ACCIDENTALS[pitch.alter]}"'
    elif pitch.alter:
        sign = f' accid.ges="{_SOUNDING_ACCIDENTALS[pitch.alter]}"'
    name, octave = LETTERS[pitch.letter].lower(), pitch.octave + shift
    return f'pname="{name}" oct="{octave}"{sign}', element


def tie_elements(here: Sequence[Glyph], following: Glyph | None) -> Iterator[str]:
    """The ties that begin in a bar, each to the same pitch of the next glyph on paper.

    following: the first glyph after the bar.
    """
    if not here:
        return
    for glyph, after in zip(here, [*here[1:], following], strict=True):
        if not glyph.tied or after is None:
            continue
        for i, pitch in enumerate(glyph.pitches):
            if pitch in after.pitches:
                start, end = _pitch_id(glyph, i), _pitch_id(after, after.pitches.index(pitch))
                yield f'<tie startid="#{start}" endid="#{end}"/>'


def _pitch_id(glyph: Glyph, index: int) -> str:
    return glyph.name if len(glyph.pitches) == 1 else f"{glyph.name}p{index}"


def clef_attributes(clef: Clef) -> str:
    """The attributes of a clef."""
    if clef.shape == "perc":
        return 'clef.shape="perc"'
    text = f'clef.shape="{clef.shape}" clef.line="{clef.line}"'
    if dis := _CLEF_OCTAVES.get(abs(clef.octave)):
        text += f' clef.dis="{dis}" clef.dis.place="{"above" if clef.octave > 0 else "below"}"'
    return text


def meter_attributes(meter: Meter) -> str:
    """The attributes of a meter. Raises TuneError for a unit that is not a power of two."""
    if not meter.beats:
        return ""
    if meter.unit & (meter.unit - 1):
        raise TuneError(f"a meter of {meter}, which notation cannot show")
    return f'meter.count="{meter.beats}" meter.unit="{meter.unit}"'


def key_signature(key: Key | None) -> str:
    """The element of a key signature; None for an empty one."""
    if key is None:
        return '<keySig sig="0"/>'
    if not key.explicit:
        count = key.sharps
        return f'<keySig sig="{abs(count)}{"s" if count > 0 else "f" if count else ""}"/>'
    signs = "".join(
        f'<keyAccid pname="{LETTERS[letter].lower()}" accid="{_DRAWN_ACCIDENTALS[alter]}"/>'
        for letter, alter in enumerate(key.signature)
        if alter
    )
    return f'<keySig sig="mixed">{signs}</keySig>' if signs else '<keySig sig="0"/>'


def tempo_mark(tempo: float | None, words: str, meter: Meter) -> str:
    """``Slow ♩. = 60``; half notes are given in quarters because few fonts have them."""
    text = annotations.xml_text(words)
    if tempo:
        counted = beat(meter) if beat(meter) == 1.5 else 1.0
        text += f"{' ' if text else ''}{MARKS[counted]} = {round(tempo / counted, 1):g}"
    return f'<rend fontweight="bold">{text}</rend>'
