"""What sections a tune has."""

import pytest

from seqgen.music.normal.codec import decode_tune
from seqgen.music.normal.outline import Part, line, outline, read_line, with_line

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
    assert line(outline(decode_tune(HEADER + music))) == f"P:{expected}\n"


def test_decoding_inverts_encoding_of_a_line():
    parts = (Part(8, True), Part(16, False))
    assert read_line(line(parts)) == parts


@pytest.mark.parametrize("token", ["P:?\n", "P:\n", "P:8*", "P:0\n", "P:8**\n", "K:8\n", "", "A"])
def test_what_is_no_outline_has_no_sections(token):
    assert read_line(token) == ()


def test_the_line_precedes_the_key_and_is_dropped_in_decoding():
    text = with_line(HEADER + "A3|]", "P:1\n")
    assert text == "R:jig\nM:3/8\nP:1\nK:Cmaj\nA3|]"
    assert decode_tune(text) == decode_tune(HEADER + "A3|]")
