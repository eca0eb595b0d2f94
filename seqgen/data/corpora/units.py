"""What one document of a text corpus is, and the documents, read one after the other.

A file may hold one text, a list with an item a line, or texts between separators. `choose_unit`
decides which, and `Documents` cuts the corpus accordingly.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from seqgen.config.options import AUTO, BLANK_LINE, BLANK_LINES, FILE, LINE, UNITS
from seqgen.data.corpora import unit_detection
from seqgen.data.corpora.document import PIECE, Corpus
from seqgen.data.corpora.longtext import LongText
from seqgen.errors import ConfigError, unknown_name

LEAST_DOCUMENTS = 20
"""From so many documents on, whole ones are held out, and a model learns where they end."""

# In words, after "3,000 documents, ".
DESCRIPTIONS = {
    FILE: "one per file",
    LINE: "one per line",
    BLANK_LINE: "separated by blank lines",
    BLANK_LINES: "separated by two or more blank lines",
}


@dataclass(frozen=True)
class Documents:
    """The documents of a corpus, cut out of its files each time that they are iterated over.

    unit: one of `UNITS` but "auto", or the line that separates two documents.
    A document that is a file is its text as it is. Of a line, the line end is left out. A document
    between separators has no blank lines at its beginning and end, and ends with its last line.
    Blank documents are left out.
    """

    corpus: Corpus
    unit: str

    def __iter__(self) -> Iterator[str | LongText]:
        for document in self.corpus.documents:
            yield from cut(document.text, self.unit)

    def with_origins(self) -> Iterator[tuple[str | LongText, str]]:
        """The same documents, each with the file that it stands in."""
        for document in self.corpus.documents:
            for text in cut(document.text, self.unit):
                yield text, document.origin


def describe(unit: str) -> str:
    """What one document is, in words that follow "3,000 documents, "."""
    return DESCRIPTIONS.get(unit) or f"separated by {unit!r}"


def summary(documents: int, unit: str, held_out: int) -> str:
    """How many documents there are, what one is, and how many the validation part has."""
    return f"documents: {documents:,}, {describe(unit)}, of which {held_out:,} are held out"


def choose_unit(corpus: Corpus, requested: str = AUTO) -> str:
    """The unit of a text corpus: what was requested, or, for "auto", what its texts look like.

    Raises ConfigError for a separator that the corpus does not contain.
    """
    if requested == AUTO:
        return recognise(corpus)
    if requested not in UNITS and not any(occurs(d.text, requested) for d in corpus.documents):
        raise ConfigError(
            f"{unknown_name('unit or separator', requested, UNITS)}; "
            f"{corpus.name} has no line {requested!r} to separate its documents",
            option="documents",
        )
    return requested


def recognise(corpus: Corpus) -> str:
    """The unit that all files of a corpus look like; "file" where they differ, or are many."""
    if len(corpus.documents) >= LEAST_DOCUMENTS:
        return FILE
    units = {unit_detection.unit_of(document.text) for document in corpus.documents}
    found = units.pop() if len(units) == 1 else None
    return found or FILE


def cut(text: str | LongText, unit: str) -> Iterator[str | LongText]:
    """The documents of one text. unit: as `Documents` has it."""
    if unit == FILE:
        yield text
    elif unit == LINE:
        for some in line_groups(text):
            yield from (line for line in some if line and not line.isspace())
    else:
        yield from gathered(SEPARATE.get(unit, between(unit))(lines(text)))


def line_groups(text: str | LongText) -> Iterator[list[str]]:
    """The lines of a text without their ends, some at a time; the last one may be "" ."""
    begun: list[str] = []
    for start in range(0, len(text), PIECE):
        group = str(text[start : start + PIECE]).split("\n")
        begun.append(group[0])
        if len(group) > 1:
            group[0] = "".join(begun)
            begun = [group.pop()]
            yield group
    yield ["".join(begun)]


def lines(text: str | LongText) -> Iterator[str]:
    """The lines of a text with their ends, read a piece at a time."""
    groups = line_groups(text)
    group = next(groups)
    for after in groups:
        for line in group:
            yield line + "\n"
        group = after
    if group[0]:
        yield group[0]


# Separators turn lines into pieces of documents, with None where a document ends.


def at_blank_lines(pieces: Iterable[str]) -> Iterator[str | None]:
    for line in pieces:
        yield None if line.isspace() else line


def at_several_blank_lines(pieces: Iterable[str]) -> Iterator[str | None]:
    blank = 0
    for line in pieces:
        blank = blank + 1 if line.isspace() else 0
        yield None if blank > 1 else line


SEPARATE: dict[str, Callable[[Iterable[str]], Iterator[str | None]]] = {
    BLANK_LINE: at_blank_lines,
    BLANK_LINES: at_several_blank_lines,
}


def between(separator: str) -> Callable[[Iterable[str]], Iterator[str | None]]:
    """Separation at lines that are the separator; at a token such as ``</s>``, inside lines too."""

    def at_lines(pieces: Iterable[str]) -> Iterator[str | None]:
        for line in pieces:
            yield None if line.strip() == separator else line

    def at_tokens(pieces: Iterable[str]) -> Iterator[str | None]:
        for line in pieces:
            first, *rest = line.split(separator)
            if first:
                yield first
            for piece in rest:
                yield None
                if piece:
                    yield piece

    return at_tokens if unit_detection.is_token(separator) else at_lines


def gathered(pieces: Iterable[str | None]) -> Iterator[str]:
    """Documents from their pieces, without blank lines at both ends; blank ones are left out."""
    document: list[str] = []
    for piece in pieces:
        if piece is not None:
            document.append(piece)
            continue
        if text := trimmed(document):
            yield text
        document = []
    if text := trimmed(document):
        yield text


def trimmed(pieces: list[str]) -> str:
    """The pieces joined, without blank lines at both ends; "" where nothing else is there."""
    text = "".join(pieces)
    stripped = text.strip()
    if not stripped:
        return ""
    begin = text.rfind("\n", 0, text.index(stripped[0])) + 1
    kept = text[begin:].rstrip()
    end = "\n" if "\n" in text[begin + len(kept) :] else ""
    return kept + end


def occurs(text: str | LongText, separator: str) -> bool:
    """Whether a separator separates anything in a text."""
    return any(piece is None for piece in between(separator)(lines(text)))
