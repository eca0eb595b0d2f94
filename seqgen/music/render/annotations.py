"""The attachments of notes in MEI: decorations, chord symbols, annotations, lyrics.

Decorations have the names of `seqgen.music.abc.symbols.decoration_name`. One without a sign is
printed as text, so that none is lost.
"""

import re
from collections.abc import Container, Iterator, Sequence
from html import escape

from seqgen.music.core.tune import Attachments
from seqgen.music.render.layout import visible

ARTICULATIONS = {
    "staccato": "stacc", "accent": "acc", "tenuto": "ten", "wedge": "stacciss", "marcato": "marc",
    "upbow": "upbow", "downbow": "dnbow", "open": "open", "plus": "lhpizz", "snap": "snap",
}  # fmt: skip
"""Names in MEI of signs at the head or the stem."""

TREMOLOS = {name: count for count in range(1, 5) for name in ("/" * count, f"trem{count}")}
"""Strokes through the stem."""

ELEMENTS = {
    "trill": "trill",
    "lowermordent": 'mordent form="lower"', "uppermordent": 'mordent form="upper"',
    "turn": "turn", "invertedturn": 'turn form="lower"',
    "turnx": 'turn glyph.auth="smufl" glyph.num="U+E569"',
    "invertedturnx": 'turn glyph.auth="smufl" glyph.num="U+E569"',
    "fermata": 'fermata place="above"',
    "invertedfermata": 'fermata place="below" form="inv"',
    "arpeggio": "arpeg", "breath": "breath", "shortphrase": "breath",
    "mediumphrase": "caesura", "longphrase": "caesura",
    "segno": 'repeatMark func="segno"', "coda": 'repeatMark func="coda"',
    "ped": 'pedal dir="down"', "ped-up": 'pedal dir="up"',
}  # fmt: skip
"""Elements of MEI, above the note by default."""

SPANS = {
    "crescendo": 'hairpin form="cres"',
    "diminuendo": 'hairpin form="dim"',
    "trill": 'trill extender="true"',
}
"""Decorations that begin with ``name(`` and end with ``name)``."""

DYNAMICS = re.compile(r"p{1,5}|f{1,5}|m[pf]|s?fz|sfp?|fp|rfz?|sffz?|n")

WORDS = {
    "~": "~", "roll": "~", "fine": "Fine", "D.C.": "D.C.", "dacapo": "D.C.", "D.S.": "D.S.",
    "dalsegno": "D.S.", "D.C.alfine": "D.C. al Fine", "D.S.alfine": "D.S. al Fine",
    "D.C.alcoda": "D.C. al Coda", "D.S.alcoda": "D.S. al Coda", "dacoda": "To Coda",
    "tocoda": "To Coda",
}  # fmt: skip
"""Printed words of decorations, if they differ from the name."""

LAYOUT = re.compile(r"beam.*|xstem|stemless|invisible|rb(?:stop|end)|dot|-[1-9][0-9]*")
"""Decorations about layout, which the engraver chooses itself."""

ACCIDENTALS = ("courtesy", "editorial")


SILENT = re.compile(
    "upbow|downbow|[0-5]|open|thumb|segno|coda|fine|da(?:capo|lsegno|coda)|tocoda|"
    r"D\.[CS]\..*|" + "|".join(ACCIDENTALS)
)
"""Decorations about how to play a note or where to continue, without a sound."""


def is_lost_in_sound(name: str) -> bool:
    """Whether a musician would play a decoration that seqgen does not play."""
    return not (SILENT.fullmatch(name) or LAYOUT.fullmatch(name) or name == "staccato")


def articulations(names: Sequence[str]) -> str:
    """The attributes of a note or chord with these decorations, a blank before each."""
    articulations = dict.fromkeys(ARTICULATIONS[name] for name in names if name in ARTICULATIONS)
    text = f' artic="{" ".join(articulations)}"' if articulations else ""
    for name in names:
        if name in TREMOLOS:
            text += f' stem.mod="{TREMOLOS[name]}slash"'
            break
    return text


def span_edge(name: str) -> tuple[str, bool] | None:
    """For ``name(`` and ``name)``: the kind of the span, and whether it begins here."""
    if name[-1:] in ("(", ")") and (kind := SPANS.get(name[:-1])):
        return kind, name[-1] == "("
    return None


def events(attached: Attachments, name: str, staff: int, chord: bool) -> Iterator[str]:
    """The elements of a measure for a note's attachments, without slurs and spans.

    name: id of the note. staff: number of its staff, from 1. chord: whether it has several pitches.
    """
    at = f'startid="#{name}" staff="{staff}"'
    if attached.chord_symbol:
        yield f'<harm {at} place="above">{xml_text(chord_text(attached.chord_symbol))}</harm>'
    for note in attached.annotations:
        yield annotation(note, at)
    for decoration in dict.fromkeys(attached.decorations):
        if not (
            decoration in ARTICULATIONS
            or decoration in TREMOLOS
            or decoration in ACCIDENTALS
            or LAYOUT.fullmatch(decoration)
            or span_edge(decoration)
        ):
            yield (
                sign(decoration, at) if chord or decoration != "arpeggio" else direction("arp.", at)
            )


def sign(decoration: str, at: str) -> str:
    """The element of a decoration. at: attributes of its place."""
    if element := ELEMENTS.get(decoration):
        return f"<{element} {at}/>"
    if DYNAMICS.fullmatch(decoration):
        return f'<dynam {at} place="below">{decoration}</dynam>'
    if re.fullmatch("[0-5]", decoration):
        return f'<fing {at} place="above">{decoration}</fing>'
    return direction(WORDS.get(decoration, decoration), at)


def direction(text: str, at: str, right: bool = False) -> str:
    """Words above the staff. right: whether they end at the place instead of beginning there."""
    align = ' halign="right"' if right else ""
    return f'<dir {at} place="above"><rend fontstyle="italic"{align}>{xml_text(text)}</rend></dir>'


def annotation(note: str, at: str) -> str:
    """A text with its placement sign in front (4.19); a sign alone is printed itself."""
    place, text = (note[0], xml_text(note[1:])) if note[1:].strip() else ("^", xml_text(note[:1]))
    if place == "<":
        return f'<dir {at} place="within" ho="-1.5"><rend halign="right">{text}</rend></dir>'
    if place == ">":
        return f'<dir {at} place="within" ho="3">{text}</dir>'
    return f'<dir {at} place="{"below" if place == "_" else "above"}">{text}</dir>'


def chord_text(symbol: str) -> str:
    """A chord symbol with real flats and sharps: ``Bb7/F#`` is ``B♭7/F♯``."""
    signs = {"b": "♭", "#": "♯"}
    return re.sub(r"(?<![A-Za-z])([A-G])([b#])", lambda m: m[1] + signs[m[2]], symbol)


def verses_at(attached: Attachments) -> list[int]:
    """The numbers of the verses, from 0, that have a new syllable at a note."""
    return [
        verse for verse, syllable in enumerate(attached.lyrics) if syllable and syllable.strip("-_")
    ]


def verses(attached: Attachments, joined: set[int], left: Container[int]) -> str:
    """The syllables under a note.

    joined: verses with a hyphen before the next syllable; updated by the call.
    left: verses with another syllable, up to which a line may extend: verovio draws one without an
    end to the end of the page.
    """
    text = ""
    for verse in verses_at(attached):
        syllable = attached.lyrics[verse] or ""
        before, after = verse in joined, syllable.endswith("-")
        (joined.add if after else joined.discard)(verse)
        position = {(0, 1): "i", (1, 1): "m", (1, 0): "t"}.get((before, after))
        attributes = f' wordpos="{position}"' if position else ""
        if verse in left and (after or syllable.endswith("_")):
            attributes += f' con="{"d" if after else "u"}"'
        # A word without its last syllable keeps its hyphen.
        words = syllable.rstrip("_" if after and verse not in left else "-_")
        text += f'<verse n="{verse + 1}"><syl{attributes}>{xml_text(words)}</syl></verse>'
    return text


def xml_text(text: str) -> str:
    """Escape a text for XML, without control characters."""
    return escape(visible(text), quote=False)
