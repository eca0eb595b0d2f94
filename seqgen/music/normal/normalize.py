"""The normal form of tunes, in which every bar adds up in the order of playing.

A chord becomes its top note, every repeat has both signs, every length can be drawn as one note,
and tuplets are triplets of equal notes. A tune that would require guessing is rejected.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

from seqgen.errors import TuneError
from seqgen.music.core.key import Key
from seqgen.music.core.tune import PLAIN, Bar, NormalTune, Note, Tune, Tuplet, join_ties
from seqgen.music.normal.key_changes import without_changes
from seqgen.music.normal.sections import Measure, Section, size, split_sections
from seqgen.music.normal.tokens import LENGTHS, WHOLE, is_drawable_at
from seqgen.music.normal.unroll import is_plain, unroll, without_jumps

DRAWABLE = sorted(LENGTHS.values(), reverse=True)
TRIPLETS = (LENGTHS["/2"], LENGTHS[""], LENGTHS["2"])  # written lengths of their notes
EIGHTH = LENGTHS[""]
MODES = ("maj", "min", "dor", "mix", "phr", "lyd")

# Errors of endings that the normal form can hold if they are written out.
ENDINGS = ("endings of different lengths", "first ending without a second")

SIGNATURE = 16  # notes that distinguish tunes


def normalize(tune: Tune) -> NormalTune:
    """Normalize a tune, in its own key.

    Raises:
        TuneError: If it has no normal form, or `normal_forms` splits it.
    """
    first, *others = normal_forms(tune)
    if others:
        same = all(other.meter.length == first.meter.length for other in others)
        raise TuneError("key changes" if same else "meter changes")
    return first


def normal_forms(tune: Tune) -> list[NormalTune]:
    """Normalize a tune, split at changes of key and meter.

    Raises:
        TuneError: With the reason, if a part has no normal form.
    """
    if not is_plain(tune):
        try:
            return [_normalize_piece(piece) for piece in without_changes(unroll(tune))]
        except TuneError:
            if not is_plain(without_jumps(tune)):
                raise
            tune = without_jumps(tune)  # as it is written, if not as it is played
    forms = []
    for piece in without_changes(tune):
        try:
            forms.append(_normalize_piece(piece))
        except TuneError as error:
            if error.reason not in ENDINGS:
                raise
            forms.append(_normalize_piece(unroll(piece)))
    return forms


def _normalize_piece(tune: Tune) -> NormalTune:
    """Normalize a tune of plain repeats, one key and one meter."""
    key = normal_key(tune.key)
    full = ticks(tune.meter.length)
    if not full:
        raise TuneError("no meter")
    if not any(note.pitches for bar in tune.bars for note in bar.notes):
        raise TuneError("no notes")
    measures = list(map(measure, tune.bars))
    drop_slurs(measures)
    try:
        sections = split_sections(measures, full)
    except TuneError as error:
        raise TuneError(error.reason, _wrong_bar(measures, full)) from None
    bars = [bar for section in sections for bar in _drawable_bars(section, full)]
    return normal_tune(tune, key, bars)


def measure(bar: Bar) -> Measure:
    """A bar with plain notes."""
    notes = list(plain(bar.notes))
    return Measure(notes, sum(map(size, notes)), bar.left, bar.right, bar.ending)


def normal_tune(tune: Tune, key: Key, bars: Iterable[Bar]) -> NormalTune:
    """The tune with bars in normal form, without what a `NormalTune` cannot hold."""
    return NormalTune(
        tuple(bars), tune.meter, key, tune.rhythm, tune.number, tune.title, tune.tempo,
        subtitles=tune.subtitles, composer=tune.composer,
    )  # fmt: skip


def _wrong_bar(measures: Sequence[Measure], full: int) -> str:
    """The first bar that does not add up and is not next to a section boundary."""
    for n, measure in enumerate(measures[1:], start=2):
        inner = measures[n - 2].right == measure.right == "|" and not measure.left
        if measure.size > full or (measure.size < full and inner):
            return f"bar {n}, of {measure.size / EIGHTH:g} eighths"
    return ""


def normal_key(key: Key | None) -> Key:
    """The key of the mode with the most similar signature, preferably its own mode.

    Notes keep their pitches, and get accidentals where the signatures differ.
    """
    if key is None:
        raise TuneError("no key")

    def differing(mode: str) -> tuple[int, bool]:
        other = replace(key, mode=mode, explicit=())
        pairs = zip(other.signature, key.signature, strict=True)
        return sum(one != two for one, two in pairs), mode != key.mode

    modes = [mode for mode in MODES if abs(replace(key, mode=mode).sharps) <= 7]
    return replace(key, mode=min(modes, key=differing), explicit=())


def ticks(length: Fraction) -> int:
    """Convert whole notes to ticks. Raises TuneError for a fraction of a tick."""
    if WHOLE % length.denominator:
        raise TuneError("length that cannot be written")
    return length.numerator * WHOLE // length.denominator


def plain(notes: tuple[Note, ...]) -> Iterator[Note]:
    """The top notes of a bar without attachments, with tuplets as `_regroup` returns them."""
    group: list[Note] = []
    tied = False
    for note in notes:
        if len(note.pitches) > 1:
            note = note._replace(pitches=note.pitches[:1])
        if note.attached is not PLAIN or note.invisible:
            note = note._replace(attached=PLAIN, invisible=False)
        if not note.tuplet:
            ticks(note.written)
            yield note
        else:
            if note.tuplet.place == 0:
                group, before = [], tied
            group.append(note)
            if len(group) == note.tuplet.notes:
                yield from _regroup(group, before)
        tied = note.tied


def _regroup(group: list[Note], tied: bool) -> list[Note]:
    """Convert a tuplet to plain notes of the same length, if there are any, or to triplets.

    tied: whether the note before it is tied to it.
    """
    lengths = [note.length * WHOLE for note in group]
    shortest = min(DRAWABLE)
    if all(length.denominator == 1 and length % shortest == 0 for length in lengths):
        return [Note(note.pitches, note.length, note.tied) for note in group]
    written = lengths[0] * Fraction(3, 2)
    if len(set(lengths)) > 1 or len(group) % 3 or written not in TRIPLETS:
        raise TuneError("tuplet other than a triplet")
    if not all(note.pitches for note in group):
        raise TuneError("rest in a triplet")
    if tied or any(note.tied for note in group):
        raise TuneError("tie in a triplet")
    return [
        Note(note.pitches, written / WHOLE, False, Tuplet(3, 2, 3, n % 3))
        for n, note in enumerate(group)
    ]


def drop_slurs(measures: list[Measure]) -> None:
    """Remove ties between different notes, now that chords are single notes."""
    last: list[Note] = []
    for measure in measures:
        for n, note in enumerate(measure.notes):
            before = measure.notes[n - 1] if n else last[-1] if last else None
            if before and before.tied and (before.pitches != note.pitches):
                (measure.notes if n else last)[n - 1] = before._replace(tied=False)
        last = measure.notes or last


def _drawable_bars(section: Section, full: int) -> Iterator[Bar]:
    """The bars of a section with notes of drawable lengths."""
    for measure in section:
        first = measure is section.lead or measure is section.main[0]
        place = full - measure.size if first else 0
        notes = drawable(measure.notes, place, full)
        yield Bar(tuple(notes), measure.left, measure.right, measure.ending)


def drawable(notes: Iterable[Note], place: int, full: int) -> Iterator[Note]:
    """Split the notes of a bar that cannot be drawn as one into tied notes.

    Args:
        notes: The notes.
        place: Position of the first one in the bar, in ticks.
        full: Length of a full bar in ticks.

    Raises:
        TuneError: For a length that no drawable ones add up to.
    """
    for note in notes:
        length = size(note)
        if note.tuplet or (length in DRAWABLE and is_drawable_at(place, length)):
            yield note
        else:
            parts = _pieces(length, place, full)
            for n, part in enumerate(parts):
                tied = bool(note.pitches) and (n < len(parts) - 1 or note.tied)
                yield Note(note.pitches, Fraction(part, WHOLE), tied)
        place += length


@lru_cache(maxsize=4096)
def _pieces(length: int, place: int, full: int) -> tuple[int, ...]:
    """Split a length into drawable ones, at the strongest beats of the bar, in ticks."""
    if length % min(DRAWABLE):
        raise TuneError("length that cannot be written")
    if not is_drawable_at(place, length):
        part = EIGHTH - place % EIGHTH
        return (part, *_pieces(length - part, place + part, full))
    if length in DRAWABLE:
        return (length,)

    def strength(part: int) -> tuple[int, int]:
        return math.gcd(place + part, full), part

    two = [part for part in DRAWABLE if length - part in DRAWABLE]
    part = max(two, key=strength) if two else max(p for p in DRAWABLE if p < length)
    return (part, *_pieces(length - part, place + part, full))


def joined_notes(tune: Tune) -> list[tuple[int, int]]:
    """MIDI number and ticks of each note as written, with ties joined and without rests."""
    return [(tied.midi, sum(map(size, tied.notes))) for tied in join_ties(tune.bars)]


def signature(tune: Tune) -> str:
    """Intervals from the first note to the next 15, which variants of a tune have in common."""
    midi = [midi for midi, _ in joined_notes(tune)[:SIGNATURE]]
    return " ".join(str(number - midi[0]) for number in midi)


def identity(tune: Tune) -> str:
    """Intervals and lengths of all notes, which equal tunes in different keys have in common."""
    notes = joined_notes(tune)
    return " ".join(f"{midi - notes[0][0]}:{length}" for midi, length in notes)
