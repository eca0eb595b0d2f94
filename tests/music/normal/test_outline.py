"""What sections a tune has."""

import pytest

from seqgen.music.normal.codec import decode_tune
from seqgen.music.normal.outline import Part, line, outline, read_line, with_line

HEADER = "R:jig\nM:3/8\nK:Cmaj\n"


@pytest.mark.parametrize(
    ("music", "said"),
    [
        ("A3|B3|]", "2"),
        ("|:A3|B3:|", "2*"),
        ("|:A|B3|c2:|", "2*"),  # a pickup is no bar of its own
        ("|:A|B3|c2:||:d|e3|f3|g2:|", "2*,3*"),
        ("A|:B3|c3:|d3|]", "2*,1"),  # nor is what leads into a repeat
        ("|:A3|1B3:|2c3||d3|]", "2*,1"),  # a second ending stands for the first
        ("A|B3|c2||d|e2|]", "2,1"),
    ],
)
def test_sections_are_told_by_their_bars(music, said):
    assert line(outline(decode_tune(HEADER + music))) == f"P:{said}\n"


def test_a_line_is_read_back():
    parts = (Part(8, True), Part(16, False))
    assert read_line(line(parts)) == parts


@pytest.mark.parametrize("token", ["P:?\n", "P:\n", "P:8*", "P:0\n", "P:8**\n", "K:8\n", "", "A"])
def test_what_is_no_outline_has_no_sections(token):
    assert read_line(token) == ()


def test_it_stands_before_the_key_and_is_no_part_of_the_tune():
    text = with_line(HEADER + "A3|]", "P:1\n")
    assert text == "R:jig\nM:3/8\nP:1\nK:Cmaj\nA3|]"
    assert decode_tune(text) == decode_tune(HEADER + "A3|]")
