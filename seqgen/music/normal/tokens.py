"""The tokens of the normal form.

The text of a tune in normal form has header lines (`seqgen.music.normal.outline`), and then the
music without blanks; `PATTERN` splits it into tokens::

    R:jig       rhythm
    M:6/8       meter
    O:A         original tonic, if the tune is transposed to C
    L:C         lowest letter
    H:a         highest letter
    P:8*        for each section: its bars, and whether it is repeated
    F:1,2       its final note: scale degree, and length at least
    P:8*
    F:5,3
    K:Cdor
    |:E|A2AABc|@1A2AABc|...:|

Lengths are in eighths, 1 by default. A copy mark ``@n`` says that the bar equals the one n bars
before.
"""

import re

from seqgen.music.core.accidentals import ALTERS

# Length of an eighth. All lengths of the normal form, also in triplets, are whole ticks.
TICKS = 24
WHOLE = 8 * TICKS

NO_RHYTHM = "none"

# Written lengths in ticks; the eighth, "", is not a token. Other lengths (5, 7, ...) are split and
# tied because programs cannot draw them as one note.
LENGTHS = {
    "/4": 6, "/2": 12, "3/4": 18, "": 24, "3/2": 36, "2": 48,
    "3": 72, "4": 96, "6": 144, "8": 192, "12": 288,
}  # fmt: skip

ACCIDENTALS = {sign: alter for sign, alter in ALTERS.items() if len(sign) == 1}
# By step, as in `seqgen.music.core.key.Pitch`: from the C below middle C to the E two octaves
# above it.
NATURALS = {
    **{letter + ",": 21 + n for n, letter in enumerate("CDEFGAB")},
    **{letter: 28 + n for n, letter in enumerate("CDEFGAB")},
    **{letter: 35 + n for n, letter in enumerate("cdefgab")},
    **{letter + "'": 42 + n for n, letter in enumerate("cde")},
}
PITCHES = tuple(sign + name for name in NATURALS for sign in ("", *ACCIDENTALS))
PITCH_TOKENS = frozenset(PITCHES)

REST = "z"
TRIPLET = "(3"
TIE = "-"

BAR = "|"
REPEAT = "|:"
CLOSE = ":|"
FIRST = "|1"
SECOND = ":|2"
DOUBLE = "||"
FINAL = "|]"
BARS = (BAR, REPEAT, CLOSE, FIRST, SECOND, DOUBLE, FINAL)

COPY_DISTANCES = (4, 8, 16, 2, 1, 12, 3, 5, 6, 24)
"""Distances of copy marks in bars; of several equal bars, the first of these is marked.

Two of three bars in the tune books that equal an earlier one equal the fourth before."""
COPIES = {f"@{distance}": distance for distance in COPY_DISTANCES}
HEADER_LETTERS = "RMOLHPFK"

BODY = (*PITCHES, REST, TRIPLET, TIE, *(length for length in LENGTHS if length), *BARS)
"""All tokens but the lines of the header, which depend on the book, and the copy marks."""

PATTERN = re.compile(
    rf"[{HEADER_LETTERS}]:[^\n]*\n|@(?:1[26]|24|[1-68])|[_=^]?(?:[C-GAB],?|[c-e]'?|[fgab])|z|\(3|-"
    r"|12|3/[24]|/[24]|[23468]|:\|2|:\||\|:|\|\||\|\]|\|1|\||[\s\S]"
)
"""Splits a text into tokens; anything else into single characters."""


def is_drawable_at(position: int, length: int) -> bool:
    """Whether a note at a position of the bar can be drawn as one, both in ticks.

    Off the grid of eighths it must end by the next eighth, or be a dotted note that ends on one, or
    an eighth that begins halfway; music21 reports beam errors for others.
    """
    offset = position % TICKS
    end = offset + length
    return (
        not offset
        or end <= TICKS
        or (end % TICKS == 0 and length <= LENGTHS["3/2"])
        or (length == TICKS and 2 * offset == TICKS)
    )
