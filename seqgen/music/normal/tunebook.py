"""A book of tunes as it is learned: the tunes in normal form, and what became of the others."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from seqgen.data.corpora.document import Document
from seqgen.errors import ConfigError, TuneError, unknown_name
from seqgen.music.abc.parser import parse_tune
from seqgen.music.abc.tune_type import KNOWN, collection_rhythm, file_rhythm
from seqgen.music.core.key import Key
from seqgen.music.core.left_out import Tally, attachments_left_out
from seqgen.music.core.meter import Meter
from seqgen.music.core.tune import NormalTune, Tune
from seqgen.music.normal import codec, normalize
from seqgen.music.normal.codec import C
from seqgen.music.normal.near_duplicates import duplicate_groups
from seqgen.music.normal.outline import LETTER, UNKNOWN, line, outline, with_line

TRANSPOSE = ("none", "common", "augment")
"""Keys to learn in: as written; all tonics moved to C; moved to other keys each epoch."""

# A rhythm that is not KNOWN needs so many tunes, and such a share, to be learned by its name.
RARE, RARE_SHARE = 5, 0.01
# An outline is learned by its name from so many tunes on.
SEEN = 3


@dataclass(frozen=True)
class NormalizedTune:
    """A tune that is kept.

    text: its normal form, as a text. origin: of its document.
    family: the same for its variants, so that they can be kept on one side of a split.
    key: as its book writes it. rhythm: "" for none.
    """

    text: str
    origin: str
    family: str
    key: Key
    meter: Meter
    rhythm: str


@dataclass(frozen=True)
class Book:
    """A book of tunes as it is learned.

    tunes: in the order of the book, each once. documents: how many tunes the book has in all.
    divided: how many of them change key or meter, and are learned as a tune for each.
    duplicates: origins of the others, with that of the same tune before.
    aside: by reason, the origins of those that have no normal form, with the place of the fault.
    left_out: what the tunes that are kept lose on the way to the normal form.
    """

    tunes: tuple[NormalizedTune, ...]
    duplicates: tuple[tuple[str, str], ...]
    rejected: dict[str, tuple[str, ...]]
    documents: int = 0
    divided: int = 0
    left_out: Tally = field(default_factory=Tally)

    def facts(self) -> dict[str, Any]:
        """Counts of everything, the largest first, as they go into JSON."""
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
            "keys": counted(str(tune.key) for tune in self.tunes),
            "meters": counted(str(tune.meter) for tune in self.tunes),
            "rhythms": counted(tune.rhythm or "none" for tune in self.tunes),
        }


def counted(names: Iterable[str]) -> dict[str, int]:
    return dict(Counter(names).most_common())


def normalize_book(
    documents: Iterable[Document], transpose: str = "common", voice: str | None = None
) -> Book:
    """Bring the tunes of a book into normal form.

    documents: the tunes, those of a file together and in order.
    transpose: one of `TRANSPOSE`; "augment" gives the same texts as "none".
    voice: which to use of tunes with several voices, by name or label; None for the first.
    Raises ConfigError for another way to transpose, and for a voice that no tune has.
    """
    if transpose not in TRANSPOSE:
        raise ConfigError(f"transpose is one of {', '.join(TRANSPOSE)}, not {transpose!r}")
    tonic = C if transpose == "common" else None
    tunes: dict[str, tuple[NormalTune, str]] = {}
    duplicates = []
    aside: dict[str, tuple[str, ...]] = {}
    left_out = Tally()
    voices: set[str] = set()
    count = divided = 0
    for document, stated in with_rhythms(documents):
        origin = document.origin
        count += 1
        try:
            tune = read_voice(document, voice, voices)
            forms = [
                replace(form, rhythm=form.rhythm or stated) for form in normalize.normal_forms(tune)
            ]
            for form in forms:
                codec.encode_tune(form, tonic)
        except TuneError as error:
            place = error.where.removeprefix(origin).removeprefix(", ")
            where = f"{origin}, {place}" if place else origin
            aside[error.reason] = (*aside.get(error.reason, ()), where)
            continue
        identities = [normalize.identity(form) for form in forms]
        new = {i: form for i, form in zip(identities, forms, strict=True) if i not in tunes}
        if not new:
            duplicates.append((origin, tunes[identities[0]][1]))
            continue
        divided += len(forms) > 1
        tunes |= {identity: (form, origin) for identity, form in new.items()}
        left_out.add(attachments_left_out(tune))
    if voice is not None and voice not in voices:
        raise unknown_name("voice", voice, voices)
    outlines = Counter(outline(tune) for tune, _ in tunes.values())
    lines = {
        parts: line(parts) if count >= SEEN else f"{LETTER}:{UNKNOWN}\n"
        for parts, count in outlines.items()
    }
    common = common_rhythms(tune.rhythm for tune, _ in tunes.values())
    learned = []
    named_families = duplicate_groups([tune for tune, _ in tunes.values()])
    for (tune, origin), family in zip(tunes.values(), named_families, strict=True):
        named = replace(tune, rhythm=tune.rhythm if tune.rhythm in common else "")
        text = with_line(codec.encode_tune(named, tonic), lines[outline(tune)])
        learned.append(NormalizedTune(text, origin, family, tune.key, tune.meter, named.rhythm))
    return Book(tuple(learned), tuple(duplicates), aside, count, divided, left_out)


def read_voice(document: Document, voice: str | None, known: set[str]) -> Tune:
    """Read a tune with the voice of that name as its first; one of a single voice as it is.

    known: gains the names of the tune's voices.
    Raises TuneError for a tune that cannot be read, or has other voices only.
    """
    text = str(document.text)
    tune = parse_tune(text, document.origin)
    first = {tune.voice, tune.label}
    names = first.union(*((each.name, each.label) for each in tune.voices)) - {""}
    known |= names
    if voice is None or not tune.voices or voice in first:
        return tune
    if voice not in names:
        raise TuneError("no voice of the name asked for", document.origin)
    return parse_tune(text, document.origin, voice)


def with_rhythms(documents: Iterable[Document]) -> Iterator[tuple[Document, str]]:
    """The tunes, each with the rhythm that a heading above it or else its file's name states.

    A heading holds until the next one of its file; "" where nothing states a rhythm.
    """
    file, heading, named = None, "", ""
    for document in documents:
        if document.file != file:
            file, heading, named = document.file, "", file_rhythm(document.file)
        for text in document.headings:
            heading = collection_rhythm(text) or heading
        yield document, heading or named


def common_rhythms(rhythms: Iterable[str]) -> set[str]:
    """Names worth a token: those that people ask for, and those that a book has often."""
    counts = Counter(rhythms)
    least = max(RARE, RARE_SHARE * counts.total())
    return {name for name, count in counts.items() if name in KNOWN or count >= least}
