"""Lines of lyrics (``w:``) and of symbols (``s:``), and the notes that they belong to.

"Section" numbers are those of the ABC standard 2.1.
"""

import re
from collections.abc import Iterable, Iterator

from seqgen.music.abc.bar_builder import NoteRef, VoiceBars
from seqgen.music.abc.escapes import decode
from seqgen.music.abc.symbols import add_symbol

BAR = "|"
"""Moves to the first note of the next bar."""

SKIP = "*"
"""Leaves a note without a syllable."""

HOLD = "_"
"""Extends the syllable before it over one more note."""

KEEP = ""
"""Leaves a note with the syllable that it has."""

_SYLLABLE = re.compile(r"(?:\\[\s\S]|[^\s\\|*_-])+|[|*_-]|\s+")
_SYMBOL = re.compile(r'"[^"]*"|![^!]*!|\+[^+]*\+|[|*]|[^\s"!*|]+')


def split_syllables(line: str) -> Iterator[str]:
    r"""Split a ``w:`` line into its syllables, with `BAR`, `SKIP` and `HOLD` between them (5.1).

    A syllable that another one of its word follows ends with ``-``. A ``~`` joins words under one
    note, and ``\-`` is a hyphen.
    """
    syllable = ""
    before = " "
    for match in _SYLLABLE.finditer(line):
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


def split_symbols(line: str) -> list[str]:
    """Split an ``s:`` line into its items, with `BAR` and `SKIP` between them (section 4.15)."""
    return _SYMBOL.findall(line)


def align(items: Iterable[str], bars: VoiceBars, verse: int | None) -> int:
    """Attach items to the notes of the last line of music.

    Args:
        items: Syllables or symbols.
        bars: The bars of the voice.
        verse: Number of the verse, from 0; None for symbols.

    Returns:
        The number of items without a note.
    """
    notes = bars.line_notes()
    ref: NoteRef | None = None
    sung: NoteRef | None = None  # the note of the last syllable
    left = note_bar = 0
    bar = bars.line_start[0]
    for item in items:
        if item == BAR:
            bar = max(bar, note_bar) + 1
            continue
        note_bar, ref = next((pair for pair in notes if pair[0] >= bar), (note_bar, None))
        if ref is None:
            left += item not in (SKIP, HOLD, KEEP)
        elif item == KEEP:
            sung = ref
        elif item == SKIP:
            sung = None
        elif verse is None:
            ref.update(attached=add_symbol(ref.note.attached, item))
        elif item == HOLD:
            if sung:
                _hold(sung, verse)
        else:
            sung = ref
            _set_syllable(ref, item, verse)
    return left


def _set_syllable(ref: NoteRef, syllable: str, verse: int) -> None:
    before = ref.note.attached.lyrics
    verses = (*before, *[None] * (verse + 1 - len(before)))
    ref.attach(lyrics=(*verses[:verse], syllable, *verses[verse + 1 :]))


def _hold(ref: NoteRef, verse: int) -> None:
    """Mark a syllable as one that lasts longer than its note."""
    verses = ref.note.attached.lyrics
    syllable = verses[verse] if verse < len(verses) else None
    if syllable and syllable[-1] not in "-_":
        _set_syllable(ref, f"{syllable}_", verse)
