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
REGISTER = {"above_b", "below_g", "first_position", "whistle"}


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
    assert {
        f.name: getattr(transposed, f.name) for f in fields(Metrics) if f.name not in REGISTER
    } == {f.name: getattr(same, f.name) for f in fields(Metrics) if f.name not in REGISTER}
    assert (copy.tune, copy.source, copy.notes) == (0, 0, 15)


def measure(tunes, written=None):
    return metrics(tunes, Book(tunes), written)[0]


@pytest.mark.parametrize(
    ("music", "above_b", "below_g", "first_position", "whistle"),
    [
        ("D3 b3|]", 0, 0, 1, 1),
        ("^C3 b3|]", 0, 0, 1, 0),
        ("G,3 b3|]", 0, 0, 1, 0),
        ("^F,3 b3|]", 0, 1, 0, 0),
        ("G,3 c'3|]", 1, 0, 0, 0),
        ("D3 c'3|]", 1, 0, 0, 0),
    ],
)
def test_the_register_is_that_of_the_written_key(
    tune, music, above_b, below_g, first_position, whistle
):
    result = measure([tune(music, (3, 4), Key(1))])
    assert (result.above_b, result.below_g) == (above_b, below_g)
    assert (result.first_position, result.whistle) == (first_position, whistle)


def test_the_register_is_measured_of_the_tunes_whose_keys_are_known(tune):
    low, high = tune("C3 C3|]", (3, 4)), tune("d3 c'3|]", (3, 4), Key(1))
    assert measure([low, low]).whistle == 0
    result = measure([low, low], [high])
    assert (result.above_b, result.range_median) == (1, 0)
    unknown = measure([low, low], [])
    assert {getattr(unknown, name) for name in REGISTER} == {None}


@pytest.mark.parametrize(
    ("music", "outside_triad", "short", "leap"),
    [
        ("G2 E2 C2|]", 0, 0, 0),
        ("G2 E2 G2|]", 0, 0, 0),
        ("G2 E2 _E2|]", 0, 0, 0),
        ("G2 E2 D2|]", 1, 0, 0),
        ("G4 E3/2 C/2|]", 0, 1, 0),
        ("G4 E C|]", 0, 0, 0),
        ("G4 E3/2 C/2-|C6|]", 0, 0, 0),
        ("E2 G2 C2|]", 0, 0, 0),
        ("E2 A2 C2|]", 0, 0, 1),
        ("C2 E2 c2|]", 0, 0, 1),
    ],
)
def test_cadences(tune, music, outside_triad, short, leap):
    result = measure([tune(music, (3, 4))])
    assert result.tune_ends_outside_triad == outside_triad
    assert result.short_final_notes == short
    assert result.final_leaps == leap


PHRASE = "C2 D2|E2 F2|G2 A2|B4|"


@pytest.mark.parametrize(
    ("music", "fifth", "fifth_and_sixth", "refrain"),
    [
        (f"{PHRASE}{PHRASE}]", 1, 1, 0),
        (f"{PHRASE}C2 D2|E2 E2|G2 A2|C4|]", 1, 0, 0),
        (f"{PHRASE}C2 C2|E2 F2|G2 A2|C4|]", 0, 0, 0),
        (f"|:G|{PHRASE}C2 D2|E2 F2|G2 A2|C3:|", 1, 1, 0),  # with a pickup
        ("|:C4|D4|E4|F4:||:G4|A4|E4|C4:|", 0, 0, 1),
        ("|:G|C4|D4|E4|F3:||:G|A4|A4|E4|C3:|", 0, 0, 1),
        ("|:C4|D4|E4|1F4:|2C4||G4|A4|E4|C4|]", 0, 0, 1),
        ("|:C4|D4|E4|F4:||:G4|E4|A4|C4:|", 0, 0, 0),
    ],
)
def test_phrases(tune, music, fifth, fifth_and_sixth, refrain):
    result = measure([tune(music, (2, 4))])
    assert result.fifth_bars == fifth
    assert result.fifth_and_sixth_bars == fifth_and_sixth
    assert result.refrains == refrain


def test_phrases_are_counted_in_tunes_that_have_them(tune):
    short = tune("C4|D4|]", (2, 4))
    assert measure([short]).fifth_bars == measure([short]).refrains == 0
    assert measure([short, tune(f"{PHRASE}{PHRASE}]", (2, 4))]).fifth_bars == 1
    half = measure([tune(f"|:{PHRASE}C2 D2|E2 E2|G2 A2|C4:|{PHRASE}D4|E4|F4|C4|]", (2, 4))])
    assert half.fifth_bars == 0.5


def test_rests_before_the_last_bar_of_a_section_are_counted(tune):
    assert measure([tune("C4|D2 z2|]", (2, 4)), tune("C2 z2|D4|]", (2, 4))]).inner_rests == 0.5


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
