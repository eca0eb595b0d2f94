"""Make control characters in untrusted text visible, so that they cannot affect a reader."""

import unicodedata

_SIGNS = {"\n": "⏎", "\t": "⇥", "\x7f": "␡"}
# Zero-width joiners hold scripts and emoji together and cannot reorder or hide their neighbours.
_JOINERS = "\u200c\u200d"


def show_controls(text: str, *, keep: str = "\n\t") -> str:
    """Replace each control or format character with a visible sign.

    ASCII controls become their Unicode picture (``␀``), line breaks ``⏎``, tabs ``⇥`` and anything
    else that is invisible or changes the direction of its neighbours U+FFFD.

    Args:
        text: Any text, lone surrogates included.
        keep: Characters to leave as they are.

    Returns:
        A text of the same length that UTF-8 can encode.
    """
    return "".join(character if character in keep else _sign(character) for character in text)


def _sign(character: str) -> str:
    if character in _SIGNS:
        return _SIGNS[character]
    if character in _JOINERS:
        return character
    if character < " ":
        return chr(0x2400 + ord(character))
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return "\ufffd"
    return character
