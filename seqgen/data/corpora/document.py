"""What a corpus is made of: documents, in the order of their source."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

from seqgen.data.corpora.longtext import LongText

PIECE = 1 << 20


@dataclass(frozen=True)
class Document:
    """One text, or one tune.

    text: its characters; lines end in ``\\n``. Where texts are too long for memory, a `LongText`:
        ``str(text)`` reads it whole.
    origin: the file it came from; for a tune, the file and its number (``"book.abc:12"``).
    file: of a tune, the path of its book; "" for standard input.
    headings: of a tune, the lines of free text and comments between the tune before and it.
    """

    text: str | LongText
    origin: str
    file: str = ""
    headings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Corpus:
    """All that a network learns from, read once.

    name: short, and fit for a folder's name: letters, digits and ``. _ + -`` only.
    kind: ``"text"`` or ``"tunes"``.
    documents: in the order of the sources.
    sources: what the corpus was opened with, as the user gave it.
    notices: what the user should be told: terms of use, files left out.
    encoding: of the files, where one was named.
    """

    name: str
    kind: str
    documents: tuple[Document, ...]
    sources: tuple[str, ...]
    notices: tuple[str, ...] = ()
    encoding: str | None = None

    @property
    def characters(self) -> int:
        """Length of all documents together, in characters."""
        return sum(len(document.text) for document in self.documents)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the documents' texts, in hexadecimal.

        Neither file names nor folders count: the same texts elsewhere are the same corpus.
        """
        digest = hashlib.sha256()
        for document in self.documents:
            length = 0
            for start in range(0, len(document.text), PIECE):
                piece = str(document.text[start : start + PIECE])
                data = piece.encode("utf-8", "surrogatepass")
                digest.update(data)
                length += len(data)
            # The length ends a document, so that two never equal one that joins them.
            digest.update(length.to_bytes(8, "little"))
        return digest.hexdigest()
