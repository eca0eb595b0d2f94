"""Split a corpus of texts into a training and a validation part."""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import compress
from typing import Any, Self

import numpy as np

from seqgen.config.options import FILE
from seqgen.data.corpora import Corpus
from seqgen.data.corpora.units import MIN_DOCUMENTS, Documents, describe
from seqgen.data.fingerprint import DocumentHashes, fingerprint
from seqgen.data.tokenizers.base import Text

VALIDATION_SHARE = 0.1

# Fraction of all characters. A longer document is never held out, nor are documents that together
# have twice as many.
MAX_HELD_OUT = 0.1


@dataclass(frozen=True)
class Split:
    """The documents of the two parts of a corpus.

    Attributes:
        training: Documents to train on; can be iterated over several times.
        validation: Held-out documents, or the ends of the corpus's files; as ``training``.
        texts: Both parts, in the order of the corpus where it has one.
        training_characters: Characters of the training part.
        validation_characters: Characters of the validation part.
        documents: Number of documents in both parts.
        notices: What the user should know about the split.
        facts: What the task stores about the corpus in the checkpoint; None for nothing.
        unit: What one document is (`seqgen.data.corpora.units`); None if the corpus says so.
        held_out: Number of whole documents in the validation part; 0 for the ends of files.
        hashes: Hashes of the documents; None where the validation part has the ends of files.
        titles: Patterns of the titles of the training documents, from which new ones are proposed.
    """

    training: Iterable[Text]
    validation: Iterable[Text]
    texts: Iterable[Text]
    training_characters: int
    validation_characters: int
    documents: int
    notices: tuple[str, ...] = ()
    facts: Any = None
    unit: str | None = None
    held_out: int = 0
    hashes: DocumentHashes | None = None
    titles: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, training: tuple[Text, ...], validation: tuple[Text, ...], documents: int, **more: Any
    ) -> Self:
        """Return the split of texts that are in memory."""
        return cls(
            training=training,
            validation=validation,
            texts=(*training, *validation),
            training_characters=sum(map(len, training)),
            validation_characters=sum(map(len, validation)),
            documents=documents,
            **more,
        )


@dataclass(frozen=True)
class Selected:
    """Those documents of a corpus that a mask selects, bool [N]."""

    documents: Documents
    mask: np.ndarray

    def __iter__(self) -> Iterator[Text]:
        return compress(self.documents, self.mask)


def split_text(corpus: Corpus, unit: str = FILE) -> Split:
    """Hold out a tenth of the documents, chosen by the hashes of their texts.

    With fewer than 20 different documents, the last tenth of each file is held out instead.

    Args:
        corpus: A corpus of texts.
        unit: What one document is (`seqgen.data.corpora.units`).
    """
    documents = Documents(corpus, unit)
    hashes, lengths = _hashes_and_lengths(documents)
    different = len(np.unique(hashes))
    if different >= MIN_DOCUMENTS:
        held_out = held_out_mask(hashes, lengths)
        return Split(
            training=Selected(documents, ~held_out),
            validation=Selected(documents, held_out),
            texts=documents,
            training_characters=int(lengths[~held_out].sum()),
            validation_characters=int(lengths[held_out].sum()),
            documents=len(hashes),
            hashes=DocumentHashes(np.unique(hashes[~held_out]), np.unique(hashes[held_out])),
            unit=unit,
            held_out=int(held_out.sum()),
        )
    notice = (
        f"there are {different} different documents, {describe(unit)}; with fewer than "
        f"{MIN_DOCUMENTS} each file is one text, whose last tenth is held out"
    )
    return split_ends(corpus, (notice,) if unit != FILE else ())


def split_ends(corpus: Corpus, notices: tuple[str, ...] = ()) -> Split:
    """Hold out the last tenth of each file."""
    parts = [_cut(document.text) for document in corpus.documents]
    return Split.of(
        training=tuple(first for first, _ in parts if first),
        validation=tuple(second for _, second in parts if second),
        documents=len(corpus.documents),
        notices=notices,
        unit=FILE,
    )


def _hashes_and_lengths(documents: Iterable[Text]) -> tuple[np.ndarray, np.ndarray]:
    """Return the hash, uint64 [N], and the length in characters, int64 [N], of each document."""
    hashes, lengths = array("Q"), array("q")
    for document in documents:
        hashes.append(fingerprint(document))
        lengths.append(len(document))
    return np.array(hashes, np.uint64), np.array(lengths, np.int64)


def held_out_mask(hashes: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Choose a tenth of the distinct documents: those with the smallest hashes.

    So equal documents are in the same part, and a corpus that grows keeps nearly all documents in
    the part where they were. Very long documents are not held out.

    Args:
        hashes: uint64 [N].
        lengths: Characters of each document, int64 [N].

    Returns:
        Which documents are held out, bool [N].
    """
    different, first, counts = np.unique(hashes, return_index=True, return_counts=True)
    sizes = lengths[first] * counts
    limit = MAX_HELD_OUT * lengths.sum()
    allowed = np.flatnonzero(sizes <= limit)[: max(1, round(VALIDATION_SHARE * len(different)))]
    allowed = allowed[np.cumsum(sizes[allowed]) <= 2 * limit]
    if not len(allowed):
        allowed = np.array([sizes.argmin()])
    return np.isin(hashes, different[allowed])


def _cut(text: Text) -> tuple[Text, Text]:
    place = int(len(text) * (1 - VALIDATION_SHARE))
    return text[:place], text[place:]
