"""A tune in MEI 5, verovio's own format (music-encoding.org), from which it is engraved.

Every written note has an id, so that a page can light it up while it sounds.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from html import escape
from typing import NamedTuple

from seqgen.errors import TuneError
from seqgen.music.beams import Unit, beamed
from seqgen.music.key import LETTERS, Key, Pitch
from seqgen.music.layout import Setting, ending_runs, lines, settings
from seqgen.music.tune import Bar, Meter, Note, Tune, Tuplet

LONGEST, SHORTEST = Fraction(2), Fraction(1, 128)
MOST_DOTS = 2
RIGHT = {"": "invis", "|": "single", "||": "dbl", "|]": "end", ":|": "rptend"}
SHOWN = {-2: "ff", -1: "f", 0: "n", 1: "s", 2: "x"}
SOUNDING = {-2: "ff", -1: "f", 0: "n", 1: "s", 2: "ss"}

DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<mei xmlns="http://www.music-encoding.org/ns/mei" meiversion="5.0">
<meiHead><fileDesc><titleStmt><title/></titleStmt><pubStmt/></fileDesc></meiHead>
<music><body><mdiv><score>
<scoreDef {meter}>{key}<staffGrp><staffDef n="1" lines="5" clef.shape="G" clef.line="2"/></staffGrp>
</scoreDef>
<section>
{section}
</section></score></mdiv></body></music></mei>
"""


class Glyph(NamedTuple):
    """What is drawn for a note, or for a part of one whose length takes several tied heads.

    on: it is tied to the glyph behind it. signs: for each pitch, whether its sign is drawn.
    """

    name: str
    pitches: tuple[Pitch, ...]
    written: Fraction
    on: bool
    tuplet: Tuplet | None
    signs: tuple[bool, ...]


def mei(tune: Tune, prefix: str) -> str:
    """The tune in MEI, one measure a bar, broken into lines.

    prefix: begins every note's id, see `names`.
    Raises TuneError for what notation cannot show.
    """
    if not tune.bars:
        raise TuneError("no bar to draw")
    found = settings(tune)
    starts = {start for start, _ in lines(tune)} - {0}
    glyphs = drawn(tune, found, prefix)
    parts = []
    for ending, bars in ending_runs(tune):
        measures = []
        for number in bars:
            brk = "<sb/>" if number in starts else ""
            changes = change(tune.bars[number]) if number else ""
            measures.append(
                brk + changes + measure(tune.bars[number], found[number], glyphs, number)
            )
        text = "\n".join(measures)
        if ending:
            # A line's break stands before the bracket, not in it.
            brk = "<sb/>" if text.startswith("<sb/>") else ""
            text = f'{brk}<ending n="{escape(ending)}">{text.removeprefix(brk)}</ending>'
        parts.append(text)
    first = found[0]
    return DOCUMENT.format(
        meter=meter_attributes(first.meter), key=key_signature(first.key), section="\n".join(parts)
    )


def names(prefix: str, bar: int, place: int, note: Note) -> list[str]:
    """The ids of a written note: one, or several where its length takes several heads.

    bar, place: its numbers in the tune and in the bar, from 0.
    """
    name = f"{prefix}-{bar}-{place}"
    return [f"{name}-{part}" if part else name for part in range(len(heads(note.written)))]


def heads(written: Fraction) -> list[Fraction]:
    """Lengths that a single head can have, together as long as this one; the longest first.

    Raises TuneError for a length that is no sum of them, such as a third.
    """
    parts = []
    while written > 0:
        if written.denominator & (written.denominator - 1) or written < SHORTEST:
            raise TuneError(f"a note's length of {written}, which notation cannot show")
        base = LONGEST
        while base > written:
            base /= 2
        head = dotted = base
        for _ in range(MOST_DOTS):
            dotted /= 2
            if head + dotted > written:
                break
            head += dotted
        # Several dots in one note and more behind it read worse than plain heads.
        if head != written:
            head = base
        parts.append(head)
        written -= head
    return parts


def drawn(tune: Tune, found: Sequence[Setting], prefix: str) -> list[list[Glyph]]:
    """What is drawn in each bar."""
    bars: list[list[Glyph]] = []
    held: tuple[Pitch, ...] = ()  # of a tie that comes from the note before
    for number, bar in enumerate(tune.bars):
        signs = Signs(found[number].key)
        glyphs = []
        for place, note in enumerate(bar.notes):
            parts = heads(note.written)
            for part, (name, head) in enumerate(
                zip(names(prefix, number, place, note), parts, strict=True)
            ):
                # A tied note needs no sign of its own, not even behind a bar line.
                shown = tuple(p not in held and signs.needed(p) for p in note.pitches)
                on = bool(note.pitches) and (part < len(parts) - 1 or note.tied)
                glyphs.append(Glyph(name, note.pitches, head, on, note.tuplet, shown))
                held = note.pitches if on else ()
        bars.append(glyphs)
    return bars


class Signs:
    """Which accidentals a bar needs, as it is read from left to right.

    A sign holds for its own octave until the bar's end; some read it for the other octaves too,
    so these get a sign as well where the two ways to read differ.
    """

    def __init__(self, key: Key | None) -> None:
        self.signature = key.signature if key else (0,) * 7
        self.steps: dict[int, int] = {}  # what a sign has made of a step
        self.letters: dict[int, int] = {}  # and last of a letter, in any octave

    def needed(self, pitch: Pitch) -> bool:
        """Whether this pitch, which comes next, needs a sign."""
        plain = self.signature[pitch.letter]
        here = self.steps.get(pitch.step, plain)
        anywhere = self.letters.get(pitch.letter, plain)
        if pitch.alter == here and (pitch.alter == anywhere or pitch.step in self.steps):
            return False
        self.steps[pitch.step] = self.letters[pitch.letter] = pitch.alter
        return True


def measure(bar: Bar, setting: Setting, glyphs: list[list[Glyph]], number: int) -> str:
    left = ' left="rptstart"' if bar.left == "|:" else ""
    partial = ' metcon="false"' if bar.length != setting.meter.length else ""
    layer = "".join(layer_parts(glyphs[number], setting, bar))
    ties = "".join(tie_elements(glyphs, number))
    return (
        f'<measure right="{RIGHT[bar.right]}"{left}{partial}>'
        f'<staff n="1"><layer n="1">{layer}</layer></staff>{ties}</measure>'
    )


def layer_parts(glyphs: Sequence[Glyph], setting: Setting, bar: Bar) -> Iterator[str]:
    if not glyphs:
        yield "<mSpace/>"
        return
    if len(bar.notes) == 1 and not bar.notes[0].pitches and bar.length == setting.meter.length:
        yield f'<mRest xml:id="{glyphs[0].name}"/>'
        return
    units = [Unit(g.written, bool(g.pitches), g.tuplet) for g in glyphs]
    at = 0
    for beam in beamed(units, setting.meter, setting.start):
        inner = []
        for tuplet in beam.tuplets:
            notes = "".join(map(element, glyphs[at : at + tuplet]))
            if kind := glyphs[at].tuplet:
                hidden = ' bracket.visible="false"' if beam.joined else ""
                notes = (
                    f'<tuplet num="{kind.actual}" numbase="{kind.normal}"{hidden}>{notes}</tuplet>'
                )
            inner.append(notes)
            at += tuplet
        text = "".join(inner)
        yield f"<beam>{text}</beam>" if beam.joined else text


def element(glyph: Glyph) -> str:
    """A note, a chord or a rest."""
    length = duration(glyph.written)
    if not glyph.pitches:
        return f'<rest xml:id="{glyph.name}" {length}/>'
    if len(glyph.pitches) == 1:
        return f'<note xml:id="{glyph.name}" {length} {spelled(glyph.pitches[0], glyph.signs[0])}/>'
    notes = "".join(
        f'<note xml:id="{glyph.name}p{i}" {spelled(pitch, shown)}/>'
        for i, (pitch, shown) in enumerate(zip(glyph.pitches, glyph.signs, strict=True))
    )
    return f'<chord xml:id="{glyph.name}" {length}>{notes}</chord>'


def duration(head: Fraction) -> str:
    base = LONGEST
    while base > head:
        base /= 2
    dots = {1: 0, Fraction(3, 2): 1, Fraction(7, 4): 2}[head / base]
    name = "breve" if base == LONGEST else str(base.denominator)
    return f'dur="{name}"' + (f' dots="{dots}"' if dots else "")


def spelled(pitch: Pitch, shown: bool) -> str:
    sign = ""
    if shown:
        sign = f' accid="{SHOWN[pitch.alter]}"'
    elif pitch.alter:
        sign = f' accid.ges="{SOUNDING[pitch.alter]}"'
    return f'pname="{LETTERS[pitch.letter].lower()}" oct="{pitch.octave}"{sign}'


def tie_elements(glyphs: list[list[Glyph]], number: int) -> Iterator[str]:
    """The ties that begin in a bar, each to the same pitch in what comes next on paper."""
    following = next((bar[0] for bar in glyphs[number + 1 :] if bar), None)
    here = glyphs[number]
    for glyph, after in zip(here, [*here[1:], following], strict=True):
        if not glyph.on or after is None:
            continue
        for i, pitch in enumerate(glyph.pitches):
            if pitch in after.pitches:
                start, end = pitch_id(glyph, i), pitch_id(after, after.pitches.index(pitch))
                yield f'<tie startid="#{start}" endid="#{end}"/>'


def pitch_id(glyph: Glyph, which: int) -> str:
    return glyph.name if len(glyph.pitches) == 1 else f"{glyph.name}p{which}"


def change(bar: Bar) -> str:
    """A new meter or key before a bar, if there is one."""
    if bar.meter is None and bar.key is None:
        return ""
    meter = meter_attributes(bar.meter) if bar.meter is not None else ""
    key = key_signature(bar.key) if bar.key is not None else ""
    return f"<scoreDef {meter}>{key}</scoreDef>"


def meter_attributes(meter: Meter) -> str:
    """Raises TuneError for a unit that is no power of two."""
    if not meter.beats:
        return ""
    if meter.unit & (meter.unit - 1):
        raise TuneError(f"a meter of {meter}, which notation cannot show")
    return f'meter.count="{meter.beats}" meter.unit="{meter.unit}"'


def key_signature(key: Key | None) -> str:
    if key is None:
        return '<keySig sig="0"/>'
    if not key.explicit:
        count = key.sharps
        return f'<keySig sig="{abs(count)}{"s" if count > 0 else "f" if count else ""}"/>'
    signs = "".join(
        f'<keyAccid pname="{LETTERS[letter].lower()}" accid="{SHOWN[alter]}"/>'
        for letter, alter in enumerate(key.signature)
        if alter
    )
    return f'<keySig sig="mixed">{signs}</keySig>' if signs else '<keySig sig="0"/>'
