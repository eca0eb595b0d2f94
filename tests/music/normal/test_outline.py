"""What sections a tune has, and on which notes they end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.music.normal.codec import decode_tune, encode_tune
from seqgen.music.normal.outline import (
    DEGREES,
    FINAL_EIGHTHS,
    Final,
    Part,
    final_line,
    finals,
    last_note,
    outline,
    part_line,
    parts_line,
    read_final,
    read_parts,
    split_sections,
)

HEADER = "R:jig\nM:3/8\nK:Cmaj\n"


@pytest.mark.parametrize(
    ("music", "expected"),
    [
        ("A3|B3|]", "2"),
        ("|:A3|B3:|", "2*"),
        ("|:A|B3|c2:|", "2*"),  # a pickup is not a bar
        ("|:A|B3|c2:||:d|e3|f3|g2:|", "2*,3*"),
        ("A|:B3|c3:|d3|]", "2*,1"),  # nor is what leads into a repeat
        ("|:A3|1B3:|2c3||d3|]", "2*,1"),  # a second ending is not counted
        ("A|B3|c2||d|e2|]", "2,1"),
    ],
)
def test_an_outline_lists_the_bars_of_sections(music, expected):
    parts = outline(decode_tune(HEADER + music))
    assert parts_line(parts) == f"P:{expected}\n"
    assert [part_line(part) for part in parts] == [f"P:{each}\n" for each in expected.split(",")]


@pytest.mark.parametrize(
    ("music", "expected"),
    [
        ("C3|]", "1,3"),
        ("C3|c3|]", "1,3"),  # in any octave
        ("d3|B2c|]", "1,1"),
        ("F3|G2z|]", "5,2"),  # the last note, not a rest after it
        ("B3|G3/2z3/2|]", "5,1"),  # at least so long
        ("|:e3|1d3:|2B3|]", "7,3"),  # of the last ending
        ("|:e3|1d3:|2B3||c3|]", "7,3 1,3"),
        ("|:D3:|E3||F3|]", "2,3 3,3 4,3"),
        ("C2C/2z/2|]", "?"),  # shorter than an eighth
        ("C2^C|]", "?"),  # not of the scale
        ("z2(3C/2C/2C/2|]", "?"),  # in a triplet
        ("(3CDEF|]", "4,1"),  # after a triplet
        ("z3|]", "?"),
    ],
)
def test_the_final_note_of_each_section_has_degree_and_length(music, expected):
    tune = decode_tune(HEADER + music)
    assert [final_line(each)[2:-1] for each in finals(tune)] == expected.split()


def test_degrees_are_those_of_the_key():
    tune = decode_tune("R:jig\nM:3/8\nK:Dmin\nD3||E3||A3||B3||=B3|]")
    assert [each and each.degree for each in finals(tune)] == [1, 2, 5, 6, None]
    header = encode_tune(tune).partition("K:")[0]  # moved to C they stay the same
    assert [line[2:] for line in header.split("\n") if line[:2] == "F:"] == [
        "1,3", "2,3", "5,3", "6,3", "?",
    ]  # fmt: skip


def test_a_section_that_is_not_closed_is_the_rest():
    tune = decode_tune(HEADER + "|:A3|1B3:|2c3||d|e3|f3|]")
    sections, rest = split_sections(tune)
    assert [(part, len(bars)) for part, bars in sections] == [
        (Part(2, True), 3),
        (Part(2, False), 3),
    ]
    assert not rest
    open_bars = tune.bars[:-1]
    sections, rest = split_sections(type(tune)(open_bars, tune.meter, tune.key))
    assert [part for part, _ in sections] == [Part(2, True)]
    assert rest == list(open_bars[3:])


def test_without_notes_there_is_no_last_one():
    assert last_note([]) is None
    assert last_note(decode_tune(HEADER + "A3|z3|]").bars[1:]) is None


@given(parts=st.lists(st.builds(Part, st.integers(1, 9999), st.booleans()), min_size=1))
def test_decoding_inverts_encoding_of_sections(parts):
    assert read_parts(parts_line(parts)) == tuple(parts)
    assert read_parts("".join(map(part_line, parts[:1]))) == tuple(parts[:1])


@given(st.builds(Final, st.integers(1, DEGREES), st.sampled_from(FINAL_EIGHTHS)) | st.none())
def test_decoding_inverts_encoding_of_a_final_note(final):
    assert read_final(final_line(final)) == final


@pytest.mark.parametrize(
    "token", ["P:?\n", "P:\n", "P:8*", "P:0\n", "P:8**\n", "P:8,\n", "K:8\n", "F:1,2\n", "", "A"]
)
def test_what_is_no_outline_has_no_sections(token):
    assert read_parts(token) == ()


@pytest.mark.parametrize(
    "token", ["F:?\n", "F:8,1\n", "F:0,1\n", "F:1,0\n", "F:1\n", "F:1,2", "P:1\n", "", "F"]
)
def test_what_is_no_final_note_is_none(token):
    assert read_final(token) is None


def test_lines_of_the_outline_are_dropped_in_decoding():
    text = "R:jig\nM:3/8\nO:C\nL:A\nH:A\nP:1\nF:6,3\nK:Cmaj\nA3|]"
    assert decode_tune(text) == decode_tune(HEADER + "A3|]")
    assert encode_tune(decode_tune(text)) == text
