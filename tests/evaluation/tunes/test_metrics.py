from dataclasses import fields
from math import inf, log2

import pytest

from seqgen.evaluation.tunes.metrics import (
    Book,
    Metrics,
    divergence,
    entropy,
    metrics,
    repeats_at,
    repeats_earlier,
)
from seqgen.music.core.key import Key
from seqgen.music.core.meter import Meter
from seqgen.music.core.tune import Tune

# One note is out of key, one interval is a leap, bar 5 repeats bar 1, the last note is long.
ONE = "C2 D2 E2|^F2 G2 A2|B2 c2 d2|c2 B2 A2|C2 D2 E2|C6|]"
# Steps and leaps in two lengths, and no note is the tonic.
OTHER = "D3 E3|d3 e3|d3 E3|]"


@pytest.fixture
def result(tune) -> Metrics:
    tunes = [tune(ONE, (3, 4)), tune(OTHER, (3, 4))]
    return metrics(tunes, Book([tune("G2 A2 B2|c6|]", (3, 4))]))[0]


def test_each_figure_is_the_mean_over_the_tunes(result):
    assert result.in_key == pytest.approx((15 / 16 + 1) / 2)
    assert result.wholly_in_key == 0.5
    assert result.range_median == 14
    assert (result.range_low, result.range_high) == (14, 14)
    assert result.tune_ends_on_tonic == 0.5
    assert result.section_ends_on_tonic == 0.5
    assert result.steps == pytest.approx((13 / 15 + 3 / 5) / 2)
    assert result.leaps == pytest.approx((1 / 15 + 2 / 5) / 2)
    assert result.repeated_bars == pytest.approx((1 / 6 + 0) / 2)
    assert result.fourth_bars == 1 / 2  # the fifth of the first tune, and not the sixth
    assert result.repeated_rhythms == pytest.approx((4 / 6 + 2 / 3) / 2)
    assert result.notes_per_bar == pytest.approx((16 / 6 + 2) / 2)
    assert result.bars_per_tune == 4.5
    assert result.pitch_entropy == pytest.approx((entropy_of_one() + 1) / 2)


def entropy_of_one():
    counts = [5, 3, 2, 1, 1, 2, 2]  # of C, D, E, F sharp, G, A, B
    return -sum(n / 16 * log2(n / 16) for n in counts)


def test_runs_shared_with_the_book_are_counted_in_any_key(result):
    # The intervals of two rising tones in quarters.
    assert result.copied_most == 2
    assert result.shared_4 == 0


def test_metrics_do_not_depend_on_transposition(tune):
    tunes = [tune(ONE, (3, 4))]
    same, _ = metrics(tunes, Book(tunes))
    assert same.pitch_divergence == same.interval_divergence == same.length_divergence == 0
    assert same.shared_8 == 1
    assert same.copied_most == 15
    up = "D2 E2 ^F2|^G2 A2 B2|^c2 d2 e2|d2 ^c2 B2|D2 E2 ^F2|D6|]"
    transposed, copy = metrics([tune(up, (3, 4), Key(1))], Book(tunes))
    assert transposed == same
    assert (copy.tune, copy.source, copy.notes) == (0, 0, 15)


def test_aims_follow_the_book(tune):
    book = Book([tune(ONE, (3, 4))])
    aims = book.aims()
    assert aims["in_key"] == (0.98, 0.995)
    assert aims["bars_per_tune"] == pytest.approx((5.4, 6.6))
    assert aims["notes_per_bar"] == pytest.approx((0.9 * 16 / 6, 1.1 * 16 / 6))
    assert aims["shared_12"] == (-inf, inf)
    assert set(aims) == {f.name for f in fields(Metrics)}


def test_tunes_without_notes_have_no_metrics(tune):
    silent = [Tune((), Meter(3, 4), None), tune("z6|]", (3, 4))]
    assert metrics(silent, Book([])) is None
    one_note = metrics([*silent, tune("C6|]", (3, 4))], Book(silent))[0]
    assert one_note.wholly_in_key == one_note.pitch_divergence == 1
    assert one_note.steps == one_note.fourth_bars == one_note.copied_most == 0


def test_repeats_are_found_by_position_and_distance():
    assert repeats_earlier("abcab") == [False, False, False, True, True]
    assert repeats_at("abcab", 3) == [True, True]
    assert repeats_at("abc", 4) == []


def test_divergence_is_between_zero_and_one_bit():
    assert entropy({1: 2, 5: 2, 7: 4}) == pytest.approx(1.5)
    assert divergence({1: 2, 5: 6}, {1: 1, 5: 3}) == pytest.approx(0)
    assert divergence({1: 2}, {2: 9}) == pytest.approx(1)
    # Lin 1991: H of (3/4, 1/4) minus half a bit.
    expected = -(0.75 * log2(0.75) + 0.25 * log2(0.25)) - 0.5
    assert divergence({1: 5}, {1: 2, 2: 2}) == pytest.approx(expected)
    assert divergence({}, {1: 1}) == 1
    assert divergence({}, {}) == 0
