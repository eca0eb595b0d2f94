"""Tunes in the lines and copy marks of a vocabulary."""

import pytest

from seqgen.music.normal.codec import decode_tune
from seqgen.music.normal.known_lines import is_header, unknown_lines, with_known_lines
from seqgen.music.normal.tokens import BODY, COPIES, PATTERN

MUSIC = "|:c6|@1c6:||:d6|@1d6|@2d6:|"
TUNE = "R:jig\nM:6/8\nO:D'\nL:c\nH:d\nP:2*\nF:1,6\nP:3*\nF:2,6\nK:Cmaj\n" + MUSIC
LINES = [token for token in PATTERN.findall(TUNE) if is_header(token)]
ALL = {*LINES, *BODY, *COPIES, *unknown_lines(True)}


def header(known):
    """The header of the tune in a vocabulary."""
    text = with_known_lines(TUNE, known)
    assert decode_tune(text).bars == decode_tune(TUNE).bars
    return [line for line in PATTERN.findall(text) if is_header(line)]


def test_a_tune_of_known_lines_stays():
    assert with_known_lines(TUNE, ALL) == TUNE


@pytest.mark.parametrize("line", ["O:D'\n", "L:c\n", "H:d\n", "F:1,6\n", "F:2,6\n"])
def test_an_unknown_value_is_replaced(line):
    expected = [f"{line[0]}:?\n" if each == line else each for each in LINES]
    assert header(ALL - {line}) == expected


def test_an_unknown_rhythm_is_none():
    assert header(ALL - {"R:jig\n"}) == ["R:none\n", *LINES[1:]]


def test_an_unknown_section_makes_the_whole_outline_unknown():
    for line in ("P:2*\n", "P:3*\n"):
        assert header(ALL - {line}) == [*LINES[:5], "P:?\n", "K:Cmaj\n"]


def test_meter_and_key_stay_even_if_unknown():
    assert header(ALL - {"M:6/8\n", "K:Cmaj\n"}) == LINES


def test_kinds_of_lines_that_a_vocabulary_lacks_are_left_out():
    for letter in "OLH":
        known = {token for token in ALL if not token.startswith(f"{letter}:")}
        assert header(known) == [line for line in LINES if line[0] != letter]


@pytest.mark.parametrize("outline", ["P:2*,3*\n", "P:?\n"])
def test_older_vocabularies_have_one_line_for_all_sections(outline):
    known = {"R:jig\n", "M:6/8\n", "K:Cmaj\n", "P:8*,8*\n", "P:?\n", outline, *BODY}
    assert with_known_lines(TUNE, known) == (
        f"R:jig\nM:6/8\n{outline}K:Cmaj\n" + MUSIC.replace("@1", "").replace("@2", "")
    )


def test_the_oldest_vocabularies_have_no_outline():
    known = {"R:jig\n", "M:6/8\n", "K:Cmaj\n", *BODY}
    assert header(known) == ["R:jig\n", "M:6/8\n", "K:Cmaj\n"]


def test_copy_marks_that_are_not_known_are_left_out():
    assert with_known_lines(TUNE, ALL - {"@2"}) == TUNE.replace("@2", "")
    assert "@" not in with_known_lines(TUNE, ALL - {*COPIES})


def test_all_but_rhythm_meter_and_key_may_be_unknown():
    assert unknown_lines(True) == ["O:?\n", "L:?\n", "H:?\n", "P:?\n", "F:?\n"]
    assert unknown_lines(False) == ["L:?\n", "H:?\n", "P:?\n", "F:?\n"]


@pytest.mark.parametrize("token", ["A", "|:", ":|", "@4", "K:", "X:1\n", "", "\n"])
def test_what_is_no_line_of_the_header(token):
    assert not is_header(token)
