"""Texts as HTML: with signs for what cannot be seen, copied stretches underlined, or coloured."""

import unicodedata
from collections.abc import Sequence
from html import escape
from itertools import groupby

LEVELS = 10  # of colour
FULL = 8.0  # bits of surprise from which on there is no stronger colour

# Of use in what they stand between, and harmless: without them, scripts and emoji fall apart.
JOINERS = "\u200c\u200d"


def visible(text: str) -> str:
    """The text with a sign for each character that would be unseen, or would turn its neighbours.

    Of the same length. Ends of lines and tabs stay.
    """
    return "".join(map(sign, text))


def sign(character: str) -> str:
    """What is shown for a character: mostly itself."""
    if character in "\n\t" or character in JOINERS:
        return character
    if character < " ":
        return chr(0x2400 + ord(character))  # ␀ and the like
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return "\ufffd"
    return character


def line(text: str) -> str:
    """Text for one line of a page, escaped, with a sign where a line of its own ended."""
    return escape(visible(text).replace("\n", "⏎").replace("\t", " "))


def underlined(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text, escaped, with some stretches of it underlined.

    spans: begin and end of each, in order and apart.
    """
    shown = visible(text)
    parts = []
    done = 0
    for begin, end in spans:
        parts += [escape(shown[done:begin]), f"<u>{escape(shown[begin:end])}</u>"]
        done = end
    return "".join([*parts, escape(shown[done:])])


def coloured(text: str, bits: Sequence[float]) -> str:
    """The text, escaped, each character coloured by how surprising it was.

    bits: of each character. An end of a line has a sign that can carry a colour.
    """
    parts = []
    levelled = zip(visible(text), map(level, bits), strict=True)
    for strength, group in groupby(levelled, key=lambda each: each[1]):
        run = escape("".join(character for character, _ in group))
        if strength:
            run = f'<i class="s{strength}">{run.replace(chr(10), "⏎" + chr(10))}</i>'
        parts.append(run)
    return "".join(parts)


def level(bits: float) -> int:
    """The strength of the colour, 0 to `LEVELS`."""
    return min(LEVELS, round(LEVELS * max(0.0, bits) / FULL))


def level_styles() -> str:
    """The style of each strength."""
    return "\n".join(
        f".s{level} {{ background: color-mix(in srgb, var(--heat) {8 * level}%, transparent); }}"
        for level in range(1, LEVELS + 1)
    )
