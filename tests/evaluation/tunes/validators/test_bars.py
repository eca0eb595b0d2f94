from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.evaluation.tunes.validators.bars import bar_exact, played, sounding
from seqgen.music.core.key import Pitch
from seqgen.music.core.meter import Meter
from seqgen.music.core.tune import Bar, Note, Tune

EXACT = {
    "plain": "A6|B6|]",
    "repeated": "|:A6|B6:||:c6|d6:|",
    "a pickup, and the last bar lacks it": "|:E|A6|B3 c2:|",
    "the same pickup in both sections": "|:E|A6|B3 c2:||:e|a6|g3 A2:|",
    "a plain section, then one with a pickup": "A6|B3 c2||e|a6|g6|]",
    "a pickup that no bar gives back": "E|A6|B6|]",
    "a lead-in outside of the repeat": "E|:A6|B6:|",
    "endings": "|:A6|B6|1 c6:|2 d6||e6|]",
    "endings with a pickup": "|:E|A6|1 c3 d2:|2 e3 f2||g|a6|A3 G2|]",
    "the last ending lacks the pickup of its section": "|:A6|1 c6:|2 d3 e2|| |:g|a6|A3 G2:|",
    "tie over a bar line": "A3-A3-|A6|]",
    "tie into both endings": "|:A6-|1 A6:|2 A6|]",
    "triplets": "(3ABc d e3|]",
    "one bar only": "A6|]",
}

WRONG = {
    "short": ("A6|B3|c6|]", "bar 2 has 3/8 of 3/4"),
    "long": ("A6|B8|c6|]", "bar 2 has 1 of 3/4"),
    "the repeat has no room for its pickup": ("|:E|A6|B6:|", "bar 1 has 1/8 of 3/4"),
    "the repeat lacks a pickup": ("|:A6|B3 c2:|", "bar 1 has 3/4 where 1/8 fill"),
    "the pickups differ": ("|:E|A6|B3 c2:||:e2|a6|g4:|", "bar 4 has 1/4 where 1/8 fill"),
    "the second section lacks the pickup": ("|:E|A6|B3 c2:||:a6|g6:|", "bar 4 has 3/4 where"),
    "the first ending has no room": ("|:E|A6|1 c6:|2 d3 e2|]", "bar 1 has 1/8 of 3/4"),
    "the last bar": ("E|A6|B4|]", "the last bar lacks 1/4"),
    "a tie to another pitch": ("A6-|B6|]", "a tie into bar 2"),
    "a tie to a rest": ("A6-|z6|]", "a tie into bar 2"),
    "a tie that fits one ending only": ("|:A6-|1 A6:|2 B6|]", "a tie into bar 3"),
    "a tie back to the beginning": ("|:A6|B6-:|", "a tie into bar 1"),
    "a tied rest": ("z3-z3|]", "tied rest"),
    "the last note is tied": ("A6-|]", "the last note is tied"),
    "a triplet of two": ("(3AB|A6|]", "a tuplet lacks notes"),
}


@pytest.mark.parametrize("body", EXACT.values(), ids=EXACT)
def test_complete_bars_are_exact(tune, body):
    assert bar_exact(tune(body, (3, 4))) is None


@pytest.mark.parametrize(("body", "fault"), WRONG.values(), ids=WRONG)
def test_faults_are_reported_with_the_bar(tune, body, fault):
    assert fault in bar_exact(tune(body, (3, 4)))


def test_a_tune_without_notes_or_meter_cannot_be_exact(tune):
    assert bar_exact(Tune((), Meter(3, 4), None)) == "it has no notes"
    assert bar_exact(tune("A6|]", (0, 4))) == "it has no meter"
    empty = tune("A6|B6|]", (3, 4))
    assert bar_exact(replace(empty, bars=(empty.bars[0], Bar(())))) == "bar 2 is empty"


def test_a_change_of_meter_applies_from_its_bar(tune):
    example = tune("A6|B4|c4|]", (3, 4))
    one, two, three = example.bars
    assert bar_exact(replace(example, bars=(one, replace(two, meter=Meter(2, 4)), three))) is None


PLAYED = {
    "A6|B6|]": [0, 1],
    "|:A6|B6:|": [0, 1, 0, 1],
    "|:A6|B6:||:c6|d6:|": [0, 1, 0, 1, 2, 3, 2, 3],
    "A6|:B6:|c6|]": [0, 1, 1, 2],
    "A6|B6:|c6:|": [0, 1, 0, 1, 2, 2],
    "|:A6|1 B6:|2 c6|]": [0, 1, 0, 2],
    "|:A6|1 B6|c6:|2 d6|e6||f6|:g6:|": [0, 1, 2, 0, 3, 4, 5, 6, 6],
    "|:A6|1 B6:|2 c6:|:d6:|": [0, 1, 0, 2, 3, 3],
    "|:A6|1 B6:|2 c6||d6:|": [0, 1, 0, 2, 3, 3],
}


@pytest.mark.parametrize(("body", "order"), PLAYED.items())
def test_repeats_and_endings_are_followed(tune, body, order):
    assert played(tune(body, (3, 4))) == order


def test_endings_may_have_several_numbers(tune):
    example = tune("|:A6|1 B6:|2 c6|]", (3, 4))
    first, one, two = example.bars
    for many, order in (("1,2", [0, 1, 0, 1, 0, 2]), ("1-3", [0, 1, 0, 1, 0, 1, 0, 2])):
        last = "3" if many == "1,2" else "4"
        bars = (first, replace(one, ending=many), replace(two, ending=last))
        assert played(replace(example, bars=bars)) == order


def test_notes_have_onset_and_length_as_played(tune):
    example = tune("|:A2-|A4 z2:|(3Bcd ^c4|]", (3, 4))
    third = Fraction(1, 12)
    expected = [
        (Fraction(0), 69, Fraction(3, 4)),
        (Fraction(1), 69, Fraction(3, 4)),
        (Fraction(2), 71, third),
        (Fraction(2) + third, 72, third),
        (Fraction(2) + 2 * third, 74, third),
        (Fraction(9, 4), 73, Fraction(1, 2)),
    ]
    assert [(onset, keys[0], length) for onset, keys, length in sounding(example)] == expected


lengths = st.integers(1, 8).map(lambda n: Fraction(n, 8))


@given(st.lists(st.lists(lengths, min_size=1, max_size=4), min_size=1, max_size=6), st.data())
def test_a_plain_tune_is_exact_if_and_only_if_all_bars_are_full(parts, data):
    """Without pickups: the first bar is full."""
    parts[0] = [Fraction(3, 4)]
    notes = [tuple(Note((Pitch(33),), length) for length in part) for part in parts]
    bars = (*map(Bar, notes), Bar((Note((Pitch(33),), Fraction(3, 4)),), right="|]"))
    full = all(sum(part) == Fraction(3, 4) for part in parts)
    assert (bar_exact(Tune(bars, Meter(3, 4), None)) is None) == full
