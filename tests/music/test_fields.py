"""What the values of header fields mean."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.errors import TuneError
from seqgen.music.fields import default_unit, key, meter, tempo, tidy_key, unit_length
from seqgen.music.key import MODES, Key, parse_key
from seqgen.music.tune import Meter


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("6/8", (6, 8)),
        (" C ", (4, 4)),
        ("C|", (2, 2)),
        ("2+2+3/8", (7, 8)),
        ("(3 + 2)/16", (5, 16)),
        ("none", (0, 4)),
        ("", (0, 4)),
        ("FREI4/4", (0, 4)),
        ("2/2]", (2, 2)),
    ],
)
def test_a_meter(value, found):
    assert meter(value) == found


@pytest.mark.parametrize("value", ["6", "6/7", "0/4", "3/4/4", "x", "9999/4", "3/", "+/4", "²/4"])
def test_what_is_no_meter_is_refused(value):
    with pytest.raises(TuneError, match="unreadable meter"):
        meter(value)


@pytest.mark.parametrize(("value", "unit"), [("1/8", "1/8"), ("1", "1"), (" 1 / 16 ", "1/16")])
def test_a_unit(value, unit):
    assert unit_length(value) == Fraction(unit)


@pytest.mark.parametrize("value", ["", "2/8", "1/0", "1/7", "1/8/2", "eighth", "1/9999"])
def test_what_is_no_unit_is_refused(value):
    with pytest.raises(TuneError, match="unreadable unit of length"):
        unit_length(value)


@given(st.integers(1, 20), st.sampled_from([1, 2, 4, 8, 16]))
def test_the_default_unit_is_a_sixteenth_below_three_quarters(beats, unit):
    expected = Fraction(1, 16) if Fraction(beats, unit) < Fraction(3, 4) else Fraction(1, 8)
    assert default_unit(Meter(beats, unit)) == expected


@pytest.mark.parametrize(
    ("value", "quarters"),
    [
        ("1/4=120", 120),
        ("3/8=120", 180),
        ('"Slow" 1/2 = 60 "ish"', 120),
        ("1/4 3/8=40", 100),
        ("1/4=87.5", 87.5),
        ("200", 100),
        ("C=200", 100),
        ('"Slowly"', None),
        ("1/0=3", None),
        ("1/4=0", None),
        ("", None),
    ],
)
def test_a_tempo_counts_quarters(value, quarters):
    assert tempo(value, Fraction(1, 8)) == quarters


def test_pipes_have_a_key_and_exp_gives_the_whole_signature():
    assert key("HP") == key("Hp") == Key(5, 0, "mix")
    assert key("D exp _b").signature == (0, 0, 0, 0, 0, 0, -1)
    assert key("D _b").signature == (1, 0, 0, 1, 0, 0, -1)
    assert key("none") is None


@pytest.mark.parametrize("mode", sorted(set(MODES) - {"loc"}))
def test_signs_that_another_mode_has_are_that_mode(mode):
    plain = Key(1, 0, mode)
    signs = {-1: "_", 0: "=", 1: "^"}
    spelled = "D " + " ".join(
        signs[alter] + letter for letter, alter in zip("cdefgab", plain.signature, strict=True)
    )
    assert tidy_key(parse_key(spelled)) == plain


def test_signs_that_no_mode_has_stay():
    odd = parse_key("D ^g _b")
    assert tidy_key(odd) == odd
