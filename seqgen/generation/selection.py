"""Rejection of generated documents that are copies of training documents, or repeats."""

from collections.abc import Callable, Iterator

import numpy as np

from seqgen.data.fingerprint import DocumentHashes
from seqgen.errors import SamplingError
from seqgen.generation.batch import MAX_STREAMS, Piece

# Generation gives up after this many rejected candidates in a row, or this many candidates for each
# requested sample, plus the former.
MAX_CONSECUTIVE_REJECTIONS = 500
MAX_CANDIDATES_PER_SAMPLE = 100


class Selection:
    """Selects samples among candidates, and counts the rejected ones.

    Attributes:
        copies: Number of candidates that are training documents.
        held_out: Number of candidates that are validation documents.
        repeats: Number of candidates that equal an earlier one.
        candidates: Number of all candidates.
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
        """Start without candidates.

        Args:
            count: Number of samples to select.
            fingerprint: Returns the hash of a document's text.
            hashes: Hashes of the documents of the corpus; None if unknown.
            novel: Reject copies of documents of the corpus.
            unique: Reject repeats.
        """
        self.copies = self.held_out = self.repeats = self.candidates = 0
        self._remaining = count
        self._max_candidates = MAX_CONSECUTIVE_REJECTIONS + MAX_CANDIDATES_PER_SAMPLE * count
        self._count = count
        self._fingerprint = fingerprint
        self._hashes = hashes
        self._novel, self._unique = novel, unique
        self._seen: set[int] = set()
        self._rejected = 0  # in a row

    @property
    def filters(self) -> bool:
        """Whether any candidate can be rejected."""
        return self._novel or self._unique

    def batches(self) -> Iterator[list[int]]:
        """Yield indices of candidates to generate in a batch, until enough samples are selected."""
        begin = 0
        while self._remaining:
            end = begin + min(MAX_STREAMS, max(self._remaining, self._rejected))
            yield list(range(begin, end))
            begin = end

    def count_copies(self, pieces: Iterator[Piece]) -> Iterator[Piece]:
        """Pass pieces on, counting the samples that are copies."""
        for piece in pieces:
            if piece.complete:
                self._check(piece.document)
            yield piece

    def select(self, pieces: Iterator[Piece]) -> Iterator[tuple[int, str, str]]:
        """Select samples in the order of the candidates.

        Args:
            pieces: The text of the candidates.

        Yields:
            The sample's index, from 0, its text to print, and its document.

        Raises:
            SamplingError: If hardly any candidate can be selected.
        """
        texts: dict[int, list[str]] = {}
        documents: dict[int, str] = {}
        current = 0
        for piece in pieces:
            texts.setdefault(piece.sample, []).append(piece.text)
            if piece.complete:
                documents[piece.sample] = piece.document
            while self._remaining and current in documents:
                text = "".join(texts.pop(current))
                document = documents.pop(current)
                if self._check(document):
                    self._remaining, self._rejected = self._remaining - 1, 0
                    yield self._count - self._remaining - 1, text, document
                else:
                    self._reject()
                current += 1

    def report(self) -> list[str]:
        """Return a message on the rejected candidates or on copies; empty if there is none."""
        if self.filters:
            rejected = []
            if self._novel:
                rejected.append(self._copies())
            if self._unique:
                rejected.append(_pluralize(self.repeats, "repeat", "repeats"))
            return [f"rejected: {' and '.join(rejected)}, of {self.candidates:,} candidates"]
        if self._hashes is None:
            return []
        are = "is a copy" if self.copies == 1 else "are copies"
        return [
            f"{self.copies:,} of {self.candidates:,} samples ({self.copies / self.candidates:.1%}) "
            f"{are} of training documents; `novel=True` rejects them"
        ]

    def _check(self, document: str) -> bool:
        """Count a candidate, and return whether it can be selected."""
        self.candidates += 1
        fingerprint = self._fingerprint(document)
        if self._hashes is not None:
            copy = contains(self._hashes.training, fingerprint)
            held_out = not copy and contains(self._hashes.held_out, fingerprint)
            self.copies += copy
            self.held_out += held_out
            if self._novel and (copy or held_out):
                return False
        if not self._unique:
            return True
        if fingerprint in self._seen:
            self.repeats += 1
            return False
        self._seen.add(fingerprint)
        return True

    def _copies(self) -> str:
        text = _pluralize(self.copies, "copy", "copies") + " of training documents"
        if self.held_out:
            text += f", {self.held_out:,} of held-out ones"
        return text

    def _reject(self) -> None:
        self._rejected += 1
        within_limits = self.candidates < self._max_candidates
        if self._rejected < MAX_CONSECUTIVE_REJECTIONS and within_limits:
            return
        reasons = [f"{self._copies()} were rejected"] if self._novel else []
        reasons += [f"{self.repeats:,} were repeats"] if self._unique else []
        raise SamplingError(
            f"gave up after {self._count - self._remaining:,} of {self._count:,} samples: of "
            f"{self.candidates:,} candidates {' and '.join(reasons)}, {self._rejected:,} of them "
            "in a row; try a higher `temperature`, or a model that was trained for less time"
        )


def _pluralize(count: int, singular: str, plural: str) -> str:
    return f"{count:,} {singular if count == 1 else plural}"


def contains(sorted_values: np.ndarray, value: int) -> bool:
    """Return whether a sorted uint64 array contains a value, by binary search."""
    index = int(np.searchsorted(sorted_values, np.uint64(value)))
    return index < len(sorted_values) and int(sorted_values[index]) == value
