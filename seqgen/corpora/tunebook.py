"""ABC tune books: where each tune begins and ends (ABC standard 2.1, sections 2.2 and 3)."""

import re

from seqgen.corpora.document import Document

# From an X: line up to the next one or to an empty line, which ends a tune; then comes free text.
STRETCH = re.compile(r"^X:(?P<number>.*)(?:\n(?!X:|[ \t]*$).*)*", re.MULTILINE)
KEY = re.compile(r"^K:", re.MULTILINE)
# Of a file header's fields only these two change what the notes mean.
DEFAULT = re.compile(r"^(?P<letter>[LM]):.*", re.MULTILINE)


def looks_like_tunes(text: str) -> bool:
    """Whether at least half of a text is tunes: stretches that begin with X: and have a K: line.

    Half, so that an essay that quotes a tune stays text, and a book with a foreword stays a book.
    """
    if not text.startswith("X:") and "\nX:" not in text:
        return False
    return 2 * sum(len(stretch[0]) for stretch in tune_stretches(text)) >= len(text.strip())


def split_tunes(text: str, origin: str) -> list[Document]:
    """The tunes of a book, in order, each verbatim and ended by one line end.

    A tune goes from its X: line to the next X: line or empty line. A stretch without a K: line is
    no tune and is left out. M: and L: fields before the first X: line hold for every tune whose
    header lacks them, and are then written below its X: line.

    origin: the file; a tune's own is ``"file:X"`` with X its number as written.
    """
    first = STRETCH.search(text)
    before = text[: first.start()] if first else ""
    defaults = {field["letter"]: field[0] for field in DEFAULT.finditer(before)}
    return [
        Document(with_defaults(tune[0], defaults) + "\n", f"{origin}:{tune['number'].strip()}")
        for tune in tune_stretches(text)
    ]


def broken_tunes(text: str) -> int:
    """How many stretches begin with X: and lack the K: line that would make them tunes."""
    return sum(1 for _ in STRETCH.finditer(text)) - len(tune_stretches(text))


def tune_stretches(text: str) -> list[re.Match[str]]:
    return [stretch for stretch in STRETCH.finditer(text) if KEY.search(stretch[0])]


def with_defaults(tune: str, defaults: dict[str, str]) -> str:
    """The tune with those default fields below its X: line whose letter its header lacks."""
    header = tune[: KEY.search(tune).start()]  # type: ignore[union-attr]
    missing = [field for letter, field in defaults.items() if f"\n{letter}:" not in header]
    reference, *rest = tune.split("\n", 1)
    return "\n".join([reference, *missing, *rest])
