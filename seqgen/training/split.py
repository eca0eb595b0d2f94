"""Which documents are learned from, and which are held back to measure by."""

import hashlib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, Self

import numpy as np

from seqgen.checkpoint.config import TuneFacts
from seqgen.checkpoint.document_hashes import DocumentHashes, fingerprint, fingerprints
from seqgen.config.options import FILE
from seqgen.data.corpora import Corpus
from seqgen.data.corpora.units import LEAST_DOCUMENTS, Documents, describe
from seqgen.data.tokenizers.base import Text
from seqgen.errors import CorpusError
from seqgen.music.normal import tunebook
from seqgen.music.normal.tokens import NO_RHYTHM, PATTERN, PITCHES

VALIDATION_SHARE = 0.1
LONG_SHARE = 0.99  # of a book's tunes; what is longer has lost its way, in what a network writes


# Of all characters. A single document that has more is never held back, nor are so many together
# that they have twice as many.
MOST_HELD_OUT = 0.1


@dataclass(frozen=True)
class Split:
    """The texts of the two parts, and what became of the documents on the way.

    training, validation, texts: can be iterated over several times; texts are those of both.
    training_characters, validation_characters: how many they have.
    hashes: of the documents (`seqgen.checkpoint.document_hashes`); None where the validation part
        has the ends of texts.
    documents: how many there are in both.
    unit: what one is (`seqgen.data.corpora.units`); None for tunes.
    held_out: how many whole documents the validation part has; 0 if it has the ends of texts.
    """

    training: Iterable[Text]
    validation: Iterable[Text]
    texts: Iterable[Text]
    training_characters: int
    validation_characters: int
    documents: int
    notices: tuple[str, ...] = ()
    tunes: TuneFacts | None = None
    unit: str | None = None
    held_out: int = 0
    hashes: DocumentHashes | None = None

    @classmethod
    def of(
        cls, training: tuple[Text, ...], validation: tuple[Text, ...], documents: int, **more: Any
    ) -> Self:
        """A split of a few texts."""
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
    """Some documents of a corpus. chosen: which of them, bool [N]."""

    documents: Documents
    chosen: np.ndarray

    def __iter__(self) -> Iterator[Text]:
        return compress(self.documents, self.chosen)


def split_text(corpus: Corpus, unit: str = FILE) -> Split:
    """Whole documents, a tenth of them, are the validation part, by the hashes of their texts.

    Of fewer than 20 different documents it is the last tenth of each file.
    """
    documents = Documents(corpus, unit)
    hashes, lengths = measured(documents)
    different = len(np.unique(hashes))
    if different >= LEAST_DOCUMENTS:
        held = held_out(hashes, lengths)
        return Split(
            training=Selected(documents, ~held),
            validation=Selected(documents, held),
            texts=documents,
            training_characters=int(lengths[~held].sum()),
            validation_characters=int(lengths[held].sum()),
            documents=len(hashes),
            hashes=DocumentHashes(np.unique(hashes[~held]), np.unique(hashes[held])),
            unit=unit,
            held_out=int(held.sum()),
        )
    notice = (
        f"there are {different} different documents, {describe(unit)}; with fewer than "
        f"{LEAST_DOCUMENTS} each file is one text, whose last tenth is held out"
    )
    return split_ends(corpus, (notice,) if unit != FILE else ())


def split_ends(corpus: Corpus, notices: tuple[str, ...] = ()) -> Split:
    """The last tenth of each file is its validation part."""
    parts = [cut(document.text) for document in corpus.documents]
    return Split.of(
        training=tuple(first for first, _ in parts if first),
        validation=tuple(second for _, second in parts if second),
        documents=len(corpus.documents),
        notices=notices,
        unit=FILE,
    )


def measured(documents: Iterable[Text]) -> tuple[np.ndarray, np.ndarray]:
    """The hash of each document, uint64 [N], and how many characters it has, int64 [N]."""
    hashes, lengths = array("Q"), array("q")
    for document in documents:
        hashes.append(fingerprint(document))
        lengths.append(len(document))
    return np.array(hashes, np.uint64), np.array(lengths, np.int64)


def held_out(hashes: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Which documents are the validation part, bool [N]: a tenth of the different ones.

    Those with the smallest hashes, so that equal documents are on one side, and a corpus that has
    grown keeps nearly all where they were. None that is very long beside the others.
    """
    different, first, counts = np.unique(hashes, return_index=True, return_counts=True)
    sizes = lengths[first] * counts
    most = MOST_HELD_OUT * lengths.sum()
    allowed = np.flatnonzero(sizes <= most)[: max(1, round(VALIDATION_SHARE * len(different)))]
    allowed = allowed[np.cumsum(sizes[allowed]) <= 2 * most]
    if not len(allowed):
        allowed = np.array([sizes.argmin()])
    return np.isin(hashes, different[allowed])


def cut(text: Text) -> tuple[Text, Text]:
    place = int(len(text) * (1 - VALIDATION_SHARE))
    return text[:place], text[place:]


def split_tunes(corpus: Corpus, transpose: str, voice: str | None = None) -> Split:
    """A tenth of the tunes in normal form is the validation part.

    By the hash of a tune's family, so that its variants are all on one side.
    """
    learned = tunebook.normalize_book(corpus.documents, transpose, voice)
    tunes = learned.tunes
    if not tunes:
        most = sorted(learned.rejected.items(), key=lambda item: -len(item[1]))[:3]
        why = "; ".join(f"{reason} ({len(places)}, as in {places[0]})" for reason, places in most)
        raise CorpusError(f"{corpus.name} holds no tune that can be learned: {why}")
    notices = []
    if aside := sum(map(len, learned.rejected.values())):
        notices.append(
            f"{aside:,} of {len(corpus.documents):,} tunes were set aside "
            f"(seqgen corpora show {corpus.sources[0]} --report says why)"
        )
    if learned.duplicates:
        twice = len(learned.duplicates)
        notices.append(f"{twice:,} tunes that were there before, by another name or in another key")
    notices += learned.left_out.lines()
    count = len(corpus.documents)
    if len(tunes) == 1:
        first, second = cut_tune(tunes[0].text)
        return Split.of(
            (first,), (second,), count, notices=tuple(notices), tunes=facts(tunes, (second,))
        )
    held = {tune.family for tune in tunes if hashed(tune.family) < VALIDATION_SHARE}
    families = {tune.family for tune in tunes}
    if not held or held == families:
        held = {min(families, key=hashed)}
    training = tuple(tune.text for tune in tunes if tune.family not in held)
    validation = tuple(tune.text for tune in tunes if tune.family in held)
    return Split.of(
        training,
        validation,
        count,
        notices=tuple(notices),
        tunes=facts(tunes, validation),
        hashes=DocumentHashes(
            fingerprints(training, tunes=True), fingerprints(validation, tunes=True)
        ),
    )


def facts(tunes: Sequence[tunebook.NormalizedTune], validation: Sequence[str]) -> TuneFacts:
    """What a checkpoint is to know of the book."""
    pitches = frozenset(PITCHES)
    notes = sum(token in pitches for text in validation for token in PATTERN.findall(text))
    lengths = sorted(len(PATTERN.findall(tune.text)) + 1 for tune in tunes)
    long = lengths[int(LONG_SHARE * (len(lengths) - 1))]
    return TuneFacts(tonics(tunes), meters(tunes), len(tunes), notes, long)


def tonics(tunes: Sequence[tunebook.NormalizedTune]) -> dict[str, dict[str, int]]:
    """How many tunes of each mode had each tonic."""
    counts: dict[str, Counter[str]] = {}
    for tune in tunes:
        counts.setdefault(tune.key.mode, Counter())[tune.key.tonic] += 1
    return {mode: dict(count.most_common()) for mode, count in sorted(counts.items())}


def meters(tunes: Sequence[tunebook.NormalizedTune]) -> dict[str, tuple[str, ...]]:
    """The meters of each rhythm, the most frequent first."""
    counts: dict[str, Counter[str]] = {}
    for tune in tunes:
        counts.setdefault(tune.rhythm or NO_RHYTHM, Counter())[str(tune.meter)] += 1
    return {rhythm: tuple(m for m, _ in c.most_common()) for rhythm, c in sorted(counts.items())}


def cut_tune(text: str) -> tuple[str, str]:
    """A tune in normal form, cut between two tokens."""
    pieces = PATTERN.findall(text)
    place = int(len(pieces) * (1 - VALIDATION_SHARE))
    return "".join(pieces[:place]), "".join(pieces[place:])


def hashed(family: str) -> float:
    """A number in [0, 1) that depends on nothing but the text."""
    return int.from_bytes(hashlib.sha256(family.encode()).digest()[:6], "big") / 2**48
