"""The normal form of a tune as it is written, bar by bar, so that its bars can be replaced."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate, pairwise

from seqgen.errors import TuneError
from seqgen.music.core.tune import Bar, NormalTune, Tune
from seqgen.music.normal.normalize import normal_forms
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

    Raises:
        TuneError: If it has no normal form.
    """
    tune = without_jumps(tune)
    if not has_plain_repeats(tune):
        raise TuneError("a third ending, or a repeat of more than two turns")
    pieces = normal_forms(tune)
    bars = [bar for piece in pieces for bar in piece.bars]
    indices = [(n, index) for n, piece in enumerate(pieces) for index in range(len(piece.bars))]
    normal = dict(zip(_extents(bars), indices, strict=True))
    places = tuple(normal.get(extent) for extent in _extents(tune.bars))
    if sum(bar.length for bar in bars) != sum(bar.length for bar in tune.bars):
        raise TuneError("endings that are written out")
    return WrittenForm(tuple(pieces), places)


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
