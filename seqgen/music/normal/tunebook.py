"""Normalization of a tune book."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from seqgen.data.corpora.document import Document
from seqgen.errors import ConfigError, TuneError, unknown_name
from seqgen.music.abc.parser import parse_tune
from seqgen.music.abc.tune_type import (
    KNOWN,
    base_rhythm,
    collection_rhythm,
    file_rhythm,
    in_meter,
)
from seqgen.music.core.key import Key
from seqgen.music.core.left_out import Tally, attachments_left_out
from seqgen.music.core.meter import Meter
from seqgen.music.core.tune import NormalTune, Tune
from seqgen.music.normal import codec, normalize
from seqgen.music.normal.codec import C
from seqgen.music.normal.known_lines import is_header, unknown_lines, with_known_lines
from seqgen.music.normal.near_duplicates import duplicate_groups
from seqgen.music.normal.outline import FINAL, PART, TONIC
from seqgen.music.normal.tokens import COPIES, PATTERN

TRANSPOSE = ("none", "common", "augment")
"""Keys of the training tunes: as written; all tonics moved to C; other keys each epoch."""

# Minimum number and fraction of the tunes for a token of a rhythm that is not KNOWN.
MIN_RHYTHM_TUNES, MIN_RHYTHM_FRACTION = 5, 0.01
MIN_OUTLINE_TUNES = 3  # for a token of a tonic, a section or a final note


@dataclass(frozen=True)
class NormalizedTune:
    """A tune of a normalized book.

    Attributes:
        text: Its normal form.
        origin: Origin of its document.
        family: Name of its group of variants, which belong in the same part of a split.
        key: Its key in the book.
        rhythm: "" for none.
        title: Its first title in the book, "" for none.
    """

    text: str
    origin: str
    family: str
    key: Key
    meter: Meter
    rhythm: str
    title: str = ""


@dataclass(frozen=True)
class Book:
    """A normalized tune book.

    Attributes:
        tunes: Distinct tunes in the order of the book.
        duplicates: For each other tune, its origin and that of the equal tune before.
        rejected: By reason, the origins of the tunes without a normal form, with the place.
        documents: Number of tunes in the book.
        divided: Number of tunes that are split at changes of key or meter.
        left_out: What the kept tunes lose by normalization.
    """

    tunes: tuple[NormalizedTune, ...]
    duplicates: tuple[tuple[str, str], ...]
    rejected: dict[str, tuple[str, ...]]
    documents: int = 0
    divided: int = 0
    left_out: Tally = field(default_factory=Tally)

    def facts(self) -> dict[str, Any]:
        """The counts in the form of JSON, the largest first."""
        by_reason = sorted(self.rejected.items(), key=lambda item: -len(item[1]))
        return {
            "tunes": self.documents,
            "normal": self.documents - sum(map(len, self.rejected.values())),
            "duplicates": len(self.duplicates),
            "divided": self.divided,
            "kept": len(self.tunes),
            "rejected": {
                reason: {"tunes": len(origins), "example": origins[0]}
                for reason, origins in by_reason
            },
            "left_out": {
                kind: {"count": count, "tunes": self.left_out.tunes[kind]}
                for kind, count in self.left_out.counts.most_common()
            },
            "keys": _count(str(tune.key) for tune in self.tunes),
            "meters": _count(str(tune.meter) for tune in self.tunes),
            "rhythms": _count(tune.rhythm or "none" for tune in self.tunes),
        }


def _count(names: Iterable[str]) -> dict[str, int]:
    return dict(Counter(names).most_common())


def normalize_book(
    documents: Iterable[Document], transpose: str = "common", voice: str | None = None
) -> Book:
    """Normalize the tunes of a book.

    Args:
        documents: The tunes, those of a file together and in order.
        transpose: One of `TRANSPOSE`; "augment" gives the same texts as "none".
        voice: Name or label of the voice to use of tunes with several; None for the first.

    Raises:
        ConfigError: For another value of ``transpose``, or a voice that no tune has.
    """
    if transpose not in TRANSPOSE:
        raise ConfigError(f"transpose is one of {', '.join(TRANSPOSE)}, not {transpose!r}")
    tonic = C if transpose == "common" else None
    tunes: dict[str, tuple[NormalTune, str]] = {}
    duplicates = []
    rejected: dict[str, tuple[str, ...]] = {}
    left_out = Tally()
    voices: set[str] = set()
    count = divided = 0
    for document, stated in with_rhythms(documents):
        origin = document.origin
        count += 1
        try:
            tune = _read_voice(document, voice, voices)
            forms = [*_with_rhythms(normalize.normal_forms(tune), stated)]
            for form in forms:
                codec.encode_tune(form, tonic)
        except TuneError as error:
            place = error.where.removeprefix(origin).removeprefix(", ")
            where = f"{origin}, {place}" if place else origin
            rejected[error.reason] = (*rejected.get(error.reason, ()), where)
            continue
        identities = [normalize.identity(form) for form in forms]
        new = {i: form for i, form in zip(identities, forms, strict=True) if i not in tunes}
        for identity, form in zip(identities, forms, strict=True):
            if identity not in new:
                first, where = tunes[identity]
                tunes[identity] = _with_rhythm(first, form.rhythm), where
        if not new:
            duplicates.append((origin, tunes[identities[0]][1]))
            continue
        divided += len(forms) > 1
        tunes |= {identity: (form, origin) for identity, form in new.items()}
        left_out.add(attachments_left_out(tune))
    if voice is not None and voice not in voices:
        raise unknown_name("voice", voice, voices)
    rhythms = _common_rhythms(tune.rhythm for tune, _ in tunes.values())
    named = [replace(tune, rhythm=rhythms[tune.rhythm]) for tune, _ in tunes.values()]
    texts = [codec.encode_tune(tune, tonic) for tune in named]
    known = _common_lines(texts)
    families = duplicate_groups(named)
    origins = [origin for _, origin in tunes.values()]
    normalized = [
        NormalizedTune(
            with_known_lines(text, known),
            origin,
            family,
            tune.key,
            tune.meter,
            tune.rhythm,
            tune.title.strip(),
        )
        for text, origin, family, tune in zip(texts, origins, families, named, strict=True)
    ]
    return Book(tuple(normalized), tuple(duplicates), rejected, count, divided, left_out)


def _read_voice(document: Document, voice: str | None, known: set[str]) -> Tune:
    """Parse a tune with a voice as its first, if it has several.

    known: the names of the tune's voices are added to it.
    Raises TuneError for a tune that cannot be read or does not have the voice.
    """
    text = str(document.text)
    tune = parse_tune(text, document.origin)
    first = {tune.voice, tune.label}
    names = first.union(*((each.name, each.label) for each in tune.voices)) - {""}
    known |= names
    if voice is None or not tune.voices or voice in first:
        return tune
    if voice not in names:
        raise TuneError("voice not in the tune", document.origin)
    return parse_tune(text, document.origin, voice)


def with_rhythms(documents: Iterable[Document]) -> Iterator[tuple[Document, str]]:
    """The tunes, each with the rhythm that the last heading of its file, or the file name, states.

    The rhythm is "" if none is stated.
    """
    file, heading, named = None, "", ""
    for document in documents:
        if document.file != file:
            file, heading, named = document.file, "", file_rhythm(document.file)
        for text in document.headings:
            heading = collection_rhythm(text) or heading
        yield document, heading or named


def _common_lines(texts: Iterable[str]) -> set[str]:
    """The header lines of many tunes, those that need no number, and the copy marks."""
    counts = Counter(
        token for text in texts for token in set(PATTERN.findall(text)) if is_header(token)
    )
    lines = {line for line, count in counts.items() if count >= _least_tunes(line)}
    return {*lines, *COPIES, *unknown_lines(True)}


def _least_tunes(line: str) -> int:
    """Minimum number of tunes for a token of a header line."""
    return MIN_OUTLINE_TUNES if line[0] in (TONIC, PART, FINAL) else 1


def _with_rhythms(forms: Sequence[NormalTune], stated: str) -> Iterator[NormalTune]:
    """The normal forms of a tune with the names of their rhythms.

    stated: the rhythm of the tune's collection, for a tune without one.
    """
    for number, form in enumerate(forms):
        rhythm = in_meter(form.rhythm, form.meter)
        # That of an R: field is also kept in an unusual meter, but not after a change of meter.
        rhythm = rhythm or ("" if number else form.rhythm)
        yield _with_rhythm(replace(form, rhythm=rhythm), stated)


def _with_rhythm(tune: NormalTune, rhythm: str) -> NormalTune:
    """The tune with a rhythm if it has none and its meter allows it."""
    return replace(tune, rhythm=tune.rhythm or in_meter(rhythm, tune.meter))


def _common_rhythms(rhythms: Iterable[str]) -> dict[str, str]:
    """The name that each rhythm has as a token, "" for none.

    The known ones and those of many tunes are their own names; others have the name of the known
    one that they state, if any (`base_rhythm`).
    """
    counts = Counter(rhythms)
    least = max(MIN_RHYTHM_TUNES, MIN_RHYTHM_FRACTION * counts.total())
    names = {}
    for name, count in counts.items():
        base = name if count >= least else base_rhythm(name)
        names[name] = base if count >= least or base in KNOWN else ""
    return names
