"""Splitting ABC tune books into tunes (ABC standard 2.1, sections 2.2 and 3)."""

import re

from seqgen.data.corpora.document import Document
from seqgen.data.corpora.markup import without_markup

FIELD_LINE = r"(?:[A-Za-z+]:|%)"
# A line of music has a bar line, and only characters of music.
MUSIC_LINE = (
    r"(?=[^\n]*\|)(?![A-Za-z+]:)"
    r"""(?:"[^"\n]*"|![^!\n]*!|[A-Ga-gxyzZ~HLMOPSTuv\d \t,'/^_=|:.<>(){}\[\]\\&$+-])+$"""
)
# From an X: line to the next one or to an empty line, which ends a tune; free text may follow.
# Before the music, an empty line ends nothing if a field or music follows.
STRETCH = re.compile(
    rf"""^X:(?P<number>.*)
    (?:\n(?:{FIELD_LINE}.*|[ \t]*(?=(?:\n[ \t]*){{0,9}}\n(?!X:)(?:{FIELD_LINE}|{MUSIC_LINE}))))*
    (?:\n(?!X:|[ \t]*$).*)*""",
    re.MULTILINE | re.VERBOSE,
)
KEY = re.compile(r"^K:", re.MULTILINE)
MUSIC = re.compile(f"^{MUSIC_LINE}", re.MULTILINE)
# Fields of a file header that apply to its tunes and affect their normal form.
DEFAULT = re.compile(r"^(?P<letter>[LMR]):.*", re.MULTILINE)
# A heading is a comment or free text; a directive (%%) or a field is not.
HEADING = re.compile(r"^(?!%%|[A-Za-z]:)[%\W]*(?P<words>\w[^\n]*)$", re.MULTILINE)
COMMENTS_AT_END = re.compile(r"(?:\n%[^\n]*)+\Z")
MAX_HEADING_LENGTH = 40  # characters; a longer line is prose


def looks_like_tunes(text: str) -> bool:
    """Return whether at least half of a text is tunes, which begin with X: and have a K: line.

    So an essay that quotes a tune is text, and a book with a foreword is a tune book.
    """
    if not text.startswith("X:") and "\nX:" not in text:
        return False
    text = without_markup(text)
    return 2 * sum(len(stretch[0]) for stretch in _tune_matches(text)) >= len(text.strip())


def split_tunes(text: str, origin: str) -> list[Document]:
    """Split a book into its tunes, each verbatim and with one line end at its end.

    A tune extends from its X: line to the next X: line or empty line; an empty line before its
    music that is followed by a field or music is part of it. HTML is removed. Text without a K:
    line is not a tune. M:, L: and R: fields before the first X: line apply to every tune whose
    header lacks them, and are inserted below its X: line.

    Args:
        text: The book.
        origin: The file; the origin of a tune is ``"file:X"`` with X its number as written.

    Returns:
        The tunes in order.
    """
    text = without_markup(text)
    first = STRETCH.search(text)
    before = text[: first.start()] if first else ""
    defaults = {field["letter"]: field[0] for field in DEFAULT.finditer(before)}
    tunes = []
    end = 0
    above: tuple[str, ...] = ()
    for stretch in STRETCH.finditer(text):
        above += _headings(text[end : stretch.start()])
        if KEY.search(stretch[0]):
            number = stretch["number"].strip()
            tune = _insert_defaults(stretch[0], defaults) + "\n"
            tunes.append(Document(tune, f"{origin}:{number}", origin, above))
            above = ()
        comments = COMMENTS_AT_END.search(stretch[0])
        end = stretch.end() - (len(comments[0]) if comments else 0)
    return tunes


def _headings(between: str) -> tuple[str, ...]:
    """Return the lines between two tunes that may be headings."""
    lines = (match["words"].strip() for match in HEADING.finditer(between))
    return tuple(line for line in lines if len(line) <= MAX_HEADING_LENGTH)


def broken_tunes(text: str) -> int:
    """Return how many tunes begin with X: and lack a K: line."""
    text = without_markup(text)
    return sum(1 for _ in STRETCH.finditer(text)) - len(_tune_matches(text))


def music_outside_tunes(text: str) -> int:
    """Return how many lines of music are outside tunes, such as after an empty line."""
    text = without_markup(text)
    edges = [0, *(edge for stretch in STRETCH.finditer(text) for edge in stretch.span()), len(text)]
    gaps = zip(edges[::2], edges[1::2], strict=True)
    return sum(1 for start, end in gaps for _ in MUSIC.finditer(text, start, end))


def _tune_matches(text: str) -> list[re.Match[str]]:
    return [stretch for stretch in STRETCH.finditer(text) if KEY.search(stretch[0])]


def _insert_defaults(tune: str, defaults: dict[str, str]) -> str:
    """Insert the default fields that the header lacks below its X: line."""
    header = tune[: KEY.search(tune).start()]  # type: ignore[union-attr]
    missing = [field for letter, field in defaults.items() if f"\n{letter}:" not in header]
    reference, *rest = tune.split("\n", 1)
    return "\n".join([reference, *missing, *rest])
