"""ABC tune books: where each tune begins and ends (ABC standard 2.1, sections 2.2 and 3)."""

import re

from seqgen.data.corpora.document import Document
from seqgen.data.corpora.markup import without_markup

FIELD_LINE = r"(?:[A-Za-z+]:|%)"
# A line of music has a bar line, and nothing but what music is written with.
MUSIC_LINE = (
    r"(?=[^\n]*\|)(?![A-Za-z+]:)"
    r"""(?:"[^"\n]*"|![^!\n]*!|[A-Ga-gxyzZ~HLMOPSTuv\d \t,'/^_=|:.<>(){}\[\]\\&$+-])+$"""
)
# From an X: line up to the next one or to an empty line, which ends a tune; then comes free text.
# Before the music an empty line ends nothing where a field or music follows.
STRETCH = re.compile(
    rf"""^X:(?P<number>.*)
    (?:\n(?:{FIELD_LINE}.*|[ \t]*(?=(?:\n[ \t]*){{0,9}}\n(?!X:)(?:{FIELD_LINE}|{MUSIC_LINE}))))*
    (?:\n(?!X:|[ \t]*$).*)*""",
    re.MULTILINE | re.VERBOSE,
)
KEY = re.compile(r"^K:", re.MULTILINE)
MUSIC = re.compile(f"^{MUSIC_LINE}", re.MULTILINE)
# The fields of a file header that hold for its tunes and change what is learned of them.
DEFAULT = re.compile(r"^(?P<letter>[LMR]):.*", re.MULTILINE)
# A heading stands in a comment or in free text; a directive (%%) is none, nor is a field.
HEADING = re.compile(r"^(?!%%|[A-Za-z]:)[%\W]*(?P<words>\w[^\n]*)$", re.MULTILINE)
COMMENTS_AT_END = re.compile(r"(?:\n%[^\n]*)+\Z")
LONGEST_HEADING = 40  # characters; a longer line is prose


def looks_like_tunes(text: str) -> bool:
    """Whether at least half of a text is tunes: stretches that begin with X: and have a K: line.

    Half, so that an essay that quotes a tune stays text, and a book with a foreword stays a book.
    """
    if not text.startswith("X:") and "\nX:" not in text:
        return False
    text = without_markup(text)
    return 2 * sum(len(stretch[0]) for stretch in tune_stretches(text)) >= len(text.strip())


def split_tunes(text: str, origin: str) -> list[Document]:
    """The tunes of a book, in order, each verbatim and ended by one line end.

    A tune goes from its X: line to the next X: line or empty line; an empty line before its music,
    with a field or music behind it, is a part of it. The HTML of a web page is left out. A stretch
    without a K: line is no tune and is left out. M:, L: and R: fields before the first X: line hold
    for every tune whose header lacks them, and are then written below its X: line.

    origin: the file; a tune's own is ``"file:X"`` with X its number as written.
    """
    text = without_markup(text)
    first = STRETCH.search(text)
    before = text[: first.start()] if first else ""
    defaults = {field["letter"]: field[0] for field in DEFAULT.finditer(before)}
    tunes = []
    end = 0
    above: tuple[str, ...] = ()
    for stretch in STRETCH.finditer(text):
        above += headings(text[end : stretch.start()])
        if KEY.search(stretch[0]):
            number = stretch["number"].strip()
            whole = with_defaults(stretch[0], defaults) + "\n"
            tunes.append(Document(whole, f"{origin}:{number}", origin, above))
            above = ()
        comments = COMMENTS_AT_END.search(stretch[0])
        end = stretch.end() - (len(comments[0]) if comments else 0)
    return tunes


def headings(between: str) -> tuple[str, ...]:
    """The lines between two tunes that may be headings."""
    lines = (match["words"].strip() for match in HEADING.finditer(between))
    return tuple(line for line in lines if len(line) <= LONGEST_HEADING)


def broken_tunes(text: str) -> int:
    """How many stretches begin with X: and lack the K: line that would make them tunes."""
    text = without_markup(text)
    return sum(1 for _ in STRETCH.finditer(text)) - len(tune_stretches(text))


def music_outside_tunes(text: str) -> int:
    """How many lines of music are in no tune, such as those below the empty line that ends one."""
    text = without_markup(text)
    edges = [0, *(edge for stretch in STRETCH.finditer(text) for edge in stretch.span()), len(text)]
    gaps = zip(edges[::2], edges[1::2], strict=True)
    return sum(1 for start, end in gaps for _ in MUSIC.finditer(text, start, end))


def tune_stretches(text: str) -> list[re.Match[str]]:
    return [stretch for stretch in STRETCH.finditer(text) if KEY.search(stretch[0])]


def with_defaults(tune: str, defaults: dict[str, str]) -> str:
    """The tune with those default fields below its X: line whose letter its header lacks."""
    header = tune[: KEY.search(tune).start()]  # type: ignore[union-attr]
    missing = [field for letter, field in defaults.items() if f"\n{letter}:" not in header]
    reference, *rest = tune.split("\n", 1)
    return "\n".join([reference, *missing, *rest])
