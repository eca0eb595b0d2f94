"""Which documents are learned from, and which are held back to measure by."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from seqgen.checkpoint.format import TuneFacts
from seqgen.corpora import Corpus
from seqgen.errors import CorpusError
from seqgen.music import book
from seqgen.music.tokens import NO_RHYTHM, PATTERN, PITCHES
from seqgen.tokenizers.base import Text

VALIDATION_SHARE = 0.1
LONG_SHARE = 0.99  # of a book's tunes; what is longer has lost its way, in what a network writes


@dataclass(frozen=True)
class Split:
    """The texts of the two parts, and what became of the documents on the way."""

    training: tuple[Text, ...]
    validation: tuple[Text, ...]
    notices: tuple[str, ...] = ()
    tunes: TuneFacts | None = None


def split_text(corpus: Corpus) -> Split:
    """The last tenth of each text is its validation part."""
    parts = [cut(document.text) for document in corpus.documents]
    return Split(
        tuple(first for first, _ in parts if first), tuple(second for _, second in parts if second)
    )


def cut(text: Text) -> tuple[Text, Text]:
    place = int(len(text) * (1 - VALIDATION_SHARE))
    return text[:place], text[place:]


def split_tunes(corpus: Corpus, transpose: str) -> Split:
    """A tenth of the tunes in normal form is the validation part.

    By the hash of a tune's family, so that its variants are all on one side.
    """
    learned = book.learn(corpus.documents, transpose)
    tunes = learned.tunes
    if not tunes:
        most = sorted(learned.aside.items(), key=lambda item: -len(item[1]))[:3]
        why = "; ".join(f"{reason} ({len(places)}, as in {places[0]})" for reason, places in most)
        raise CorpusError(f"{corpus.name} holds no tune that can be learned: {why}")
    notices = []
    if aside := sum(map(len, learned.aside.values())):
        notices.append(
            f"{aside:,} of {len(corpus.documents):,} tunes were set aside "
            f"(seqgen corpora show {corpus.sources[0]} --report says why)"
        )
    if learned.duplicates:
        twice = len(learned.duplicates)
        notices.append(f"{twice:,} tunes that were there before, by another name or in another key")
    notices += learned.left_out.lines()
    if len(tunes) == 1:
        first, second = cut_tune(tunes[0].text)
        return Split((first,), (second,), tuple(notices), facts(tunes, (second,)))
    held = {tune.family for tune in tunes if hashed(tune.family) < VALIDATION_SHARE}
    families = {tune.family for tune in tunes}
    if not held or held == families:
        held = {min(families, key=hashed)}
    training = tuple(tune.text for tune in tunes if tune.family not in held)
    validation = tuple(tune.text for tune in tunes if tune.family in held)
    return Split(training, validation, tuple(notices), facts(tunes, validation))


def facts(tunes: Sequence[book.Learned], validation: Sequence[str]) -> TuneFacts:
    """What a checkpoint is to know of the book."""
    pitches = frozenset(PITCHES)
    notes = sum(token in pitches for text in validation for token in PATTERN.findall(text))
    lengths = sorted(len(PATTERN.findall(tune.text)) + 1 for tune in tunes)
    long = lengths[int(LONG_SHARE * (len(lengths) - 1))]
    return TuneFacts(tonics(tunes), meters(tunes), len(tunes), notes, long)


def tonics(tunes: Sequence[book.Learned]) -> dict[str, dict[str, int]]:
    """How many tunes of each mode had each tonic."""
    counts: dict[str, Counter[str]] = {}
    for tune in tunes:
        counts.setdefault(tune.key.mode, Counter())[tune.key.tonic] += 1
    return {mode: dict(count.most_common()) for mode, count in sorted(counts.items())}


def meters(tunes: Sequence[book.Learned]) -> dict[str, tuple[str, ...]]:
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
