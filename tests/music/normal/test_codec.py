"""The normal form as text: back to the same tune, in any key."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seqgen.errors import TuneError
from seqgen.music.core.key import Key, Pitch, parse_key
from seqgen.music.core.meter import Meter
from seqgen.music.core.tune import Bar, NormalTune, Note, Tuplet
from seqgen.music.normal.codec import decode_tune, encode_tune, transpose_tune
from seqgen.music.normal.tokens import BODY, NATURALS, PATTERN

HEADER = "R:none\nM:4/4\nK:Cmaj\n"
JIG = "R:slip jig\nM:9/8\nK:Cdor\n|:EF/2|A2-Az3(3A/2_A/2B/2c|1C8:|2Ac'3/2||C6-C3|]"


def pitches(key):
    steps = st.sampled_from(sorted(NATURALS.values()))
    signed = st.tuples(steps, st.integers(-1, 1)).map(lambda pair: Pitch(*pair))
    return signed | steps.map(lambda step: Pitch(step, key.signature[step % 7]))


@st.composite
def tunes(draw):
    """Any tune of the normal form's notes and bar lines, exact or not."""
    key = Key(0, 0, draw(st.sampled_from(["maj", "min", "dor", "mix", "phr", "lyd"])))
    lengths = st.sampled_from([Fraction(n, 32) for n in (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)])
    bars = []
    pieces = st.lists(st.tuples(pitches(key) | st.none(), lengths, st.booleans()), min_size=1)
    for notes in draw(st.lists(pieces, min_size=1, max_size=8)):
        bar = [Note((p,) if p else (), length) for p, length, _ in notes]
        if draw(st.booleans()):
            bar += [
                Note((draw(pitches(key)),), bar[0].written, False, Tuplet(3, 2, 3, n))
                for n in range(3)
            ]
        elif bar[0].pitches:
            bar += [bar[0]]
            bar[-2] = bar[0]._replace(tied=True) if bar[-2].pitches == bar[0].pitches else bar[-2]
        bars.append(Bar(tuple(bar), right=draw(st.sampled_from(["|", "||"]))))
    bars[-1] = replace(bars[-1], right="|]")
    if draw(st.booleans()):
        bars[-1] = replace(bars[-1], right=":|")
        begin = max([n + 1 for n, bar in enumerate(bars[:-1]) if bar.right == "||"], default=0)
        bars[begin] = replace(bars[begin], left="|:")
    return NormalTune(tuple(bars), Meter(4, 4), key, draw(st.sampled_from(["", "reel"])))


@given(tune=tunes())
def test_decoding_inverts_encoding(tune):
    written = encode_tune(tune)
    assert decode_tune(written) == tune
    body = written.split("\n", 3)[3]
    assert set(PATTERN.findall(body)) <= set(BODY)


@given(tune=tunes(), letter=st.integers(0, 6), alter=st.integers(-1, 1))
def test_transposition_and_back_keeps_every_pitch(tune, letter, alter):
    try:
        there = transpose_tune(tune, Key(letter, alter))
    except TuneError as error:
        assert str(error).startswith("no key of")  # noqa: PT017
        return
    assert (there.key.letter, there.key.alter, there.key.mode) == (letter, alter, tune.key.mode)
    steps = {
        there_note.pitches[0].midi - note.pitches[0].midi
        for bar, there_bar in zip(tune.bars, there.bars, strict=True)
        for note, there_note in zip(bar.notes, there_bar.notes, strict=True)
        if note.pitches
    }
    assert len(steps) <= 1
    assert all(abs(step) <= 6 for step in steps)
    assert all(abs(p.alter) <= 1 for b in there.bars for n in b.notes for p in n.pitches)
    back = transpose_tune(there, tune.key)
    assert [[n.pitches and n.pitches[0].midi for n in b.notes] for b in back.bars] == [
        [n.pitches and n.pitches[0].midi for n in b.notes] for b in tune.bars
    ]


@given(tune=tunes())
def test_signs_are_where_every_program_needs_them_and_nowhere_else(tune):
    signed, tied = set(), False
    for token in PATTERN.findall(encode_tune(tune).split("\n", 3)[3]):
        if token[0] in "_=^":
            letter = "CDEFGAB".index(token.strip("_=^,'").upper())
            natural = {"_": -1, "=": 0, "^": 1}[token[0]] == tune.key.signature[letter]
            assert tied or letter in signed or not natural
            signed.add(letter)
        elif token[0].isalpha() and token != "z":
            assert "CDEFGAB".index(token[0].upper()) not in signed
        elif "|" in token:
            signed.clear()
        tied = token == "-" or (tied and "|" in token)


def test_a_text_says_what_is_in_it():
    tune = decode_tune(JIG)
    assert (tune.rhythm, tune.meter, tune.key) == ("slip jig", (9, 8), parse_key("Cdor"))
    assert [(b.left, b.right, b.ending) for b in tune.bars] == [
        ("|:", "|", ""), ("", "|", ""), ("", ":|", "1"), ("", "||", "2"), ("", "|]", ""),
    ]  # fmt: skip
    first = tune.bars[0].notes[0]
    assert (first.pitches, first.length) == ((Pitch(30, -1),), Fraction(1, 8))
    assert tune.bars[1].notes[3].length == Fraction(1, 24)
    assert encode_tune(tune, None) == JIG


@pytest.mark.parametrize(
    ("key", "first"), [("D", "FG"), ("Bb", "_DE"), ("A", "CD"), ("Eb", "_GA"), ("F#", "AB")]
)
def test_transposition_takes_the_shortest_distance(key, first):
    tune = transpose_tune(decode_tune(HEADER.replace("Cmaj", "Cmin") + "EF3E4|]"), parse_key(key))
    midi = [note.pitches[0].midi for note in tune.bars[0].notes[:2]]
    assert midi[1] - midi[0] == 2
    assert abs(midi[0] - 63) <= 6


def test_a_tune_moves_by_an_octave_into_the_range():
    high = decode_tune(HEADER + "c'2d'2e'2g2|]")
    assert encode_tune(transpose_tune(high, Key(1))).endswith(
        encode_tune(high).split("\n", 3)[3]
    )  # D, and down to C
    up = replace(high, key=Key(5))  # as if in A: C is above
    assert encode_tune(up).endswith("_e2f2g2_B2|]")
    wide = replace(decode_tune(HEADER + "C,2e'2|]"), key=Key(5))
    with pytest.raises(TuneError, match="range too wide"):
        encode_tune(wide)


@pytest.mark.parametrize(
    ("body", "reason", "place"),
    [
        ("C8|D4", "breaks off", "bar 2"),
        ("C8|", "breaks off", "bar 2"),
        ("", "breaks off", "bar 1"),
        ("C8|D@|]", "unknown sign", "bar 2, '@'"),
        ("2C|]", "length without a note", "bar 1, '2'"),
        ("C23|]", "length without a note", "bar 1, '3'"),
        ("C-2C|]", "length without a note", ""),
        ("z-C|]", "tie without a note", ""),
        ("C--C|]", "tie without a note", ""),
        ("C-D|]", "tie between different pitches", ""),
        ("(3CD|]", "triplet of fewer than three notes", ""),
        ("C||:|]", "bar without a note", "bar 2, ':|'"),
        ("|:C|D|:E:|", "repeat sign within a section", ""),
        ("C,,8|]", "unknown sign", ""),
    ],
)
def test_invalid_text_raises_an_error_with_the_place(body, reason, place):
    with pytest.raises(TuneError) as caught:
        decode_tune(HEADER + body)
    assert caught.value.reason == reason
    assert str(caught.value).startswith(place)


@pytest.mark.parametrize(
    "header", ["", "R:none\nM:4/4\n", "M:4/4\nR:none\nK:C\n", "R:\nM:x\nK:C\n"]
)
def test_a_header_has_its_three_lines(header):
    with pytest.raises(TuneError):
        decode_tune(header + "C8|]")


@pytest.mark.parametrize("body", ["|:C8:|2C8|]", "|:C8|1C8:|2C8:|2C8|]", "|:C8|1C8|1C8:|2C8|]"])
def test_a_second_ending_follows_one_first_ending(body):
    with pytest.raises(TuneError, match="ending out of order"):
        decode_tune(HEADER + body)


@example("C,:|2C,:|2C,:|")
@given(st.lists(st.sampled_from(BODY), max_size=30).map("".join) | st.text(max_size=30))
def test_any_body_is_a_tune_or_refused(body):
    try:
        tune = decode_tune(HEADER + body)
    except TuneError:
        return
    assert decode_tune(encode_tune(tune, None)) == tune
