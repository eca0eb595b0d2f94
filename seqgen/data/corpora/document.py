"""A corpus and its documents."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

from seqgen.data.corpora.longtext import LongText

PIECE = 1 << 20


@dataclass(frozen=True)
class Document:
    """One text, or one tune.

    Attributes:
        text: The characters, with ``\\n`` line ends. Texts too long for memory are a `LongText`;
            ``str(text)`` reads it.
        origin: The file; for a tune, the file and its number (``"book.abc:12"``).
        file: For a tune, the path of its book; "" for standard input.
        headings: For a tune, the lines of free text and comments since the previous tune.
    """

    text: str | LongText
    origin: str
    file: str = ""
    headings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Corpus:
    """The data of a training run before splitting and encoding.

    Attributes:
        name: A short name of letters, digits and ``. _ + -``, valid as the name of a folder.
        kind: ``"text"`` or ``"tunes"``.
        documents: The documents in order of the sources.
        sources: The sources as the user gave them.
        notices: Messages for the user: terms of use, skipped files.
        encoding: Encoding of the files, if the user gave one.
    """

    name: str
    kind: str
    documents: tuple[Document, ...]
    sources: tuple[str, ...]
    notices: tuple[str, ...] = ()
    encoding: str | None = None

    @property
    def characters(self) -> int:
        """Total length of the documents in characters."""
        return sum(len(document.text) for document in self.documents)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the documents' texts in hexadecimal; independent of file names."""
        digest = hashlib.sha256()
        for document in self.documents:
            length = 0
            for start in range(0, len(document.text), PIECE):
                piece = str(document.text[start : start + PIECE])
                data = piece.encode("utf-8", "surrogatepass")
                digest.update(data)
                length += len(data)
            # With the length, two documents never hash like their concatenation.
            digest.update(length.to_bytes(8, "little"))
        return digest.hexdigest()
