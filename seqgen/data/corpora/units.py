"""Units of a text corpus: what one document is, and iteration over the documents.

A file may be one document, a list with one document per line, or documents between separators.
`choose_unit` decides which, and `Documents` splits the corpus accordingly.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from seqgen.config.options import AUTO, BLANK_LINE, BLANK_LINES, FILE, LINE, UNITS
from seqgen.data.corpora import unit_detection
from seqgen.data.corpora.document import PIECE, Corpus
from seqgen.data.corpora.longtext import LongText
from seqgen.errors import ConfigError, unknown_name

MIN_DOCUMENTS = 20
"""With fewer documents, none is held out as a whole, and a model does not learn their ends."""

# Follow "3,000 documents, ".
DESCRIPTIONS = {
    FILE: "one per file",
    LINE: "one per line",
    BLANK_LINE: "separated by blank lines",
    BLANK_LINES: "separated by two or more blank lines",
}


@dataclass(frozen=True)
class Documents:
    """The documents of a corpus, split lazily in each iteration, without blank ones.

    A file is a document as it is, a line without its line end, and a document between separators
    without blank lines at its beginning and end.

    Attributes:
        corpus: The corpus.
        unit: One of `UNITS` except "auto", or the line that separates documents.
    """

    corpus: Corpus
    unit: str

    def __iter__(self) -> Iterator[str | LongText]:
        for document in self.corpus.documents:
            yield from split_text(document.text, self.unit)

    def with_origins(self) -> Iterator[tuple[str | LongText, str]]:
        """Yield each document with its file."""
        for document in self.corpus.documents:
            for text in split_text(document.text, self.unit):
                yield text, document.origin


def describe(unit: str) -> str:
    """Return what one document is, in words that follow "3,000 documents, "."""
    return DESCRIPTIONS.get(unit) or f"separated by {unit!r}"


def summary(documents: int, unit: str, held_out: int) -> str:
    """Return a message on the number of documents, their unit, and the number held out."""
    return f"documents: {documents:,}, {describe(unit)}, of which {held_out:,} are held out"


def choose_unit(corpus: Corpus, requested: str = AUTO) -> str:
    """Return the requested unit, or the detected one for "auto".

    Raises:
        ConfigError: If the corpus does not contain a requested separator.
    """
    if requested == AUTO:
        return detect_corpus_unit(corpus)
    if requested not in UNITS and not any(_occurs(d.text, requested) for d in corpus.documents):
        raise ConfigError(
            f"{unknown_name('unit or separator', requested, UNITS)}; "
            f"{corpus.name} has no line {requested!r} to separate its documents",
            option="documents",
        )
    return requested


def detect_corpus_unit(corpus: Corpus) -> str:
    """Return the unit of all files of a corpus; "file" if they differ or are many."""
    if len(corpus.documents) >= MIN_DOCUMENTS:
        return FILE
    units = {unit_detection.detect_unit(document.text) for document in corpus.documents}
    unit = units.pop() if len(units) == 1 else None
    return unit or FILE


def split_text(text: str | LongText, unit: str) -> Iterator[str | LongText]:
    """Yield the documents of one text; ``unit`` is as in `Documents`."""
    if unit == FILE:
        yield text
    elif unit == LINE:
        for group in _line_groups(text):
            yield from (line for line in group if line and not line.isspace())
    else:
        yield from _join_pieces(SEPARATORS.get(unit, _at_separator(unit))(_lines(text)))


def _line_groups(text: str | LongText) -> Iterator[list[str]]:
    """Yield the lines of a text without their ends in groups; the last one may be ""."""
    incomplete: list[str] = []
    for start in range(0, len(text), PIECE):
        group = str(text[start : start + PIECE]).split("\n")
        incomplete.append(group[0])
        if len(group) > 1:
            group[0] = "".join(incomplete)
            incomplete = [group.pop()]
            yield group
    yield ["".join(incomplete)]


def _lines(text: str | LongText) -> Iterator[str]:
    """Yield the lines of a text with their ends, reading it in pieces."""
    groups = _line_groups(text)
    group = next(groups)
    for after in groups:
        for line in group:
            yield line + "\n"
        group = after
    if group[0]:
        yield group[0]


# These functions turn lines into pieces of documents, with None at the end of a document.


def _at_blank_lines(pieces: Iterable[str]) -> Iterator[str | None]:
    for line in pieces:
        yield None if line.isspace() else line


def _at_several_blank_lines(pieces: Iterable[str]) -> Iterator[str | None]:
    blank = 0
    for line in pieces:
        blank = blank + 1 if line.isspace() else 0
        yield None if blank > 1 else line


SEPARATORS: dict[str, Callable[[Iterable[str]], Iterator[str | None]]] = {
    BLANK_LINE: _at_blank_lines,
    BLANK_LINES: _at_several_blank_lines,
}


def _at_separator(separator: str) -> Callable[[Iterable[str]], Iterator[str | None]]:
    """Return a function that splits at separator lines; at tokens (``</s>``) inside lines too."""

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


def _join_pieces(pieces: Iterable[str | None]) -> Iterator[str]:
    """Yield documents from their pieces, without blank ones and without blank lines at the ends."""
    document: list[str] = []
    for piece in pieces:
        if piece is not None:
            document.append(piece)
            continue
        if text := _strip_blank_lines(document):
            yield text
        document = []
    if text := _strip_blank_lines(document):
        yield text


def _strip_blank_lines(pieces: list[str]) -> str:
    """Join pieces without blank lines at both ends."""
    text = "".join(pieces)
    stripped = text.strip()
    if not stripped:
        return ""
    begin = text.rfind("\n", 0, text.index(stripped[0])) + 1
    content = text[begin:].rstrip()
    end = "\n" if "\n" in text[begin + len(content) :] else ""
    return content + end


def _occurs(text: str | LongText, separator: str) -> bool:
    """Return whether a separator occurs in a text."""
    return any(piece is None for piece in _at_separator(separator)(_lines(text)))
