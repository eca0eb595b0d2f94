"""Lines of lyrics (``w:``) and of symbols (``s:``) in ABC: what stands under which note.

"Section" numbers are those of the ABC standard 2.1.
"""

import re
from collections.abc import Iterator

from seqgen.music.abc.escapes import decode

BAR = "|"
"""Goes on with the first note of the next bar."""

SKIP = "*"
"""Leaves a note without a syllable."""

HOLD = "_"
"""Holds the syllable before it over one more note."""

CONTINUE = ""
"""Passes over a note that has its syllable."""

SYLLABLE = re.compile(r"(?:\\[\s\S]|[^\s\\|*_-])+|[|*_-]|\s+")
SYMBOL = re.compile(r'"[^"]*"|![^!]*!|\+[^+]*\+|[|*]|[^\s"!*|]+')


def syllables(line: str) -> Iterator[str]:
    r"""The syllables of a ``w:`` line (section 5.1), with `BAR`, `SKIP` and `HOLD` between them.

    A syllable with another one behind it in its word ends with ``-``. A ``~`` joins words under
    one note, and ``\-`` is a hyphen.
    """
    syllable = ""
    before = " "
    for match in SYLLABLE.finditer(line):
        piece = match[0]
        if piece == "-":
            if syllable:
                yield f"{syllable}-"
            elif before in ("-", "_"):
                yield HOLD  # each further hyphen holds the syllable over one more note
            elif before == " ":
                yield SKIP
            syllable = ""
        elif piece in (BAR, SKIP, HOLD) or piece.isspace():
            if syllable:
                yield syllable
            syllable = ""
            if not piece.isspace():
                yield piece
        else:
            syllable += decode(re.sub(r"(?<!\\)~", " ", piece).replace("\\-", "-"))
        before = " " if piece.isspace() else piece[-1]
    if syllable:
        yield syllable


def symbols(line: str) -> list[str]:
    """The items of an ``s:`` line (section 4.15), with `BAR` and `SKIP` between them."""
    return SYMBOL.findall(line)
