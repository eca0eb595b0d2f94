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
from seqgen.music.normal.codec import (
    C,
    decode_tune,
    encode_tune,
    move_tune,
    read_tonic,
    split_header,
    transpose_tune,
)
from seqgen.music.normal.tokens import BODY, COPIES, NATURALS, PATTERN

HEADER = "R:none\nM:4/4\nK:Cmaj\n"
OUTLINE = "L:C\nH:c'\nP:2*\nF:1,1\nP:1\nF:1,3\n"
JIG = f"R:slip jig\nM:9/8\n{OUTLINE}K:Cdor\n|:EF/2|A2-Az3(3A/2_A/2B/2c|1C8:|2Ac'3/2||C6-C3|]"


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
    body = split_header(written)[1]
    assert set(PATTERN.findall(body)) <= {*BODY, *COPIES}


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
    for token in PATTERN.findall(split_header(encode_tune(tune))[1]):
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
    there = encode_tune(transpose_tune(high, Key(1)))  # D, and down to C
    assert split_header(there)[1] == split_header(encode_tune(high))[1]
    up = replace(high, key=Key(5))  # as if in A: C is above
    assert encode_tune(up).endswith("_e2f2g2_B2|]")
    wide = replace(decode_tune(HEADER + "C,2e'2|]"), key=Key(5))
    with pytest.raises(TuneError, match="range too wide"):
        encode_tune(wide)


@pytest.mark.parametrize(
    ("key", "notes", "tonic", "moved"),
    [
        ("Cmaj", "C2e6|]", "C", "C2e6|]"),
        ("Gmaj", "G2b6|]", "G", "c2e'6|]"),  # up by a fourth
        ("Gmaj", "G2c'6|]", "G'", "C2f6|]"),  # there is no room above
        ("Amin", "A,2c6|]", "A", "C2_e6|]"),
        ("Fmaj", "C,2c6|]", "F,", "G,2g6|]"),  # none below
    ],
)
def test_the_line_of_the_tonic_states_how_far_the_tune_was_moved(key, notes, tonic, moved):
    tune = decode_tune(f"R:none\nM:4/4\nK:{key}\n{notes}")
    text = encode_tune(tune)
    header, music = split_header(text)
    assert header["O"] == tonic
    assert music.replace("_", "") == moved.replace("_", "")
    there, octaves = move_tune(tune, C)
    assert encode_tune(there, None) == text.replace(f"O:{tonic}\n", "")
    assert read_tonic(header["O"]) == (parse_key(key).tonic, octaves)
    # So the original can be found again.
    assert transpose_tune(decode_tune(text), parse_key(key), octaves) == tune


@given(tune=tunes(), letter=st.integers(0, 6), alter=st.integers(-1, 1))
def test_a_moved_tune_returns_with_its_tonic_and_octaves(tune, letter, alter):
    key = Key(letter, alter, tune.key.mode)
    if abs(key.sharps) > 7:
        return
    source = transpose_tune(tune, key)
    try:
        text = encode_tune(source)
    except TuneError:
        return  # the range is too wide
    tonic, octaves = read_tonic(split_header(text)[0]["O"])
    assert tonic == key.tonic
    back = transpose_tune(decode_tune(text), parse_key(tonic + key.mode), octaves)
    assert [[n.pitches and n.pitches[0].midi for n in b.notes] for b in back.bars] == [
        [n.pitches and n.pitches[0].midi for n in b.notes] for b in source.bars
    ]


def test_the_header_states_range_and_sections():
    text = encode_tune(decode_tune("R:reel\nM:2/4\nK:Dmaj\n|:A|d4|^ga3:|D,4|F,2z2|]"))
    assert split_header(text)[0] == {
        "R": "reel", "M": "2/4", "O": "D", "L": "C,", "H": "g",
        "P": "2", "F": "3,2", "K": "Cmaj",  # the last of each letter
    }  # fmt: skip
    assert "P:2*\nF:5,3\nP:2\nF:3,2\n" in text


@pytest.mark.parametrize(
    "music",
    [
        "C8|D8|@2C8|@2D8|E8|]",
        "C8|@1C8|@2C8|]",  # of several, the most usual distance
        "C8|D8|E8|F8|@4C8|D4C4|@4E8|G8|]",
        "C8|@1C8|C4D4|E8|@4C8|@4C8|]",
        "|:G2|C8|D6:||:G2|@2C8|@2D6:|",  # the pickup has the number of the bar before
        "|:G2|C8|G2:||:G6|@1G2|]",  # and is not part of what is named
        "G2|:C8|@1C8:|",  # nor is a lead-in
        "|:C8|D8|1E8:|2F8||@2D8|@4C8|]",
        "|:C8|D8|1E8|F8:|2@1D8|F8|]",
        "|:C8|1D8|E8:|2F8|G8||@3C8|@2G8|]",
        "C8-|C8|@1C8|]",  # a tied bar has no mark, but may be named
        "^C4^C4|@1^C4^C4|]",
        "z8|@1z8|]",
    ],
)
def test_a_mark_names_an_equal_bar_before(music):
    plain = "".join(token for token in PATTERN.findall(music) if token not in COPIES)
    tune = decode_tune(HEADER + plain)
    assert split_header(encode_tune(tune))[1] == music
    assert decode_tune(HEADER + music) == tune


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
        ("C4@1C4|]", "copy mark within a bar", "bar 1, '@1'"),
        ("C8|@7C8|]", "unknown sign", "bar 2, '@'"),
    ],
)
def test_invalid_text_raises_an_error_with_the_place(body, reason, place):
    with pytest.raises(TuneError) as caught:
        decode_tune(HEADER + body)
    assert caught.value.reason == reason
    assert str(caught.value).startswith(place)


@pytest.mark.parametrize(
    "header",
    ["", "R:none\nM:4/4\n", "M:4/4\nK:C\n", "R:none\nK:C\n", "R:\nM:x\nK:C\n", "R:\nM:4/4\nK:?\n"],
)
def test_a_header_has_rhythm_meter_and_key(header):
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
