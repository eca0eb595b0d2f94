"""What tells a tune of a book from one that was written by a machine, as figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from math import inf
from typing import Any

import numpy as np

from seqgen.evaluation.tunes.copying import CopiedRun, shared_runs
from seqgen.evaluation.tunes.features import Melody, melody
from seqgen.music.core.tune import Tune

SHARE = "%"  # unit of what is a share of 1, and shown as percent
RANGE, STEP, LEAP = (5, 50, 95), 2, 7
LIKE_THE_BOOK = (0.9, 1.1)

Counts = Mapping[int, float]


def figure(
    name: str,
    unit: str = "",
    least: float = -inf,
    most: float = inf,
    *,
    of_the_book: bool = False,
) -> Any:
    """A figure of `Metrics`: what it is called and measured in, and within what it should lie.

    of_the_book: the bounds are times the figure of the book that was learned from.
    """
    known = {"name": name, "unit": unit, "aim": (least, most), "of_the_book": of_the_book}
    return field(metadata=known)


@dataclass(frozen=True)
class Metrics:
    """Figures of a set of tunes; `Melody` says what is a note and what is a bar of them.

    What a tune has a figure of is the mean over the tunes, so that a long one counts no more than a
    short one: shares of its notes, intervals and full bars (from the fifth on, where they are
    compared with the bar four before), its entropy.

    Of all tunes together, in the distributions of pitch classes above the tonic, intervals in
    semitones and lengths, which are compared with those of the book that was learned from
    (`divergence`), and in the runs of notes that are in the book in any key and with the same
    lengths (`seqgen.evaluation.tunes.copying`).
    """

    in_key: float = figure("notes in key", SHARE, 0.98, 0.995)
    wholly_in_key: float = figure("tunes wholly in key", SHARE, 0.60, 0.75)
    range_low: float = figure("range, 5th percentile", "semitones")
    range_median: float = figure("range, median", "semitones", 15, 20)
    range_high: float = figure("range, 95th percentile", "semitones")
    tune_ends_on_tonic: float = figure("tunes ending on the tonic", SHARE, 0.84)
    section_ends_on_tonic: float = figure("sections ending on the tonic", SHARE, 0.78)
    steps: float = figure("intervals up to 2 semitones", SHARE, 0.60, 0.68)
    leaps: float = figure("intervals above 7 semitones", SHARE, most=0.04)
    repeated_bars: float = figure("bars repeating an earlier bar", SHARE, 0.15)
    fourth_bars: float = figure("bars equal to the fourth before", SHARE, 0.10)
    repeated_rhythms: float = figure("bars whose rhythm came before", SHARE, 0.60)
    notes_per_bar: float = figure("notes in a full bar", "", *LIKE_THE_BOOK, of_the_book=True)
    bars_per_tune: float = figure("full bars in a tune", "", *LIKE_THE_BOOK, of_the_book=True)
    pitch_entropy: float = figure("entropy of pitch classes", "bits", 2.55, 2.75)
    pitch_divergence: float = figure("divergence of pitch classes", "bits", most=0.01)
    interval_divergence: float = figure("divergence of intervals", "bits", most=0.006)
    length_divergence: float = figure("divergence of lengths", "bits", most=0.01)
    shared_4: float = figure("runs of 4 notes in the book", SHARE)
    shared_8: float = figure("runs of 8 notes in the book", SHARE, 0.04, 0.12)
    shared_12: float = figure("runs of 12 notes in the book", SHARE)
    shared_16: float = figure("runs of 16 notes in the book", SHARE, most=0.02)
    copied_median: float = figure("longest run in the book, median", "notes")
    copied_high: float = figure("longest, 95th percentile", "notes", most=16)
    copied_most: float = figure("longest of all", "notes")


class Book:
    """Tunes to compare others with: those that were learned from."""

    def __init__(self, tunes: Sequence[Tune]) -> None:
        """Take their measure."""
        self.melodies = heard(tunes)
        self.counts = counts(self.melodies)

    def aims(self) -> dict[str, tuple[float, float]]:
        """Within what each figure of `Metrics` should lie; infinite where there is no bound."""
        own = {
            "notes_per_bar": mean([melody.notes_per_bar for melody in self.melodies]),
            "bars_per_tune": mean([len(melody.bars) for melody in self.melodies]),
        }
        found = {}
        for f in fields(Metrics):
            least, most = f.metadata["aim"]
            times = own[f.name] if f.metadata["of_the_book"] else 1
            found[f.name] = (times * least, times * most)
        return found


def metrics(tunes: Sequence[Tune], book: Book) -> tuple[Metrics, CopiedRun] | None:
    """The figures of some tunes, and the longest copy among them; None if none has a note.

    Tunes without a note are left out.
    """
    melodies = heard(tunes)
    if not melodies:
        return None
    low, median, high = np.percentile([np.ptp(each.pitches) for each in melodies], RANGE)
    leaps = [np.abs(each.intervals) for each in melodies]
    pitches, intervals, lengths = counts(melodies)
    runs = shared_runs(melodies, book.melodies)
    copied = runs.copied()
    found = Metrics(
        in_key=mean([each.in_key.mean() for each in melodies]),
        wholly_in_key=mean([each.in_key.all() for each in melodies]),
        range_low=float(low),
        range_median=float(median),
        range_high=float(high),
        tune_ends_on_tonic=mean([each.pitches[-1] % 12 == 0 for each in melodies]),
        section_ends_on_tonic=mean([mean(np.array(each.ends) % 12 == 0) for each in melodies]),
        steps=mean([mean(each <= STEP) for each in leaps if len(each)]),
        leaps=mean([mean(each > LEAP) for each in leaps if len(each)]),
        repeated_bars=mean([mean(before(each.bars)) for each in melodies if each.bars]),
        fourth_bars=mean([mean(behind(each.bars, 4)) for each in melodies if len(each.bars) > 4]),
        repeated_rhythms=mean([mean(before(each.rhythms)) for each in melodies if each.bars]),
        notes_per_bar=mean([each.notes_per_bar for each in melodies]),
        bars_per_tune=mean([len(each.bars) for each in melodies]),
        pitch_entropy=mean([entropy(tally(each.pitches % 12)) for each in melodies]),
        pitch_divergence=divergence(pitches, book.counts[0]),
        interval_divergence=divergence(intervals, book.counts[1]),
        length_divergence=divergence(lengths, book.counts[2]),
        shared_4=runs.shared(4),
        shared_8=runs.shared(8),
        shared_12=runs.shared(12),
        shared_16=runs.shared(16),
        copied_median=float(np.median(copied)),
        copied_high=float(np.percentile(copied, 95)),
        copied_most=float(copied.max()),
    )
    return found, runs.worst()


def heard(tunes: Sequence[Tune]) -> list[Melody]:
    """Those tunes that have a note."""
    return [each for each in map(melody, tunes) if len(each.pitches)]


def mean(values: Any) -> float:
    """Their mean; 0 if there are none."""
    return float(np.mean(values)) if len(values) else 0.0


def before(bars: Sequence[object]) -> list[bool]:
    """Of each bar, whether an earlier one is the same."""
    seen: set[object] = set()
    found = []
    for bar in bars:
        found.append(bar in seen)
        seen.add(bar)
    return found


def behind(bars: Sequence[object], distance: int) -> list[bool]:
    """Of each bar that has one so many bars before it, whether the two are the same."""
    return [bar == other for bar, other in zip(bars[distance:], bars, strict=False)]


def counts(melodies: Sequence[Melody]) -> tuple[Counts, Counts, Counts]:
    """How often each pitch class above the tonic, interval and length comes in some tunes."""
    none = np.zeros(0, np.int64)
    return (
        tally(np.concatenate([none, *(each.pitches % 12 for each in melodies)])),
        tally(np.concatenate([none, *(each.intervals for each in melodies)])),
        tally(np.concatenate([none, *(each.ticks for each in melodies)])),
    )


def tally(values: np.ndarray) -> Counts:
    kinds, times = np.unique(values, return_counts=True)
    return dict(zip(kinds.tolist(), times.tolist(), strict=True))


def entropy(counts: Counts) -> float:
    """Of a distribution, in bits."""
    share = np.array([*counts.values()], float)
    share /= share.sum()
    return float(-(share * np.log2(share)).sum())


def divergence(counts: Counts, others: Counts) -> float:
    """The Jensen-Shannon divergence of two distributions in bits: 0 if they are alike, at most 1.

    Lin 1991, eq. 4.1: the entropy of their mean less the mean of their entropies.
    """
    if not counts or not others:
        return float(counts != others)
    own, other = sum(counts.values()), sum(others.values())
    mixed = {
        kind: counts.get(kind, 0) / own + others.get(kind, 0) / other
        for kind in counts.keys() | others.keys()
    }
    # Summed in an order of its own, so that the last digit does not depend on that of a set.
    mixed = dict(sorted(mixed.items()))
    return max(0.0, entropy(mixed) - (entropy(counts) + entropy(others)) / 2)
