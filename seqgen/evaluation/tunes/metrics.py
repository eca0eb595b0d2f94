"""Musical statistics that distinguish generated tunes from those of a tune book."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from math import inf
from typing import Any

import numpy as np

from seqgen.evaluation.metric import SHARE
from seqgen.evaluation.tunes.copying import CopiedRun, shared_runs
from seqgen.evaluation.tunes.features import TICKS, Melody, melody
from seqgen.music.core.instrument_ranges import InstrumentRange, find_instrument
from seqgen.music.core.tune import Tune

_RANGE_PERCENTILES, _MAX_STEP, _MIN_LEAP = (5, 50, 95), 2, 8
_LIKE_THE_BOOK = (0.9, 1.1)
_FIDDLE, _WHISTLE = find_instrument("fiddle"), find_instrument("whistle")
_TRIAD = (0, 3, 4, 7)  # semitones above the tonic, of both modes
_FIFTH = 7  # semitones
_PHRASE = 4  # bars

Counts = Mapping[int, float]


def _metric(
    name: str,
    unit: str = "",
    low: float = -inf,
    high: float = inf,
    *,
    relative: bool = False,
) -> Any:
    """Declare a metric; the bounds of a relative one are multiples of the training book's value."""
    return field(metadata={"name": name, "unit": unit, "aim": (low, high), "relative": relative})


@dataclass(frozen=True)
class Metrics:
    """Statistics of a set of tunes; `Melody` defines its notes and bars.

    Shares of notes, intervals and full bars and the entropy are computed for each tune and averaged
    over tunes, so that long tunes do not count more. Divergences compare the distributions of pitch
    classes, intervals and lengths over all tunes with those of the training book. Runs of notes are
    matched in any key (`seqgen.evaluation.tunes.copying`). Figures of the register are those of the
    tunes as people write them, and None if their keys are not known.
    """

    in_key: float = _metric("notes in key", SHARE, 0.98, 0.995)
    wholly_in_key: float = _metric("tunes entirely in key", SHARE, 0.60, 0.75)
    range_low: float = _metric("range, 5th percentile", "semitones")
    range_median: float = _metric("range, median", "semitones", 15, 20)
    range_high: float = _metric("range, 95th percentile", "semitones")
    tune_ends_on_tonic: float = _metric("tunes ending on the tonic", SHARE, 0.80)
    tune_ends_outside_triad: float = _metric("tunes ending outside the triad", SHARE, high=0.12)
    section_ends_on_tonic: float = _metric("sections ending on the tonic", SHARE, 0.80)
    short_final_notes: float = _metric("final notes under an eighth", SHARE, high=0.02)
    final_leaps: float = _metric("final intervals above a fifth", SHARE, high=0.05)
    steps: float = _metric("intervals up to 2 semitones", SHARE, 0.60, 0.68)
    leaps: float = _metric("intervals above 7 semitones", SHARE, high=0.04)
    repeated_bars: float = _metric("bars repeating an earlier bar", SHARE, 0.15)
    fourth_bars: float = _metric("bars equal to the one 4 before", SHARE, 0.10)
    repeated_rhythms: float = _metric("bars with an earlier rhythm", SHARE, 0.60)
    fifth_bars: float = _metric("sections with bar 5 as bar 1", SHARE, 0.50)
    fifth_and_sixth_bars: float = _metric("sections with bars 5-6 as 1-2", SHARE, 0.30)
    refrains: float = _metric("tunes with a refrain", SHARE, 0.28)
    inner_rests: float = _metric("tunes with inner rests", SHARE, high=0.10)
    above_b: float | None = _metric("tunes with a note above b", SHARE, high=0.10)
    below_g: float | None = _metric("tunes with a note below g", SHARE, high=0.01)
    first_position: float | None = _metric("tunes in first position", SHARE, 0.90)
    whistle: float | None = _metric("tunes for a D whistle", SHARE, 0.70)
    notes_per_bar: float = _metric("notes in a full bar", "", *_LIKE_THE_BOOK, relative=True)
    bars_per_tune: float = _metric("full bars in a tune", "", *_LIKE_THE_BOOK, relative=True)
    pitch_entropy: float = _metric("entropy of pitch classes", "bits", 2.55, 2.75)
    pitch_divergence: float = _metric("divergence of pitch classes", "bits", high=0.01)
    interval_divergence: float = _metric("divergence of intervals", "bits", high=0.006)
    length_divergence: float = _metric("divergence of lengths", "bits", high=0.01)
    shared_4: float = _metric("4-note runs in the book", SHARE)
    shared_8: float = _metric("8-note runs in the book", SHARE, 0.04, 0.12)
    shared_12: float = _metric("12-note runs in the book", SHARE)
    shared_16: float = _metric("16-note runs in the book", SHARE, high=0.02)
    copied_median: float = _metric("longest run in the book, median", "notes")
    copied_high: float = _metric("longest run, 95th percentile", "notes", high=16)
    copied_most: float = _metric("longest run of all", "notes")


class Book:
    """The training tunes, which others are compared with."""

    def __init__(self, tunes: Sequence[Tune]) -> None:
        """Extract the features of the tunes."""
        self.melodies = _melodies(tunes)
        self.counts = _counts(self.melodies)

    def aims(self) -> dict[str, tuple[float, float]]:
        """Return lower and upper bound of each metric; infinite where there is none."""
        own = {
            "notes_per_bar": mean([melody.notes_per_bar for melody in self.melodies]),
            "bars_per_tune": mean([len(melody.bars) for melody in self.melodies]),
        }
        bounds = {}
        for f in fields(Metrics):
            low, high = f.metadata["aim"]
            scale = own[f.name] if f.metadata["relative"] else 1
            bounds[f.name] = (scale * low, scale * high)
        return bounds


def metrics(
    tunes: Sequence[Tune], book: Book, written: Sequence[Tune] | None = None
) -> tuple[Metrics, CopiedRun] | None:
    """Measure the tunes that have a note.

    Args:
        tunes: The tunes, in any keys.
        book: The training tunes.
        written: Those of the tunes whose written keys are known, in these keys; None for ``tunes``.

    Returns:
        The metrics and the longest run copied from the book; None if no tune has a note.
    """
    melodies = _melodies(tunes)
    if not melodies:
        return None
    in_written_keys = melodies if written is None else _melodies(written)
    ranges = [np.ptp(each.pitches) for each in melodies]
    low, median, high = np.percentile(ranges, _RANGE_PERCENTILES)
    bars_of = [each.bars for each in melodies]
    leaps = [np.abs(each.intervals) for each in melodies]
    pitches, intervals, lengths = _counts(melodies)
    runs = shared_runs(melodies, book.melodies)
    copied = runs.longest_per_tune()
    result = Metrics(
        in_key=mean([each.in_key.mean() for each in melodies]),
        wholly_in_key=mean([each.in_key.all() for each in melodies]),
        range_low=float(low),
        range_median=float(median),
        range_high=float(high),
        tune_ends_on_tonic=mean([each.pitches[-1] % 12 == 0 for each in melodies]),
        tune_ends_outside_triad=mean([each.pitches[-1] % 12 not in _TRIAD for each in melodies]),
        short_final_notes=mean([8 * each.ticks[-1] < TICKS for each in melodies]),
        final_leaps=mean([each[-1] > _FIFTH for each in leaps if len(each)]),
        section_ends_on_tonic=mean([mean(np.array(each.ends) % 12 == 0) for each in melodies]),
        steps=mean([mean(each <= _MAX_STEP) for each in leaps if len(each)]),
        leaps=mean([mean(each >= _MIN_LEAP) for each in leaps if len(each)]),
        repeated_bars=mean([mean(repeats_earlier(bars)) for bars in bars_of if bars]),
        fourth_bars=mean([mean(repeats_at(bars, 4)) for bars in bars_of if len(bars) > 4]),
        repeated_rhythms=mean(
            [mean(repeats_earlier(each.rhythms)) for each in melodies if each.bars]
        ),
        fifth_bars=mean([mean(shares) for each in melodies if (shares := _returns(each, 1))]),
        fifth_and_sixth_bars=mean(
            [mean(shares) for each in melodies if (shares := _returns(each, 2))]
        ),
        refrains=mean([refrain for each in melodies if (refrain := _refrain(each)) is not None]),
        inner_rests=mean([each.has_inner_rest for each in melodies]),
        above_b=_share(each.highest > _FIDDLE.highest.midi for each in in_written_keys),
        below_g=_share(each.lowest < _FIDDLE.lowest.midi for each in in_written_keys),
        first_position=_share(_fits(each, _FIDDLE) for each in in_written_keys),
        whistle=_share(_fits(each, _WHISTLE) for each in in_written_keys),
        notes_per_bar=mean([each.notes_per_bar for each in melodies]),
        bars_per_tune=mean([len(each.bars) for each in melodies]),
        pitch_entropy=mean([entropy(tally(each.pitches % 12)) for each in melodies]),
        pitch_divergence=divergence(pitches, book.counts[0]),
        interval_divergence=divergence(intervals, book.counts[1]),
        length_divergence=divergence(lengths, book.counts[2]),
        shared_4=runs.share(4),
        shared_8=runs.share(8),
        shared_12=runs.share(12),
        shared_16=runs.share(16),
        copied_median=float(np.median(copied)),
        copied_high=float(np.percentile(copied, 95)),
        copied_most=float(copied.max()),
    )
    return result, runs.longest()


def _melodies(tunes: Sequence[Tune]) -> list[Melody]:
    """Features of the tunes that have a note."""
    return [each for each in map(melody, tunes) if len(each.pitches)]


def mean(values: Any) -> float:
    """Return the mean of values; 0 without any."""
    return float(np.mean(values)) if len(values) else 0.0


def _share(values: Iterable[bool]) -> float | None:
    """Return the share of true values; None without any value."""
    items = list(values)
    return sum(items) / len(items) if items else None


def _fits(melody: Melody, instrument: InstrumentRange) -> bool:
    low, high = instrument.lowest.midi, instrument.highest.midi
    return low <= melody.lowest and melody.highest <= high


def _returns(melody: Melody, bars: int) -> list[bool]:
    """Whether each section of at least 6 bars begins its second phrase with its first bars."""
    return [
        section[_PHRASE : _PHRASE + bars] == section[:bars]
        for section in melody.sections
        if len(section) >= _PHRASE + 2
    ]


def _refrain(melody: Melody) -> bool | None:
    """Whether first and last section have the same penultimate bar; None for shorter sections."""
    if len(melody.sections) < 2:
        return None
    first, last = melody.sections[0], melody.sections[-1]
    return first[-2] == last[-2] if len(first) > 2 and len(last) > 2 else None


def repeats_earlier(bars: Sequence[object]) -> list[bool]:
    """Whether each bar equals an earlier one."""
    seen: set[object] = set()
    repeats = []
    for bar in bars:
        repeats.append(bar in seen)
        seen.add(bar)
    return repeats


def repeats_at(bars: Sequence[object], distance: int) -> list[bool]:
    """Whether each bar from ``distance`` on equals the bar ``distance`` bars before it."""
    return [bar == other for bar, other in zip(bars[distance:], bars, strict=False)]


def _counts(melodies: Sequence[Melody]) -> tuple[Counts, Counts, Counts]:
    """Count pitch classes above the tonic, intervals and lengths."""
    none = np.zeros(0, np.int64)
    return (
        tally(np.concatenate([none, *(each.pitches % 12 for each in melodies)])),
        tally(np.concatenate([none, *(each.intervals for each in melodies)])),
        tally(np.concatenate([none, *(each.ticks for each in melodies)])),
    )


def tally(values: np.ndarray) -> Counts:
    """Count each distinct value."""
    kinds, times = np.unique(values, return_counts=True)
    return dict(zip(kinds.tolist(), times.tolist(), strict=True))


def entropy(counts: Counts) -> float:
    """Return the entropy of a distribution in bits."""
    share = np.array([*counts.values()], float)
    share /= share.sum()
    return float(-(share * np.log2(share)).sum())


def divergence(counts: Counts, others: Counts) -> float:
    """Return the Jensen-Shannon divergence of two distributions in bits, 0 to 1.

    It is the entropy of their mean minus the mean of their entropies (Lin 1991, eq. 4.1).
    """
    if not counts or not others:
        return float(counts != others)
    own, other = sum(counts.values()), sum(others.values())
    mixed = {
        kind: counts.get(kind, 0) / own + others.get(kind, 0) / other
        for kind in counts.keys() | others.keys()
    }
    # A set has no stable order, on which the last digit of the sum would depend.
    mixed = dict(sorted(mixed.items()))
    return max(0.0, entropy(mixed) - (entropy(counts) + entropy(others)) / 2)
