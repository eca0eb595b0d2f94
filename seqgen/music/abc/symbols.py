"""What stands between quotation marks and between ``!`` signs in ABC, and single-letter signs.

"Section" numbers are those of the ABC standard 2.1.
"""

import re
from functools import lru_cache

# Section 4.14; U: fields change them (4.16).
SHORTHANDS = {
    ".": "!staccato!", "~": "!roll!", "H": "!fermata!", "L": "!accent!", "M": "!lowermordent!",
    "O": "!coda!", "P": "!uppermordent!", "S": "!segno!", "T": "!trill!", "u": "!upbow!",
    "v": "!downbow!",
}  # fmt: skip
SAME = {
    ">": "accent", "emphasis": "accent", "mordent": "lowermordent", "pralltriller": "uppermordent",
    "+": "plus", "^": "marcato", ".": "staccato", "<(": "crescendo(", "<)": "crescendo)",
    ">(": "diminuendo(", ">)": "diminuendo)",
}  # fmt: skip
"""Decorations with several names."""

NOTHING = ("nil", "nodecoration", "none", "")
PLACES = "^_<>@"  # signs that say where an annotation stands (4.19)

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
def direction(text: str) -> str:
    """The mark of `Bar.marks` that a text such as ``"D. C. al Fine"`` is; "" for other texts."""
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
def decoration(text: str) -> str:
    """The one name of a decoration, from what stands between its signs; "" for none."""
    name = " ".join(text.split())
    return "" if name in NOTHING else SAME.get(name, name)


@lru_cache(maxsize=1024)
def is_chord_symbol(text: str) -> bool:
    """Whether a text names a chord (4.18), such as ``"Am7/G"``; others are annotations."""
    return bool(CHORD.fullmatch(text))
