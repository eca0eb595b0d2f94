"""The normal form of a tune as it is written, bar by bar, so that its bars can be replaced."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate, pairwise

from seqgen.errors import TuneError
from seqgen.music.core.tune import Bar, NormalTune, Tune
from seqgen.music.normal.codec import decode_tune, encode_tune
from seqgen.music.normal.key_changes import without_changes
from seqgen.music.normal.normalize import (
    drawable,
    drop_slurs,
    measure,
    normal_forms,
    normal_key,
    normal_tune,
    ticks,
)
from seqgen.music.normal.tokens import BAR, DOUBLE, FINAL
from seqgen.music.normal.unroll import has_plain_repeats, without_jumps


@dataclass(frozen=True)
class WrittenForm:
    """A tune in normal form, split at changes of key and meter.

    Attributes:
        pieces: The normal forms.
        places: For each written bar, the index of its piece and of its bar there; None for a bar
            that the normal form joins to another one, splits or repeats.
    """

    pieces: tuple[NormalTune, ...]
    places: tuple[tuple[int, int] | None, ...]


def written_form(tune: Tune) -> WrittenForm:
    """Normalize a tune as it is written, without jumps such as D.C. and without an order of parts.

    If its bars do not add up, they are kept as they are, so that others can still be replaced.

    Raises:
        TuneError: If it has no normal form.
    """
    tune = without_jumps(tune)
    if not has_plain_repeats(tune):
        raise TuneError("a third ending, or a repeat of more than two turns")
    try:
        return _exact_form(tune)
    except TuneError as error:
        try:
            return _inexact_form(tune)
        except TuneError:
            raise error from None


def _exact_form(tune: Tune) -> WrittenForm:
    pieces = normal_forms(tune)
    bars = [bar for piece in pieces for bar in piece.bars]
    indices = [(n, index) for n, piece in enumerate(pieces) for index in range(len(piece.bars))]
    normal = dict(zip(_extents(bars), indices, strict=True))
    places = tuple(normal.get(extent) for extent in _extents(tune.bars))
    if sum(bar.length for bar in bars) != sum(bar.length for bar in tune.bars):
        raise TuneError("endings that are written out")
    return WrittenForm(tuple(pieces), places)


def _inexact_form(tune: Tune) -> WrittenForm:
    """The written bars with drawable notes, whatever their lengths."""
    pieces: list[NormalTune] = []
    places: list[tuple[int, int]] = []
    for number, piece in enumerate(without_changes(tune)):
        full = ticks(piece.meter.length)
        if not full or not any(note.pitches for bar in piece.bars for note in bar.notes):
            raise TuneError("no meter, or no notes")
        measures = list(map(measure, piece.bars))
        drop_slurs(measures)
        bars = []
        for n, each in enumerate(measures):
            after = measures[n + 1] if n + 1 < len(measures) else None
            right = each.right or BAR
            if right == BAR and (after is None or (after.left and n)):
                right = DOUBLE if after else FINAL
            start = full - each.size if not n and each.size < full else 0
            bars.append(
                Bar(tuple(drawable(each.notes, start, full)), each.left, right, each.ending)
            )
            places.append((number, n))
        if bars[-1].right == DOUBLE:
            bars[-1] = replace(bars[-1], right=FINAL)
        pieces.append(normal_tune(piece, normal_key(piece.key), bars))
    for form in pieces:
        decode_tune(encode_tune(form, None))
    return WrittenForm(tuple(pieces), tuple(places))


def _extents(bars: Sequence[Bar]) -> list[tuple[Fraction, Fraction]]:
    """Begin and end of each bar in whole notes, in written order."""
    ends = list(accumulate((bar.length for bar in bars), initial=Fraction(0)))
    return list(pairwise(ends))


def with_bars(tune: NormalTune, bars: dict[int, Bar]) -> NormalTune:
    """The tune with other notes in some bars; a tie to a different note is dropped.

    bars: by index. A bar before them keeps its tie, so the first note must fit.
    """
    new = [bars.get(n, bar) for n, bar in enumerate(tune.bars)]
    for n in bars:
        notes = new[n].notes
        after = new[n + 1].notes[0].pitches if n + 1 < len(new) else ()
        if notes[-1].tied and notes[-1].pitches != after:
            new[n] = replace(new[n], notes=(*notes[:-1], notes[-1]._replace(tied=False)))
    return replace(tune, bars=tuple(new))
