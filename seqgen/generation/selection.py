"""Which of the documents that a network writes are new: no copies, no repeats."""

from collections.abc import Callable, Iterator

import numpy as np

from seqgen.checkpoint.document_hashes import DocumentHashes
from seqgen.errors import SamplingError
from seqgen.generation.batch import STREAMS, Piece

# Candidates in a row, and candidates for each sample that is wanted, after which no more are tried.
MOST_REJECTED = 500
MOST_TRIED = 100


class Selection:
    """Chooses samples among candidates, and counts what it leaves out.

    copies: candidates that are training documents. held_out: that are validation documents.
    repeats: that came before. candidates: how many there were.
    """

    def __init__(
        self,
        count: int,
        fingerprint: Callable[[str], int],
        hashes: DocumentHashes | None,
        *,
        novel: bool = False,
        unique: bool = False,
    ) -> None:
        """count: of samples that are wanted. fingerprint: of a document's text.

        hashes: of the documents of the corpus; None if not known.
        novel: leave out copies of these. unique: leave repeats out.
        """
        self.copies = self.held_out = self.repeats = self.candidates = 0
        self._left = count
        self._most = MOST_REJECTED + MOST_TRIED * count
        self._count = count
        self._fingerprint = fingerprint
        self._hashes = hashes
        self._novel, self._unique = novel, unique
        self._seen: set[int] = set()
        self._rejected = 0  # in a row

    @property
    def chooses(self) -> bool:
        """Whether anything is left out."""
        return self._novel or self._unique

    def batches(self) -> Iterator[list[int]]:
        """Numbers of candidates to write side by side, until enough samples are chosen."""
        begin = 0
        while self._left:
            end = begin + min(STREAMS, max(self._left, self._rejected))
            yield list(range(begin, end))
            begin = end

    def counted(self, pieces: Iterator[Piece]) -> Iterator[Piece]:
        """The same pieces, while copies among the samples are counted."""
        for piece in pieces:
            if piece.whole:
                self._accepts(piece.document)
            yield piece

    def chosen(self, pieces: Iterator[Piece]) -> Iterator[tuple[int, str, str]]:
        """The samples that are not left out, in the order of the candidates.

        Yields a sample's number, from 0, what is to be written of it, and its document.
        Raises SamplingError where hardly any candidate can be taken.
        """
        texts: dict[int, list[str]] = {}
        documents: dict[int, str] = {}
        current = 0
        for piece in pieces:
            texts.setdefault(piece.sample, []).append(piece.text)
            if piece.whole:
                documents[piece.sample] = piece.document
            while self._left and current in documents:
                text = "".join(texts.pop(current))
                document = documents.pop(current)
                if self._accepts(document):
                    self._left, self._rejected = self._left - 1, 0
                    yield self._count - self._left - 1, text, document
                else:
                    self._reject()
                current += 1

    def report(self) -> list[str]:
        """What was left out, or how many samples are copies, in a sentence."""
        if self.chooses:
            left_out = []
            if self._novel:
                left_out.append(self._copies())
            if self._unique:
                left_out.append(several(self.repeats, "repeat", "repeats"))
            return [f"left out: {' and '.join(left_out)}, of {self.candidates:,} candidates"]
        if self._hashes is None:
            return []
        are = "is a copy" if self.copies == 1 else "are copies"
        return [
            f"{self.copies:,} of {self.candidates:,} samples ({self.copies / self.candidates:.1%}) "
            f"{are} of training documents; --novel leaves them out"
        ]

    def _accepts(self, document: str) -> bool:
        """Whether a candidate can be taken; counts it."""
        self.candidates += 1
        found = self._fingerprint(document)
        if self._hashes is not None:
            copy = is_in(found, self._hashes.training)
            held_out = not copy and is_in(found, self._hashes.held_out)
            self.copies += copy
            self.held_out += held_out
            if self._novel and (copy or held_out):
                return False
        if not self._unique:
            return True
        if found in self._seen:
            self.repeats += 1
            return False
        self._seen.add(found)
        return True

    def _copies(self) -> str:
        text = several(self.copies, "copy", "copies") + " of training documents"
        if self.held_out:
            text += f", {self.held_out:,} of held-out ones"
        return text

    def _reject(self) -> None:
        self._rejected += 1
        if self._rejected < MOST_REJECTED and self.candidates < self._most:
            return
        why = [f"{self._copies()} were left out"] if self._novel else []
        why += [f"{self.repeats:,} were repeats"] if self._unique else []
        raise SamplingError(
            f"gave up after {self._count - self._left:,} of {self._count:,} samples: of "
            f"{self.candidates:,} candidates {' and '.join(why)}, {self._rejected:,} of them in a "
            "row; try a higher --temperature, or a network that was trained for less time"
        )


def several(count: int, one: str, more: str) -> str:
    return f"{count:,} {one if count == 1 else more}"


def is_in(value: int, values: np.ndarray) -> bool:
    """Whether a value is among sorted ones."""
    place = int(np.searchsorted(values, np.uint64(value)))
    return place < len(values) and int(values[place]) == value
