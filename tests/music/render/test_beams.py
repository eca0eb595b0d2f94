from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.music.abc.parser import parse_tune
from seqgen.music.core.key import Pitch
from seqgen.music.core.meter import Meter
from seqgen.music.core.tune import Note
from seqgen.music.render.beams import group_beams


def beamed(abc: str, start: Fraction = Fraction(0)) -> str:
    """The number of notes on each beam of a tune's first bar, and "." for notes without one."""
    tune = parse_tune(abc)
    groups = group_beams(tune.bars[0].notes, tune.meter, start)
    return " ".join(str(sum(g.tuplets)) if g.joined else "." * sum(g.tuplets) for g in groups)


@pytest.mark.parametrize(
    ("meter", "notes", "groups"),
    [
        ("6/8", "ABcdef", "3 3"),
        ("6/8", "A2Bc3", ". . ."),
        ("6/8", "AB2cde", ". . 3"),
        ("9/8", "ABcd2ef3", "3 . . ."),
        ("12/8", "ABcdefgabABc", "3 3 3 3"),
        ("4/4", "ABcdefga", "4 4"),
        ("4/4", "AB/c/defga", "3 2 3"),
        ("2/2", "ABcdefga", "4 4"),
        ("4/4", "A2Bcd>efg", ". 2 2 2"),
        ("2/4", "ABcd", "4"),
        ("2/4", "A/B/c/d/ef", "4 2"),
        ("3/4", "ABcdef", "2 2 2"),
        ("3/8", "ABc", "3"),
        ("5/8", "ABcde", "3 2"),
        ("7/8", "ABcdefg", "2 2 3"),
        ("4/4", "(3ABcde(3fgag2", "5 3 ."),
        ("4/4", "(3A2B2c2d4", "... ."),
        ("4/4", "(3A2Bcdef2", "... 2 ."),
        ("4/4", "ABzdz4", "2 . . ."),
        ("none", "ABcd", "2 2"),
    ],
)
def test_beams_follow_the_meter(meter: str, notes: str, groups: str) -> None:
    assert beamed(f"M:{meter}\nL:1/8\nK:C\n{notes}|") == groups


def test_a_pickup_is_beamed_as_the_end_of_a_bar() -> None:
    assert beamed("M:6/8\nL:1/8\nK:C\nABcd|", Fraction(2, 8)) == ". 3"


LENGTHS = st.sampled_from([Fraction(n, 32) for n in (1, 2, 3, 4, 6, 8, 12, 16, 32)])
NOTES = st.tuples(st.sampled_from([(), (Pitch(28),)]), LENGTHS).map(lambda pair: Note(*pair))


@given(
    st.lists(NOTES, max_size=20),
    st.sampled_from([Meter(*m) for m in ((6, 8), (4, 4), (3, 4), (7, 8), (5, 4), (0, 1), (2, 2))]),
)
def test_all_notes_come_in_order_and_only_flagged_ones_are_joined(
    notes: list[Note], meter: Meter
) -> None:
    groups = list(group_beams(notes, meter, Fraction(0)))
    edges = [0]
    for group in groups:
        edges.append(edges[-1] + sum(group.tuplets))
        members = notes[edges[-2] : edges[-1]]
        joined = len(members) > 1 and all(n.pitches and n.written < Fraction(1, 4) for n in members)
        assert group.joined == joined
    assert edges[-1] == len(notes)
    assert all(a < b for a, b in pairwise(edges))
