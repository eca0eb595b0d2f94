"""Decorations, chord symbols and annotations, and the signs by which ABC writes them.

"Section" numbers are those of the ABC standard 2.1.
"""

import re
from dataclasses import replace
from functools import lru_cache

from seqgen.music.abc.escapes import decode
from seqgen.music.core.tune import Attachments

# Section 4.14; U: fields change them (4.16).
SHORTHANDS = {
    ".": "!staccato!", "~": "!roll!", "H": "!fermata!", "L": "!accent!", "M": "!lowermordent!",
    "O": "!coda!", "P": "!uppermordent!", "S": "!segno!", "T": "!trill!", "u": "!upbow!",
    "v": "!downbow!",
}  # fmt: skip
ALIASES = {
    ">": "accent", "emphasis": "accent", "L": "accent", "mordent": "lowermordent",
    "M": "lowermordent", "pralltriller": "uppermordent", "P": "uppermordent", "+": "plus",
    "^": "marcato", ".": "staccato", "T": "trill", "H": "fermata", "S": "segno", "O": "coda",
    "u": "upbow", "v": "downbow", "<(": "crescendo(", "<)": "crescendo)", ">(": "diminuendo(",
    ">)": "diminuendo)", "decrescendo(": "diminuendo(", "decrescendo)": "diminuendo)",
}  # fmt: skip
"""Standard names of decorations, by their other names."""

NOTHING = ("nil", "nodecoration", "none", "")
PLACEMENTS = "^_<>@"  # first characters of annotations (4.19)

CHORD = re.compile(
    r"""\(?\s*(?:
      (?:N\.?\s?C\.?|no\schord)
    | [A-Ha-g][#b♯♭=]?
      (?:maj|Maj|min|dim|aug|sus|add|dom|alt|omit|no|mi|ma|m|M|[Δøo°+*-]|[#b♯♭]?\d+|[(),\s]|
         /\s*[A-Ga-g][#b♯♭]?)*
      (?:/\s*[A-Ga-g][#b♯♭]?)?
    )\s*\)?""",
    re.VERBOSE,
)
DIRECTION = re.compile(
    r"(?P<from>d\W*c|da\W*capo|d\W*s|d(?:al|el)\W*segno)"
    r"(?:\W*al?\W*(?:la\W*)?(?P<to>fine|coda))?"
    r"|(?P<sign>(?:al\W*)?fine|segno|𝄋|coda|𝄌|(?P<leave>to\W*coda|da\W*coda|al\W*coda))"
)


@lru_cache(maxsize=1024)
def parse_direction(text: str) -> str:
    """The mark of `Bar.marks` for a text such as ``"D. C. al Fine"``; "" for other texts."""
    match = DIRECTION.fullmatch(text.lower().strip(" .,;:()[]*!"))
    if match is None:
        return ""
    if match["from"]:
        begin = "D.C." if re.sub(r"\W", "", match["from"]) in ("dc", "dacapo") else "D.S."
        return begin + (f"al{match['to']}" if match["to"] else "")
    if match["leave"]:
        return "dacoda"
    sign = match["sign"]
    return {"𝄋": "segno", "𝄌": "coda"}.get(sign, "fine" if sign.endswith("fine") else sign)


@lru_cache(maxsize=1024)
def decoration_name(text: str) -> str:
    """The standard name of a decoration; "" for none. text: without the signs around it."""
    name = " ".join(text.split())
    return "" if name in NOTHING else ALIASES.get(name, name)


@lru_cache(maxsize=1024)
def is_chord_symbol(text: str) -> bool:
    """Whether a text names a chord (4.18), such as ``"Am7/G"``; others are annotations."""
    return bool(CHORD.fullmatch(text))


def add_decoration(attached: Attachments, name: str) -> Attachments:
    """Add a decoration by its standard name; "" adds none."""
    return replace(attached, decorations=(*attached.decorations, name)) if name else attached


def add_text(attached: Attachments, text: str) -> Attachments:
    """Add a chord symbol or an annotation."""
    if text[:1] not in PLACEMENTS and is_chord_symbol(text):
        return replace(attached, chord_symbol=f"{attached.chord_symbol} {text}".strip())
    if not text.strip():
        return attached
    placed = text if text[0] in PLACEMENTS else f"^{text}"
    return replace(attached, annotations=(*attached.annotations, placed))


def add_symbol(attached: Attachments, item: str) -> Attachments:
    """Add an item of an ``s:`` line: a text in quotation marks or a decoration."""
    if item[0] == '"':
        return add_text(attached, decode(item[1:-1]))
    return add_decoration(attached, decoration_name(item.strip("!+")))
