"""What is written for other programs says the same tune, and looks as musicians write it."""

import warnings
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.errors import TuneError
from seqgen.evaluation.tunes.validators import abc2midi
from seqgen.music.abc.parser import parse_tune
from seqgen.music.core.key import parse_key
from seqgen.music.core.tempo import tempo_of
from seqgen.music.normal import codec, normalize
from seqgen.music.render.abc_writer import abc, bar_text

TUNES = {
    "jig": "R:jig\nM:6/8\nK:Cdor\n|:C|EFGA_AA|^FGG/2A/2Bc2|(3dcBAG2=B|1c3-c2:|2c3-c3||c3/2_e/2fe2d"
    "|c/2e3/2zG,3|]",
    "reel": "R:reel\nM:2/2\nK:Cmaj\nG2|:C3/2E/2G3/2E/2F4-|FEDCz4|C8|1C4C4:|2C4C2||EF|G8|A6|]",
    "march": "R:none\nM:4/4\nK:Cmix\nCDE/2F/2G/2A/2BcB3/2A/2|G8|" + "CDEFGABc|" * 5 + "C8|]",
    "waltz": "R:waltz\nM:3/4\nK:Cmin\n|:C2D2E2|(3FGF(3E2D2C2|A,6-|A,4C3/4D/4E/4F3/4:|",
    "polka": "R:polka\nM:2/4\nK:Clyd\nC/2D/2E/2F/2G2|_BABA|G4|]",
}
KEYS = ["C", "D", "E", "F", "G", "A", "B", "Bb", "Eb", "Ab"]


def made(name, key="C"):
    return codec.transpose_tune(codec.decode_tune(TUNES[name]), parse_key(key))


def body(text):
    return text[text.index("\nK:") + 1 :].split("\n", 1)[1]


@pytest.mark.parametrize("name", TUNES)
@pytest.mark.parametrize("key", KEYS)
def test_written_abc_parses_as_the_same_tune(name, key):
    tune = made(name, key)
    parsed = parse_tune(abc(tune, tempo=120))
    assert (parsed.bars, parsed.key, parsed.meter) == (tune.bars, tune.key, tune.meter)
    assert normalize.normalize(parsed).bars == tune.bars
    assert parsed.tempo == 120
    assert parsed.rhythm == tune.rhythm


def test_the_header_suits_other_programs():
    assert abc(made("jig", "A"), 3).startswith(
        "%abc-2.1\nX:3\nT:Jig 3 in A dorian\nR:jig\nM:6/8\nL:1/8\nK:Ador\n|:"
    )
    named = abc(made("march", "Bb"), title=" 100%\nwool ", tempo=89.6)
    assert "\nT:100\\% wool\n" in named
    for title in ("Bourrée d'été", r"back\slash \'e", "a &amp; b", "100% & more"):
        assert parse_tune(abc(made("march", "Bb"), title=title)).title == title
    assert "\nQ:1/4=90\nK:Bbmix\n" in named
    assert "R:" not in named
    assert "\nT:Tune 7 in Bb mixolydian\n" in abc(made("march", "Bb"), 7)


def test_a_hornpipe_keeps_its_rhythm_and_tempo_and_abc2midi_plays_it_even():
    for meter in ("2/2", "4/4"):
        text = TUNES["reel"].replace("R:reel", "R:hornpipe").replace("M:2/2", f"M:{meter}")
        written = abc(codec.decode_tune(text))
        assert "T:Hornpipe 1 in C major\nR:HORNPIPE\n" in written
        parsed = parse_tune(written)
        assert parsed.rhythm == "hornpipe"
        assert tempo_of(parsed) == 152
        if abc2midi.installed():
            assert abc2midi.abc2midi_agrees(written, parsed) is None


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("jig", ["|:C|EFG A_A=A|^FGG/2A/2 Bc2|(3dcBA G2=B|1c3- c2:|", "[2c3- c3||",
                 "c>ef e2d|c<ez G,3|]"]),
        ("reel", ["G2|:C>E G>E F4-|FEDC z4|C8|1C4 C4:|", "[2C4 C2||", "EF|G8|A6|]"]),
        ("march", ["CD E/2F/2G/2A/2 Bc B>A|G8|CDEF GABc|CDEF GABc|", "CDEF GABc|CDEF GABc|"
                   "CDEF GABc|C8|]"]),
        ("waltz", ["|:C2 D2 E2|(3FGF (3E2D2C2|A,6-|A,4 C3/4D/4E/4F3/4:|"]),
        ("polka", ["C/2D/2E/2F/2 G2|_BA=BA|G4|]"]),
    ],
)  # fmt: skip
def test_notes_are_grouped_as_they_are_beamed(name, lines):
    assert body(abc(made(name))).splitlines() == lines


@given(
    st.lists(
        st.lists(st.sampled_from(["C", "^F2", "_A3/2", "B/2", "=d/4", "(3efg", "z", "G,4", "c6"]),
                 min_size=1, max_size=12).map("".join),
        min_size=1, max_size=12,
    ).map("|".join),
    st.sampled_from(["2/4", "3/4", "4/4", "2/2", "6/8", "9/8", "3/8", "3/2"]),
)  # fmt: skip
def test_bars_of_any_length_parse_the_same(music, meter):
    tune = codec.decode_tune(f"R:none\nM:{meter}\nK:Cmaj\n{music}|]")
    parsed = parse_tune(abc(tune))
    assert [note for bar in parsed.bars for note in bar.notes] == [
        note for bar in tune.bars for note in bar.notes
    ]


def heard(text):
    """Pitch, length and tie of each note or rest, as music21 reads it."""
    from music21 import converter

    score = converter.parse(text, format="abc", forceSource=True)
    return [
        (
            None if note.isRest else note.pitches[-1].midi,
            Fraction(note.quarterLength) / 4,
            note.tie is not None and note.tie.type in ("start", "continue"),
        )
        for note in score.recurse().notesAndRests
    ]


@pytest.mark.parametrize("name", TUNES)
def test_music21_hears_the_same_notes(name):
    tune = made(name, "E")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert heard(abc(tune, tempo=120)) == [
            (note.pitches[0].midi if note.pitches else None, note.length, note.tied)
            for bar in tune.bars
            for note in bar.notes
        ]


def test_a_key_with_too_many_signs_is_refused():
    with pytest.raises(TuneError, match="no key of Ab phr"):
        codec.transpose_tune(
            codec.decode_tune(TUNES["polka"].replace("Clyd", "Cphr")), parse_key("Ab")
        )


def test_no_line_looks_like_a_field():
    tune = codec.decode_tune("R:none\nM:1/8\nK:Cmaj\n|:A|B|c|d|e:||:f|g|a|b|c':|")
    written = abc(tune).splitlines()
    assert "e1:|" in written
    assert not any(line[1:2] == ":" and line[0] in "abcdefgABCDEFG" for line in written[7:])
    assert parse_tune(abc(tune)).bars == tune.bars


@pytest.mark.parametrize("name", TUNES)
@pytest.mark.parametrize("unit", ["1/4", "1/8", "1/16"])
@pytest.mark.parametrize("signature", ["K:none", "K:D octave=-1", "K:A =c _e", "K:Ebmin"])
def test_single_bars_parse_alike_in_any_unit_and_signature(name, unit, signature):
    tune = made(name, "D")
    head = f"M:{tune.meter}\nL:{unit}\n{signature}\n"
    key = parse_tune(f"{head}C").key
    octave = -1 if "octave" in signature else 0
    for bar in tune.bars:
        text = bar_text(
            bar.notes, key, tune.meter, unit=Fraction(unit), octave=octave,
            start=tune.meter.length - bar.length,
        )  # fmt: skip
        for scope in ("octave", "pitch", "not"):
            again = parse_tune(f"I:propagate-accidentals {scope}\n{head}{text}|").bars[0]
            assert [note._replace(tied=False) for note in again.notes] == [
                note._replace(tied=False) for note in bar.notes
            ]


def test_single_bars_are_written_as_musicians_do():
    tune = made("reel", "G")
    assert bar_text(tune.bars[1].notes, tune.key, tune.meter) == "G,>B, D>B, C4-"
    half = bar_text(tune.bars[1].notes, tune.key, tune.meter, unit=Fraction(1, 16))
    assert half == "G,2>B,2 D2>B,2 C8-"
