"""A tune in MEI 5 (music-encoding.org), the format of verovio, which engraves it.

Every note has an id, so that a page can highlight it while it sounds.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape

from seqgen.errors import TuneError
from seqgen.music.core.tune import PLAIN, Bar, Tune, Voice
from seqgen.music.render import annotations
from seqgen.music.render.beams import group_beams
from seqgen.music.render.glyphs import Glyph, part_prefix, voice_glyphs
from seqgen.music.render.layout import Setting, align_voices, ending_runs, lines, settings
from seqgen.music.render.mei_elements import (
    clef_attributes,
    end_tag,
    key_signature,
    meter_attributes,
    note_element,
    tempo_mark,
    tie_elements,
)

_BAR_LINES = {"": "invis", "|": "single", "||": "dbl", "|]": "end", ":|": "rptend"}
_METER_SIGNS = {"C": "common", "C|": "cut"}
# Directions before a bar; the others follow it.
_BEFORE_BAR = ("segno", "coda")

_DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<mei xmlns="http://www.music-encoding.org/ns/mei" meiversion="5.0">
<meiHead><fileDesc><titleStmt><title/></titleStmt><pubStmt/></fileDesc></meiHead>
<music><body><mdiv><score>
<scoreDef {meter}>{key}{staves}
</scoreDef>
<section>
{section}
</section></score></mdiv></body></music></mei>
"""


def mei(tune: Tune, prefix: str) -> str:
    """The tune in MEI, with a measure for each bar and a staff for each voice.

    Args:
        tune: The tune.
        prefix: Prefix of every note's id, see `seqgen.music.render.glyphs.names`.

    Raises:
        TuneError: If it contains what notation cannot show.
    """
    if not tune.bars:
        raise TuneError("no bar to draw")
    tune = align_voices(tune)
    starts = {start for start, _ in lines(tune)} - {0}
    staves = [_Staff(tune, voice, number, prefix) for number, voice in enumerate(tune.all_voices)]
    parts = []
    for ending, bars in ending_runs(tune):
        measures = []
        for number in bars:
            brk = "<sb/>" if number in starts else ""
            changes = _change(staves, number) if number else ""
            measures.append(brk + changes + _measure(tune, staves, number))
        text = "\n".join(measures)
        if ending:
            # A line break precedes the bracket.
            brk = "<sb/>" if text.startswith("<sb/>") else ""
            text = f'{brk}<ending n="{escape(ending)}">{text.removeprefix(brk)}</ending>'
        parts.append(text)
    first = staves[0].settings[0]
    sign = _METER_SIGNS.get(tune.meter_sign, "")
    meter = meter_attributes(first.meter)
    return _DOCUMENT.format(
        meter=f'meter.sym="{sign}" {meter}' if sign else meter,
        key=key_signature(first.key),
        staves=_staff_group(staves),
        section="\n".join(parts),
    )


def not_drawn(tune: Tune) -> Counter[str]:
    """Count by kind what a score of the tune does not show."""
    layout = sum(
        annotations.LAYOUT.fullmatch(name) is not None
        for note in tune.all_notes()
        for name in note.attached.decorations
    )
    return +Counter({"decoration about layout": layout})


def _staff_group(staves: "Sequence[_Staff]") -> str:
    """The staves of a system, with a bracket if there are several."""
    several = len(staves) > 1
    # Bar lines from staff to staff would run through the words.
    through = ' bar.thru="true"' if not any(staff.has_lyrics for staff in staves) else ""
    group = f' symbol="bracket"{through}' if several else ""
    return f"<staffGrp{group}>{''.join(staff.definition() for staff in staves)}</staffGrp>"


class _Staff:
    """A voice in the score.

    Attributes:
        number: Index of the voice.
        settings: Setting of each bar.
        layers: For each bar, the glyphs of its notes and of each overlay.
        spans: For each bar, the slurs, hairpins and trill lines that begin in it, in MEI.
    """

    def __init__(self, tune: Tune, voice: Voice, number: int, prefix: str) -> None:
        self.voice, self.number = voice, number
        own = tune if number == 0 else replace(tune, bars=voice.bars, voices=())
        self.settings = settings(own)
        self.shift = voice.clef.octave
        self.is_percussion = voice.clef.shape == "perc"
        count = 1 + max((len(bar.overlays) for bar in voice.bars), default=0)
        layers = [
            list(voice_glyphs(voice, n, self.settings, part_prefix(prefix, number, n)))
            for n in range(count)
        ]
        self.layers = list(zip(*layers, strict=True))
        self.spans: list[list[str]] = [[] for _ in voice.bars]
        for layer in layers:
            self._find_spans(layer)

    @property
    def has_lyrics(self) -> bool:
        return any(glyph.verses for bar in self.layers for layer in bar for glyph in layer)

    def _find_spans(self, bars: Sequence[Sequence[Glyph]]) -> None:
        """Pair the beginnings and ends of slurs, hairpins and trill lines in a layer.

        A span without an end ends with its bar; a slur without a beginning begins with the first
        note.
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
                    self._add_span("slur", *(slurs.pop() if slurs else (0, first)), glyph.name)
                for name in glyph.attached.decorations:
                    if (edge := annotations.span_edge(name)) is None:
                        continue
                    kind, begins = edge
                    if kind in spans:
                        self._add_span(kind, *spans.pop(kind), glyph.name)
                    if begins:
                        spans[kind] = number, glyph.name
        for number, name in slurs:
            self._add_span("slur", number, name, last[number])
        for kind, (number, name) in spans.items():
            self._add_span(kind, number, name, last[number])

    def _add_span(self, kind: str, bar: int, start: str, end: str) -> None:
        if start != end or kind != "slur":
            place = ' place="below"' if kind.startswith("hairpin") else ""
            self.spans[bar].append(
                f'<{kind} staff="{self.number + 1}" startid="#{start}" endid="#{end}"{place}/>'
            )

    def definition(self) -> str:
        """The definition of the staff in a system."""
        label = annotations.xml_text(self.voice.label)
        inside = f"<label>{label}</label>" if label else ""
        if self.number or self.is_percussion:
            inside += key_signature(None if self.is_percussion else self.settings[0].key)
        clef = clef_attributes(self.voice.clef)
        return f'<staffDef n="{self.number + 1}" lines="5" {clef}{end_tag("staffDef", inside)}'

    def element(self, bar: int) -> str:
        """The staff in a measure."""
        layers = [
            f'<layer n="{n}">{"".join(self._layer(glyphs, bar))}</layer>'
            for n, glyphs in enumerate(self.layers[bar], 1)
            if glyphs or n == 1
        ]
        return f'<staff n="{self.number + 1}">{"".join(layers)}</staff>'

    def _layer(self, glyphs: Sequence[Glyph], number: int) -> Iterator[str]:
        if not glyphs:
            yield "<mSpace/>"
            return
        setting = self.settings[number]
        rest = glyphs[0]
        if len(glyphs) == 1 and not rest.pitches and rest.length == setting.meter.length:
            yield f'<{"mRest" if rest.visible else "mSpace"} xml:id="{rest.name}"/>'
            return
        at = 0
        for beam in group_beams(glyphs, setting.meter, setting.start):
            first = glyphs[at]
            # Verovio would draw grace notes at the head of a beam or tuplet on its beam.
            yield self._grace_group(first)
            inner: list[str] = []
            for tuplet in beam.tuplets:
                inside = glyphs[at : at + tuplet]
                notes = "".join(
                    ("" if glyph is first else self._grace_group(glyph))
                    + note_element(glyph, self.shift)
                    for glyph in inside
                )
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

    def _grace_group(self, glyph: Glyph) -> str:
        """The grace notes before a note; "" if it has none."""
        if not glyph.grace:
            return ""
        slash = glyph.attached.acciaccatura
        kind = ' grace="unacc"' if slash else ' grace="acc"'
        notes = [
            note_element(note, self.shift, kind + (' stem.mod="1slash"' if slash and not n else ""))
            for n, note in enumerate(glyph.grace)
        ]
        text = "".join(notes)
        beam = f"<beam>{text}</beam>" if len(notes) > 1 else text
        return f'<graceGrp attach="post"{kind}>{beam}</graceGrp>'

    def events(self, number: int) -> Iterator[str]:
        """The elements of a measure that belong to its notes."""
        for n, glyphs in enumerate(self.layers[number]):
            later = (layers[n] for layers in self.layers[number + 1 :])
            following = next((glyphs[0] for glyphs in later if glyphs), None)
            yield from tie_elements(glyphs, following)
            for glyph in glyphs:
                if glyph.attached is not PLAIN:
                    chord = len(glyph.pitches) > 1
                    yield from annotations.events(
                        glyph.attached, glyph.name, self.number + 1, chord
                    )
        yield from self.spans[number]


def _measure(tune: Tune, staves: Sequence[_Staff], number: int) -> str:
    bar, setting = tune.bars[number], staves[0].settings[number]
    left = ' left="rptstart"' if bar.left == "|:" else ""
    partial = ' metcon="false"' if bar.length != setting.meter.length else ""
    notes = "".join(staff.element(number) for staff in staves)
    events = "".join(event for staff in staves for event in staff.events(number))
    return (
        f'<measure right="{_BAR_LINES[bar.right]}"{left}{partial}>{notes}{events}'
        f"{''.join(_directions(tune, number, setting))}</measure>"
    )


def _directions(tune: Tune, number: int, setting: Setting) -> Iterator[str]:
    """The signs above a bar that concern all voices: tempo, part, directions, repeats."""
    bar = tune.bars[number]
    end_beat = float(1 + bar.length * setting.meter.unit)
    start, end = 'tstamp="1" staff="1"', f'tstamp="{end_beat:g}" staff="1"'
    if bar.part:
        label = annotations.xml_text(bar.part)
        yield (
            f'<reh {start} place="above"><rend rend="box" fontweight="bold">{label}</rend></reh>'
        )
    tempo, words = (tune.tempo, tune.tempo_text) if number == 0 else (bar.tempo, "")
    if tempo or words:
        yield f'<tempo {start} place="above">{tempo_mark(tempo, words, setting.meter)}</tempo>'
    for name in bar.marks:
        if name in _BEFORE_BAR:
            yield annotations.sign(name, start)
        else:
            yield annotations.direction(annotations.WORDS.get(name, name), end, right=True)
    if bar.right == ":|" and bar.times != 2:
        yield annotations.direction(f"{bar.times}x", end, right=True)


def _change(staves: Sequence[_Staff], number: int) -> str:
    """New meters and keys before a bar, for all staves at once if they are the same."""
    bars = [staff.voice.bars[number] for staff in staves]
    changes = {(bar.meter, bar.key) for bar in bars}
    if changes == {(None, None)}:
        return ""
    if len(changes) == 1 and not any(staff.is_percussion for staff in staves):
        return f"<scoreDef {_change_content(bars[0])}</scoreDef>"
    return "".join(
        f'<staffDef n="{staff.number + 1}" {_change_content(bar, staff.is_percussion)}</staffDef>'
        for staff, bar in zip(staves, bars, strict=True)
        if bar.meter is not None or bar.key is not None
    )


def _change_content(bar: Bar, is_percussion: bool = False) -> str:
    meter = meter_attributes(bar.meter) if bar.meter is not None else ""
    key = key_signature(bar.key) if bar.key is not None and not is_percussion else ""
    return f"{meter}>{key}"
