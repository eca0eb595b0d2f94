"""What the values of header fields mean."""

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.errors import TuneError
from seqgen.music.abc.fields import (
    KeyField,
    default_unit,
    parse_key_field,
    parse_meter,
    parse_tempo,
    parse_unit_length,
)
from seqgen.music.abc.voice_settings import VoiceField, parse_voice_field
from seqgen.music.core.key import Key
from seqgen.music.core.meter import Meter
from seqgen.music.core.tune import Clef


def key(value: str) -> Key | None:
    return parse_key_field(value).key


@pytest.mark.parametrize(
    ("value", "expected"),
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
def test_a_meter(value, expected):
    assert parse_meter(value) == expected


@pytest.mark.parametrize("value", ["6", "6/7", "0/4", "3/4/4", "x", "9999/4", "3/", "+/4", "²/4"])
def test_an_invalid_meter_raises_an_error(value):
    with pytest.raises(TuneError, match="unreadable meter"):
        parse_meter(value)


@pytest.mark.parametrize(("value", "unit"), [("1/8", "1/8"), ("1", "1"), (" 1 / 16 ", "1/16")])
def test_a_unit(value, unit):
    assert parse_unit_length(value) == Fraction(unit)


@pytest.mark.parametrize("value", ["", "2/8", "1/0", "1/7", "1/8/2", "eighth", "1/9999"])
def test_an_invalid_unit_raises_an_error(value):
    with pytest.raises(TuneError, match="unreadable unit of length"):
        parse_unit_length(value)


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
    assert parse_tempo(value, Fraction(1, 8)) == quarters


def test_pipes_have_a_key_and_exp_gives_the_whole_signature():
    assert key("HP") == key("Hp") == Key(5, 0, "mix")
    assert key("D exp _b").signature == (0, 0, 0, 0, 0, 0, -1)
    assert key("D _b").signature == (1, 0, 0, 1, 0, 0, -1)
    assert key("none") is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("Am", "Amin", "A minor", "AMINOR", "A MINOR", "a minor", "Aaeolian", "Am clef=bass",
          "A moll", "A\tm", "Am ;as sung", "A harmonic minor", "A Natural Min"), Key(5, 0, "min")),
        (("Amix", "A Mixolydian", "AMixolydian", "A mixolidian", "AMIX"), Key(5, 0, "mix")),
        (("F#m", "F♯m", "F sharp minor", "Fsharp minor", "F-sharp minor", "F#Minor",
          "F# melodic minor", "F sharp harmonic m"), Key(3, 1, "min")),
        (("Bb", "B♭", "Bflat", "B flat", "B-flat major", "Bbmaj", "Bb Ionian", "Bb treble"),
         Key(6, -1)),
        (("B", "B♮", "Bmajor", "B major (five sharps)"), Key(6)),
        (("Dm^c", "Dm ^c", "D min ^c", "D minor ^ c", "Dm ♯c", "Dm clef=treble ^c"),
         Key(1, 0, "min", ((0, 1),))),
        (("Dmix=c", "D mix =c", "Dmix =c"), Key(1, 0, "mix", ((0, 0),))),
        (("D Phr ^f", "Dphr^f", "D phrygian ^F"), Key(1, 0, "phr", ((3, 1),))),
        (("D ^c _b", "D^c_b", "D ^c,_b"), Key(1, 0, "maj", ((0, 1), (6, -1)))),
        (("none", "NONE", "", " ", "none clef=bass", "clef=bass", "bass", "octave=-1"), None),
        (("HP", "Hp", "HP clef=treble"), Key(5, 0, "mix")),
    ],
)  # fmt: skip
def test_a_key_in_every_spelling(values, expected):
    assert {value: key(value) for value in values} == dict.fromkeys(values, expected)


@pytest.mark.parametrize(
    "value", ["D exp _b _e ^f", "Dexp_b_e^f", "D _b exp _e ^f", "exp _b _e ^f", "D EXP _b _e ^f"]
)
def test_exp_gives_the_whole_signature_in_any_order(value):
    parsed = key(value)
    assert parsed
    assert parsed.signature == (0, 0, -1, 1, 0, 0, -1)


@pytest.mark.parametrize(
    "value",
    ["H", "Gfoo", "A_m", "foo", "g", "eb", "Cis", "D##", "K", "123", "Em7", "^/c", "D^k", "G#",
     "Fb", "B#m", "Fbphr ^c x=1"],
)  # fmt: skip
def test_an_invalid_key_is_named_in_the_error(value):
    with pytest.raises(TuneError) as caught:
        key(value)
    assert caught.value.reason in ("unreadable key", "key of more than seven signs")
    assert caught.value.where == f"K:{value}"


@given(st.text(max_size=12) | st.lists(st.sampled_from(
    ["A", "b", "#", "♭", "m", "mix", " ", "exp", "^c", "_", "=", "clef", "bass", "-8", "HP", "none"]
), max_size=8).map("".join))  # fmt: skip
def test_any_key_is_read_or_refused(value):
    try:
        parsed = parse_key_field(value)
    except TuneError:
        return
    if parsed.key:
        assert abs(parsed.key.sharps) <= 7
        assert key(str(parsed.key)) == parsed.key


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("clef=bass", VoiceField(Clef("F", 4))),
        ("bass", VoiceField(Clef("F", 4))),
        ("clef = treble-8", VoiceField(Clef("G", 2, -1))),
        ("treble+8 octave=1", VoiceField(Clef("G", 2, 1), octave=1)),
        ('clef="alto"', VoiceField(Clef("C", 3))),
        ("tenor t=-2", VoiceField(Clef("C", 4), transpose=-2)),
        ("clef=C1 transpose=+12", VoiceField(Clef("C", 1), transpose=12)),
        ("clef=+8", VoiceField(Clef("G", 2, 1))),
        ("bass3", VoiceField(Clef("F", 3))),
        ("perc stafflines=1", VoiceField(Clef("perc", 3))),
        ("bass middle=d", VoiceField(Clef("F", 4), octave=-2)),
        ("middle=d", VoiceField(Clef("G", 1))),
        ('name="Tin whistle" snm="W." stem=up', VoiceField(label="Tin whistle")),
        ("tabla xyz=3 octave=99", VoiceField(unknown=("tabla", "xyz=3", "octave=99"))),
    ],
)
def test_properties_of_a_voice(text, field):
    assert parse_voice_field(re.sub(r"\s*=\s*", "=", text)) == field
    assert parse_key_field(f"G {text}") == KeyField(Key(4), True, field)
