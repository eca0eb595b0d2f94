"""Sections and bars that a request lets return."""

import pytest

from seqgen.generation.section_copies import SectionCopies
from seqgen.music.grammar.spec import TuneSpec
from seqgen.music.normal.tokens import BODY, COPIES, PATTERN

PIECES = ("", *BODY, *COPIES)
IDS = {piece: id for id, piece in enumerate(PIECES)}


def after(music, form=None, refrain=False, left=None, last=False):
    """What must come after some music, and whether a bar line must."""
    copies = SectionCopies(PIECES, TuneSpec(form=form).sections, refrain)
    for token in PATTERN.findall(music):
        copies.push(IDS[token])
    ids = copies.returning(left, last)
    return "".join(PIECES[id] for id in ids), copies


@pytest.mark.parametrize(
    ("music", "form", "expected"),
    [
        ("A2B2|c4||d4||", "ABA", "A2B2|c4"),
        ("|:A2B2|c4:|d4||", "AABA", "A2B2|c4"),
        ("|:A4|1B4:|2c4||d4||", "AABA", "A4|c4"),  # the second ending
        ("z|:A4|c4:|d4||", "AABA", "A4|c4"),  # without the lead-in
        ("|:A|B4|c3:|A|d4||", "AABA", "A|B4|c3"),  # with the pickup
        ("A4||d4||", "ABC", ""),
        ("A4||d4||@4e", "ABA", ""),  # the model has begun already
        ("A4||", "ABA", ""),
    ],
)
def test_a_section_with_the_letter_of_an_earlier_one_returns(music, form, expected):
    assert after(music, form)[0] == expected


def test_tokens_leave_the_queue_as_they_come():
    _, copies = after("A2B2|c4||d4||", "ABA")
    for token, ends in [("A", False), ("2", False), ("B", False), ("2", False), ("|", False),
                        ("c", False), ("4", True)]:  # fmt: skip
        assert PIECES[copies.returning(None, True)[0]] == token
        copies.push(IDS[token])
        assert copies.ends == ends
    assert copies.returning(None, True) == []


FIRST = "A4|B4|c4|d4|e4|f4||"


@pytest.mark.parametrize(
    ("left", "last", "expected"), [(3, True, ""), (2, True, "e4"), (1, True, "f4"), (2, False, "")]
)
def test_the_last_bars_of_the_first_section_are_the_refrain(left, last, expected):
    assert after(FIRST + "A4|", refrain=True, left=left, last=last)[0] == expected


def test_a_short_section_has_no_refrain():
    assert after("A4|B4|c4|d4||A4|", refrain=True, left=2, last=True)[0] == ""


def test_what_has_no_place_is_left_to_the_model():
    music, copies = after("A2B2|c4||d4||", "ABA")
    assert music
    copies.skip()
    assert copies.returning(None, True) == []
