"""A tune in MEI 5, verovio's own format (music-encoding.org), from which it is engraved.

Every written note has an id, so that a page can light it up while it sounds.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from html import escape
from typing import NamedTuple

from seqgen.errors import TuneError
from seqgen.music.core.key import LETTERS, Key, Pitch
from seqgen.music.core.meter import Meter
from seqgen.music.core.tempo import MARKS, beat
from seqgen.music.core.tune import (
    PLAIN,
    Attachments,
    Bar,
    Clef,
    Note,
    Tune,
    Tuplet,
    Voice,
    sounding_length,
)
from seqgen.music.render import annotations
from seqgen.music.render.beams import group_beams
from seqgen.music.render.layout import Setting, align_voices, ending_runs, lines, settings

LONGEST, SHORTEST = Fraction(2), Fraction(1, 128)
MAX_DOTS = 2
RIGHT = {"": "invis", "|": "single", "||": "dbl", "|]": "end", ":|": "rptend"}
SHOWN = {-2: "ff", -1: "f", 0: "n", 1: "s", 2: "x"}
SOUNDING = {-2: "ff", -1: "f", 0: "n", 1: "s", 2: "ss"}
METER_SIGNS = {"C": "common", "C|": "cut"}
OCTAVES = {1: 8, 2: 15, 3: 22}  # what is written at a clef
# Directions that the player finds before a bar; the others stand behind it.
BEFORE = ("segno", "coda", "S", "O")

DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<mei xmlns="http://www.music-encoding.org/ns/mei" meiversion="5.0">
<meiHead><fileDesc><titleStmt><title/></titleStmt><pubStmt/></fileDesc></meiHead>
<music><body><mdiv><score>
<scoreDef {meter}>{key}{staves}
</scoreDef>
<section>
{section}
</section></score></mdiv></body></music></mei>
"""


class Glyph(NamedTuple):
    """What is drawn for a note, or for a part of one whose length takes several tied heads.

    on: it is tied to the glyph behind it. signs: for each pitch, whether its sign is drawn.
    attached: what stands at it; at the first glyph of its note. grace: the notes before it.
    verses: its syllables in MEI. shown: it is no invisible rest.
    """

    name: str
    pitches: tuple[Pitch, ...]
    written: Fraction
    on: bool
    tuplet: Tuplet | None
    signs: tuple[bool, ...]
    attached: Attachments = PLAIN
    grace: "tuple[Glyph, ...]" = ()
    verses: str = ""
    shown: bool = True

    @property
    def length(self) -> Fraction:
        """How long it sounds, in whole notes."""
        return sounding_length(self.written, self.tuplet)


def mei(tune: Tune, prefix: str) -> str:
    """The tune in MEI, one measure a bar, broken into lines; a staff for each voice.

    prefix: begins every note's id, see `part_prefix` and `names`.
    Raises TuneError for what notation cannot show.
    """
    if not tune.bars:
        raise TuneError("no bar to draw")
    tune = align_voices(tune)
    starts = {start for start, _ in lines(tune)} - {0}
    staves = [Staff(tune, voice, number, prefix) for number, voice in enumerate(tune.all_voices)]
    parts = []
    for ending, bars in ending_runs(tune):
        measures = []
        for number in bars:
            brk = "<sb/>" if number in starts else ""
            changes = change(staves, number) if number else ""
            measures.append(brk + changes + measure(tune, staves, number))
        text = "\n".join(measures)
        if ending:
            # A line's break stands before the bracket, not in it.
            brk = "<sb/>" if text.startswith("<sb/>") else ""
            text = f'{brk}<ending n="{escape(ending)}">{text.removeprefix(brk)}</ending>'
        parts.append(text)
    first = staves[0].settings[0]
    sign = METER_SIGNS.get(tune.meter_sign, "")
    meter = meter_attributes(first.meter)
    return DOCUMENT.format(
        meter=f'meter.sym="{sign}" {meter}' if sign else meter,
        key=key_signature(first.key),
        staves=staff_group(staves),
        section="\n".join(parts),
    )


def not_drawn(tune: Tune) -> Counter[str]:
    """How many of each kind of thing a score of the tune does not show."""
    found: Counter[str] = Counter()
    for note in tune.all_notes():
        found["decoration about layout"] += sum(
            annotations.LAYOUT.fullmatch(name) is not None for name in note.attached.decorations
        )
    return +found


def staff_group(staves: "Sequence[Staff]") -> str:
    """The staves of a system, under a bracket if there are several."""
    several = len(staves) > 1
    # Bar lines that ran from staff to staff would run through the words.
    through = ' bar.thru="true"' if not any(staff.has_lyrics for staff in staves) else ""
    group = f' symbol="bracket"{through}' if several else ""
    return f"<staffGrp{group}>{''.join(staff.definition() for staff in staves)}</staffGrp>"


def part_prefix(prefix: str, voice: int, layer: int) -> str:
    """What the ids of a voice's notes begin with, or of its overlays of one number.

    voice, layer: as in `seqgen.music.render.performance.Sound`.
    """
    return prefix + (f"v{voice + 1}" if voice else "") + (f"l{layer}" if layer else "")


def names(prefix: str, bar: int, place: int, note: Note) -> list[str]:
    """The ids of a written note: one, or several where its length takes several heads.

    bar, place: its numbers in the tune and in the bar, from 0.
    """
    name = f"{prefix}-{bar}-{place}"
    return [f"{name}-{part}" if part else name for part in range(len(heads(note.written)))]


@lru_cache(maxsize=1024)
def heads(written: Fraction) -> tuple[Fraction, ...]:
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
        for _ in range(MAX_DOTS):
            dotted /= 2
            if head + dotted > written:
                break
            head += dotted
        # Several dots in one note and more behind it read worse than plain heads.
        if head != written:
            head = base
        parts.append(head)
        written -= head
    return tuple(parts)


class Staff:
    """A voice as it is drawn, bar by bar.

    number: from 0. settings: of each bar. layers: of each bar, the glyphs of its notes and of its
    overlays. spans: for each bar the slurs, hairpins and trill lines that begin in it, in MEI.
    """

    def __init__(self, tune: Tune, voice: Voice, number: int, prefix: str) -> None:
        self.voice, self.number = voice, number
        own = tune if number == 0 else replace(tune, bars=voice.bars, voices=())
        self.settings = settings(own)
        self.shift = voice.clef.octave
        count = 1 + max((len(bar.overlays) for bar in voice.bars), default=0)
        parts = [
            list(self.drawn(layer, part_prefix(prefix, number, layer))) for layer in range(count)
        ]
        self.layers = [[part[n] for part in parts] for n in range(len(voice.bars))]
        self.spans: list[list[str]] = [[] for _ in voice.bars]
        for part in parts:
            self.find_spans(part)

    @property
    def has_lyrics(self) -> bool:
        return any(glyph.verses for bar in self.layers for layer in bar for glyph in layer)

    def drawn(self, layer: int, prefix: str) -> Iterator[list[Glyph]]:
        """What is drawn in each bar for its notes, or for its overlays of one number."""
        held: tuple[Pitch, ...] = ()  # of a tie that comes from the note before
        joined: set[int] = set()  # verses in which a hyphen leads to the next syllable
        left = Counter(self.syllables(layer))  # of each verse
        for number, bar in enumerate(self.voice.bars):
            signs = Signs(self.settings[number].key)
            glyphs = []
            notes = (bar.notes, *bar.overlays)
            for place, note in enumerate(notes[layer] if layer < len(notes) else ()):
                attached, text = note.attached, ""
                grace: tuple[Glyph, ...] = ()
                if attached is not PLAIN:
                    left.subtract(annotations.verses_at(attached.lyrics))
                    text = annotations.verses(attached.lyrics, joined, +left)
                parts = heads(note.written)
                ids = names(prefix, number, place, note)
                if attached.grace:
                    grace = grace_glyphs(attached, ids[0], signs)
                for part, (name, head) in enumerate(zip(ids, parts, strict=True)):
                    # A tied note needs no sign of its own, not even behind a bar line.
                    shown = tuple(p not in held and signs.needed(p) for p in note.pitches)
                    on = bool(note.pitches) and (part < len(parts) - 1 or note.tied)
                    glyph = Glyph(name, note.pitches, head, on, note.tuplet, shown)
                    if part == 0 and (attached is not PLAIN or note.invisible):
                        glyph = glyph._replace(
                            attached=attached, grace=grace, verses=text, shown=not note.invisible
                        )
                    glyphs.append(glyph)
                    held = note.pitches if on else ()
            yield glyphs

    def syllables(self, layer: int) -> Iterator[int]:
        """For each syllable below notes of a layer the number of its verse, from 0."""
        for bar in self.voice.bars:
            notes = (bar.notes, *bar.overlays)
            for note in notes[layer] if layer < len(notes) else ():
                if note.attached is not PLAIN:
                    yield from annotations.verses_at(note.attached.lyrics)

    def after(self, number: int, layer: int) -> Glyph | None:
        """The first glyph behind a bar in the same layer."""
        for bar in range(number + 1, len(self.layers)):
            if self.layers[bar][layer]:
                return self.layers[bar][layer][0]
        return None

    def find_spans(self, bars: Sequence[Sequence[Glyph]]) -> None:
        """Pair the beginnings and ends of slurs, hairpins and trill lines.

        What is never ended goes to the last note of its bar; a slur without a beginning begins with
        the first note.
        """
        slurs: list[tuple[int, str]] = []
        spans: dict[str, tuple[int, str]] = {}
        first = next((bar[0].name for bar in bars if bar), "")
        last = [bar[-1].name if bar else "" for bar in bars]
        for number, bar in enumerate(bars):
            for glyph in bar:
                if glyph.attached is PLAIN:
                    continue
                slurs += [(number, glyph.name)] * glyph.attached.slurs_begin
                for _ in range(glyph.attached.slurs_end):
                    self.add_span("slur", *(slurs.pop() if slurs else (0, first)), glyph.name)
                for name in glyph.attached.decorations:
                    if (edge := annotations.span_edge(name)) is None:
                        continue
                    kind, begins = edge
                    if kind in spans:
                        self.add_span(kind, *spans.pop(kind), glyph.name)
                    if begins:
                        spans[kind] = number, glyph.name
        for number, name in slurs:
            self.add_span("slur", number, name, last[number])
        for kind, (number, name) in spans.items():
            self.add_span(kind, number, name, last[number])

    def add_span(self, kind: str, bar: int, start: str, end: str) -> None:
        if start != end or kind != "slur":
            place = ' place="below"' if kind.startswith("hairpin") else ""
            self.spans[bar].append(
                f'<{kind} staff="{self.number + 1}" startid="#{start}" endid="#{end}"{place}/>'
            )

    def definition(self) -> str:
        """Its place in the group of staves."""
        label = annotations.text_of(self.voice.label)
        inside = f"<label>{label}</label>" if label else ""
        if self.number or self.voice.clef.shape == "perc":
            inside += self.key_signature(0)
        return f'<staffDef n="{self.number + 1}" lines="5" {clef(self.voice.clef)}{closed(inside)}'

    def key_signature(self, bar: int) -> str:
        drums = self.voice.clef.shape == "perc"
        return key_signature(None if drums else self.settings[bar].key)

    def element(self, bar: int) -> str:
        """The staff in a measure."""
        layers = [
            f'<layer n="{n}">{"".join(self.layer(glyphs, bar))}</layer>'
            for n, glyphs in enumerate(self.layers[bar], 1)
            if glyphs or n == 1
        ]
        return f'<staff n="{self.number + 1}">{"".join(layers)}</staff>'

    def layer(self, glyphs: Sequence[Glyph], number: int) -> Iterator[str]:
        if not glyphs:
            yield "<mSpace/>"
            return
        setting = self.settings[number]
        only = glyphs[0]
        if len(glyphs) == 1 and not only.pitches and length_of(glyphs) == setting.meter.length:
            yield f'<{"mRest" if only.shown else "mSpace"} xml:id="{only.name}"/>'
            return
        at = 0
        for beam in group_beams(glyphs, setting.meter, setting.start):
            # Verovio would draw grace notes at the head of a beam or tuplet on its beam.
            yield self.grace_group(glyphs[at])
            inner: list[str] = []
            for tuplet in beam.tuplets:
                inside = glyphs[at : at + tuplet]
                notes = self.grace_group(inside[0]) if inner else ""
                notes += element(inside[0], self.shift)
                notes += "".join(self.grace_group(g) + element(g, self.shift) for g in inside[1:])
                if kind := inside[0].tuplet:
                    hidden = ' bracket.visible="false"' if beam.joined else ""
                    notes = (
                        f'<tuplet num="{kind.actual}" numbase="{kind.normal}"{hidden}>{notes}'
                        "</tuplet>"
                    )
                inner.append(notes)
                at += tuplet
            text = "".join(inner)
            yield f"<beam>{text}</beam>" if beam.joined else text

    def grace_group(self, glyph: Glyph) -> str:
        """The grace notes before a note, if there are any."""
        if not glyph.grace:
            return ""
        slash = glyph.attached.acciaccatura
        kind = ' grace="unacc"' if slash else ' grace="acc"'
        notes = [
            element(note, self.shift, kind + (' stem.mod="1slash"' if slash and not n else ""))
            for n, note in enumerate(glyph.grace)
        ]
        text = "".join(notes)
        beam = f"<beam>{text}</beam>" if len(notes) > 1 else text
        return f'<graceGrp attach="post"{kind}>{beam}</graceGrp>'

    def events(self, number: int) -> Iterator[str]:
        """The elements of a measure that belong to its notes."""
        for layer, glyphs in enumerate(self.layers[number]):
            if glyphs and glyphs[-1].on:
                yield from tie_elements(glyphs, self.after(number, layer))
            else:
                yield from tie_elements(glyphs, None)
            for glyph in glyphs:
                if glyph.attached is not PLAIN:
                    chord = len(glyph.pitches) > 1
                    yield from annotations.events(
                        glyph.attached, glyph.name, self.number + 1, chord
                    )
        yield from self.spans[number]


def grace_glyphs(attached: Attachments, name: str, signs: "Signs") -> tuple[Glyph, ...]:
    """The notes of a grace group: an eighth if it is one, sixteenths if they are more.

    name: the id of the note behind them.
    """
    length = Fraction(1, 8) if len(attached.grace) == 1 else Fraction(1, 16)
    shortest = min(note.written for note in attached.grace)
    glyphs = []
    for n, note in enumerate(attached.grace):
        share = note.written / shortest
        written = length * share if share in (1, Fraction(3, 2), 2, 3, 4) else length
        shown = tuple(signs.needed(pitch) for pitch in note.pitches)
        glyphs.append(Glyph(f"{name}g{n}", note.pitches, written, False, None, shown))
    return tuple(glyphs)


def length_of(glyphs: Sequence[Glyph]) -> Fraction:
    return sum((glyph.length for glyph in glyphs), Fraction(0))


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


def measure(tune: Tune, staves: Sequence[Staff], number: int) -> str:
    bar, setting = tune.bars[number], staves[0].settings[number]
    left = ' left="rptstart"' if bar.left == "|:" else ""
    partial = ' metcon="false"' if bar.length != setting.meter.length else ""
    notes = "".join(staff.element(number) for staff in staves)
    events = "".join(event for staff in staves for event in staff.events(number))
    return (
        f'<measure right="{RIGHT[bar.right]}"{left}{partial}>{notes}{events}'
        f"{''.join(directions(tune, number, setting))}</measure>"
    )


def directions(tune: Tune, number: int, setting: Setting) -> Iterator[str]:
    """What stands above a bar for all voices: tempo, part, directions to the player, repeats."""
    bar = tune.bars[number]
    start, end = 'tstamp="1" staff="1"', f'tstamp="{end_of(bar, setting)}" staff="1"'
    if bar.part:
        label = annotations.text_of(bar.part)
        yield (
            f'<reh {start} place="above"><rend rend="box" fontweight="bold">{label}</rend></reh>'
        )
    tempo, words = (tune.tempo, tune.tempo_text) if number == 0 else (bar.tempo, "")
    if tempo or words:
        yield f'<tempo {start} place="above">{tempo_mark(tempo, words, setting.meter)}</tempo>'
    for name in bar.marks:
        if name in BEFORE:
            yield annotations.sign(name, start)
        else:
            yield annotations.direction(annotations.WORDS.get(name, name), end, right=True)
    if bar.right == ":|" and bar.times != 2:
        yield annotations.direction(f"{bar.times}x", end, right=True)


def end_of(bar: Bar, setting: Setting) -> str:
    """The place of a bar's right bar line, in MEI's beats from 1."""
    return f"{float(1 + bar.length * setting.meter.unit):g}"


def tempo_mark(tempo: float | None, words: str, meter: Meter) -> str:
    """``Slow ♩. = 60``; half notes are counted as quarters, since few fonts have them."""
    text = annotations.text_of(words)
    if tempo:
        counted = beat(meter) if beat(meter) == 1.5 else 1.0
        text += f"{' ' if text else ''}{MARKS[counted]} = {round(tempo / counted, 1):g}"
    return f'<rend fontweight="bold">{text}</rend>'


def element(glyph: Glyph, shift: int = 0, more: str = "") -> str:
    """A note, a chord or a rest.

    shift: octaves by which it sounds higher than it is drawn. more: further attributes.
    """
    length = duration(glyph.written) + more
    if not glyph.pitches:
        return f'<{"rest" if glyph.shown else "space"} xml:id="{glyph.name}" {length}/>'
    paren, inside = False, glyph.verses
    if glyph.attached is not PLAIN:
        length += annotations.articulations(glyph.attached.decorations)
        paren = annotations.encloses(glyph.attached.decorations)
    if len(glyph.pitches) == 1:
        attributes, sign = spelled(glyph.pitches[0], glyph.signs[0], shift, paren)
        return f'<note xml:id="{glyph.name}" {length} {attributes}{closed(sign + inside, "note")}'
    notes = ""
    for i, (pitch, shown) in enumerate(zip(glyph.pitches, glyph.signs, strict=True)):
        attributes, sign = spelled(pitch, shown, shift, paren)
        notes += f'<note xml:id="{glyph.name}p{i}" {attributes}{closed(sign, "note")}'
    return f'<chord xml:id="{glyph.name}" {length}>{notes}{inside}</chord>'


def closed(inside: str, tag: str = "staffDef") -> str:
    """The end of an element that may hold others."""
    return f">{inside}</{tag}>" if inside else "/>"


@lru_cache(maxsize=1024)
def duration(head: Fraction) -> str:
    base = LONGEST
    while base > head:
        base /= 2
    dots = {1: 0, Fraction(3, 2): 1, Fraction(7, 4): 2}[head / base]
    name = "breve" if base == LONGEST else str(base.denominator)
    return f'dur="{name}"' + (f' dots="{dots}"' if dots else "")


def spelled(pitch: Pitch, shown: bool, shift: int, enclosed: bool) -> tuple[str, str]:
    """A pitch as the attributes of a note, and as an element in it.

    shown: its sign is drawn; enclosed: in parentheses.
    """
    sign = element = ""
    if shown and enclosed:
        element = f'<accid accid="{SHOWN[pitch.alter]}" enclose="paren"/>'
    elif shown:
        sign = f' accid="{SHOWN[pitch.alter]}"'
    elif pitch.alter:
        sign = f' accid.ges="{SOUNDING[pitch.alter]}"'
    name, octave = LETTERS[pitch.letter].lower(), pitch.octave + shift
    return f'pname="{name}" oct="{octave}"{sign}', element


def tie_elements(here: Sequence[Glyph], following: Glyph | None) -> Iterator[str]:
    """The ties that begin in a bar, each to the same pitch in what comes next on paper.

    following: the first glyph behind the bar.
    """
    if not here:
        return
    for glyph, after in zip(here, [*here[1:], following], strict=True):
        if not glyph.on or after is None:
            continue
        for i, pitch in enumerate(glyph.pitches):
            if pitch in after.pitches:
                start, end = pitch_id(glyph, i), pitch_id(after, after.pitches.index(pitch))
                yield f'<tie startid="#{start}" endid="#{end}"/>'


def pitch_id(glyph: Glyph, which: int) -> str:
    return glyph.name if len(glyph.pitches) == 1 else f"{glyph.name}p{which}"


def change(staves: Sequence[Staff], number: int) -> str:
    """New meters and keys before a bar, for all staves at once where they are the same."""
    bars = [staff.voice.bars[number] for staff in staves]
    found = {(bar.meter, bar.key) for bar in bars}
    if found == {(None, None)}:
        return ""
    drums = any(staff.voice.clef.shape == "perc" for staff in staves)
    if len(found) == 1 and not drums:
        return f"<scoreDef {change_of(bars[0])}</scoreDef>"
    return "".join(
        f'<staffDef n="{staff.number + 1}" {change_of(bar, staff)}</staffDef>'
        for staff, bar in zip(staves, bars, strict=True)
        if bar.meter is not None or bar.key is not None
    )


def change_of(bar: Bar, staff: Staff | None = None) -> str:
    meter = meter_attributes(bar.meter) if bar.meter is not None else ""
    drums = staff is not None and staff.voice.clef.shape == "perc"
    key = key_signature(bar.key) if bar.key is not None and not drums else ""
    return f"{meter}>{key}"


def clef(found: Clef) -> str:
    """The attributes of a clef."""
    if found.shape == "perc":
        return 'clef.shape="perc"'
    text = f'clef.shape="{found.shape}" clef.line="{found.line}"'
    if dis := OCTAVES.get(abs(found.octave)):
        text += f' clef.dis="{dis}" clef.dis.place="{"above" if found.octave > 0 else "below"}"'
    return text


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
