from fractions import Fraction
from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.music.abc.parser import parse_tune
from seqgen.music.core.key import Pitch
from seqgen.music.core.meter import Meter, beat_groups
from seqgen.music.core.tune import Note
from seqgen.music.normal.codec import decode_tune
from seqgen.music.render.abc_writer import abc
from seqgen.music.render.beams import group_beams

EIGHTHS = {
    "2/4": [4],
    "3/4": [2, 2, 2],
    "4/4": [4, 4],
    "2/2": [4, 4],
    "3/2": [4, 4, 4],
    "5/4": [2, 2, 2, 2, 2],
    "3/8": [3],
    "4/8": [4],
    "5/8": [3, 2],
    "6/8": [3, 3],
    "7/8": [2, 2, 3],
    "8/8": [4, 4],
    "9/8": [3, 3, 3],
    "12/8": [3, 3, 3, 3],
}


def group_sizes(meter: Meter, notes: list[Note], start: Fraction = Fraction(0)) -> list[int]:
    return [len(list(group)) for _, group in groupby(beat_groups(meter, notes, start))]


def notes_of(count: int, unit: int) -> list[Note]:
    return [Note((Pitch(28),), Fraction(1, unit))] * count


def meter_of(name: str) -> Meter:
    return Meter(*map(int, name.split("/")))


@pytest.mark.parametrize("name", EIGHTHS)
def test_groups_of_eighths(name: str) -> None:
    meter = meter_of(name)
    assert group_sizes(meter, notes_of(int(8 * meter.length), 8)) == EIGHTHS[name]


@pytest.mark.parametrize(
    ("name", "sizes"),
    [("6/16", [3, 3]), ("9/16", [3, 3, 3]), ("5/16", [3, 2]), ("2/4", [4, 4]), ("4/4", [4] * 4)],
)
def test_groups_of_sixteenths(name: str, sizes: list[int]) -> None:
    assert group_sizes(meter_of(name), notes_of(sum(sizes), 16)) == sizes


def test_a_pickup_is_grouped_as_the_end_of_a_bar() -> None:
    assert group_sizes(Meter(6, 8), notes_of(4, 8), Fraction(2, 8)) == [1, 3]


@pytest.mark.parametrize("name", ["2/4", "3/4", "4/4", "2/2", "3/2", "3/8", "6/8", "9/8", "12/8"])
def test_abc_and_scores_have_the_same_groups(name: str) -> None:
    meter = meter_of(name)
    tune = decode_tune(f"R:none\nM:{name}\nK:Cmaj\n{'C' * int(8 * meter.length)}|]")
    words = abc(tune).splitlines()[-1].rstrip("|]").split()
    drawn = group_beams(parse_tune(abc(tune)).bars[0].notes, meter, Fraction(0))
    assert [len(word) for word in words] == [len(beam.tuplets) for beam in drawn] == EIGHTHS[name]


@given(
    st.builds(Meter, st.integers(0, 13), st.sampled_from([2, 4, 8, 16])),
    st.lists(st.sampled_from([Fraction(1, n) for n in (4, 8, 16, 32)]), max_size=30),
)
def test_groups_begin_in_order_and_no_later_than_their_notes(
    meter: Meter, lengths: list[Fraction]
) -> None:
    groups = beat_groups(meter, [Note((), length) for length in lengths])
    assert all(one <= other for one, other in pairwise(groups))
    onset = Fraction(0)
    for group, length in zip(groups, lengths, strict=True):
        assert group <= onset
        onset += length
