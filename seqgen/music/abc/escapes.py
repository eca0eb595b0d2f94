"""Text in ABC fields: accents and signs behind a backslash, and HTML entities (section 8.2)."""

import re
import unicodedata
from html import unescape

# Combining characters by the sign before the letter in ABC.
COMBINING = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", "=": "\u0304", "u": "\u0306",
    ".": "\u0307", '"': "\u0308", "r": "\u030a", "H": "\u030b", "v": "\u030c", ",": "\u0327",
    "c": "\u0327", ";": "\u0328",
}  # fmt: skip
LIGATURES = {
    "AE": "Æ", "ae": "æ", "OE": "Œ", "oe": "œ", "AA": "Å", "aa": "å", "ss": "ß", "DH": "Ð",
    "dh": "ð", "TH": "Þ", "th": "þ", "/O": "Ø", "/o": "ø", "/D": "Đ", "/d": "đ", "/L": "Ł",
    "/l": "ł",
}  # fmt: skip
LETTERS = {"O": "Ø", "o": "ø", "L": "Ł", "l": "ł", "i": "ı", "j": "ȷ"}

ESCAPE = re.compile(
    r"""\\(?:
      U(?P<long>[0-9A-Fa-f]{8})
    | [uU](?P<short>[0-9A-Fa-f]{4})
    | (?P<octal>[0-3][0-7]{2})
    | (?P<ligature>AE|ae|OE|oe|AA|aa|ss|DH|dh|TH|th|/[OoDdLl])(?:\{\})?
    | (?P<accent>[`'^~=u."rHv,c;])(?:\{(?P<braced>[A-Za-z]|\\[ij])\}|(?P<base>[A-Za-z]))
    | (?P<letter>[OoLlij])(?:\{\})?(?![A-Za-z])
    | (?P<single>[OoLl])
    | (?P<sign>[\\%&#{}$_ ])
    )
    | (?P<entity>&(?:\#[0-9]{1,7}|\#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)""",
    re.VERBOSE,
)


def decode(text: str) -> str:
    r"""Decode a field: ``Bourr\'ee`` is ``Bourrée``, ``\%`` is ``%``.

    The escapes are those of ABC 2.1, and ``\o``, ``\c{c}`` and octal Latin-1 of older files.
    """
    if "\\" not in text and "&" not in text:
        return text
    return unicodedata.normalize("NFC", ESCAPE.sub(_decode_escape, text))


def _decode_escape(match: re.Match[str]) -> str:
    kind, value = match.lastgroup, match[match.lastgroup or 0]
    if kind in ("long", "short"):
        number = int(value, 16)
        valid = number < 0x110000 and not 0xD800 <= number < 0xE000
        return chr(number) if valid else match[0]
    if kind == "octal":
        return chr(int(value, 8))
    if kind == "ligature":
        return LIGATURES[value]
    if kind in ("letter", "single"):
        return LETTERS[value]
    if kind == "sign":
        return value
    if kind == "entity":
        return unescape(value)
    return value.lstrip("\\") + COMBINING[match["accent"]]


def encode(text: str) -> str:
    """Encode a text for a field; the inverse of `decode`."""
    text = re.sub(r"[\\%]", lambda sign: "\\" + sign[0], text)
    return re.sub(r"&(?=#?[0-9A-Za-z]+;)", r"\\&", text)
