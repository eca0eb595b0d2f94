"""What a network is told of the place where it stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.music.normal.position_features import LAGS, PositionTracker, feature_sizes, roles
from seqgen.music.normal.tokens import BODY, PATTERN

TOKENS = ["", "R:jig\n", "M:6/8\n", "M:2/4\n", "P:2*,1\n", "P:?\n", "K:Cmaj\n", *BODY]
IDS = {token: id for id, token in enumerate(TOKENS)}
STEPS, LEFT, CLOSING, BAR, PHRASE, REST, SECTION = range(7)
BACK = 7  # the first of the numbers that look back


def read(text, meter="M:6/8\n", outline="P:?\n"):
    """What is told after each token of a tune's body, with the token that came next before it."""
    place = PositionTracker(roles(TOKENS))
    for token in ("R:jig\n", meter, outline, "K:Cmaj\n"):
        place.push(IDS[token])
    return [(token, place.push(IDS[token])) for token in PATTERN.findall(text)]


def column(text, number, meter="M:6/8\n"):
    return [told[number] for _, told in read(text, meter)]


def test_ticks_are_counted_in_the_bar_and_to_its_end():
    # A2 is 48 ticks, 24 steps; A note that may yet get a length has not moved on.
    assert column("A2Bcd|e", STEPS) == [0, 24, 24, 36, 48, 0, 0]
    assert column("A2Bcd|e", LEFT) == [72, 48, 48, 36, 24, 72, 72]


def test_a_section_closes_where_its_pickup_can_follow():
    told = column("|:A|B4c2|d4e:|", CLOSING)
    assert told == [72, 72, 60, 60, 12, 12, 0, 60, 60, 12, 12, 0]
    assert column("|:B4c2|d4e:||:A|", CLOSING)[-3:] == [0, 0, 60]
    assert column("A|:B4c2|", CLOSING)[2] == 72


def test_a_triplet_takes_the_time_of_two():
    assert column("(3ABcd2|", STEPS, "M:2/4\n") == [0, 0, 8, 16, 24, 48, 0]


def test_bars_are_counted_in_each_section_and_pickups_stand_before_the_first():
    text = "|:A|B6|c4d:||:e|f6|g4a:|"
    told = {token: where[BAR] for token, where in read(text) if token in "Bcdefga"}
    assert told == {"B": 1, "c": 2, "d": 2, "e": 0, "f": 1, "g": 2, "a": 2}


def test_phrases_of_eight_bars_are_counted():
    assert column("A6|" * 17, PHRASE)[2::3] == [2, 3, 4, 5, 6, 7, 0, 1] * 2 + [2]


def test_bars_left_of_the_section_are_told_where_the_outline_says_them():
    text = "|:A|B6|c4d:|A|e4d|]"
    told = "".join(str(where[REST]) for _, where in read(text, outline="P:2*,1\n"))
    # Behind a section it is the next one's turn; behind the last nothing is known.
    assert told == "2" * 5 + "1" * 3 + "12" + "2" + "1" * 4 + "0"
    assert set(column(text, REST)) == {0}


def test_a_second_ending_is_as_far_from_the_end_as_the_first():
    told = read("|:B6|1c6:|2d6||e6|]", outline="P:2*,1\n")
    assert [where[REST] for token, where in told if token in "cd"] == [1, 1]


def test_sections_and_endings_are_told():
    told = {token: where[SECTION] for token, where in read("|:A6|1B6:|2c6||d6|e6|]")}
    assert [told[note] for note in "ABcde"] == [0, 1, 2, 3, 3]


def test_an_ending_is_numbered_like_the_one_it_replaces():
    told = {token: where[BAR] for token, where in read("|:A6|F6|1B6:|2c6||d6|]")}
    assert told["B"] == told["c"] == 3
    assert told["d"] == 1


@pytest.mark.parametrize("lag", LAGS)
def test_a_bar_is_shown_what_stood_there_before(lag):
    number = BACK + LAGS.index(lag)
    motif = "A2(3BcdG3/2E/2|"
    text = motif + "F6|" * (lag - 1) + motif
    told = read(text, "M:6/8\n")
    size = len(PATTERN.findall(motif))
    # Before each token of the motif's second coming it is told which one came the first time.
    before = [where[number] for _, where in told[-size - 1 : -1]]
    assert [TOKENS[value // 2] for value in before] == [t for t, _ in told[:size]]
    assert all(value % 2 for value in before)


def test_bars_that_differ_are_told_so_and_still_shown():
    told = read("ABcdef|ABGdef|", "M:6/8\n")
    places = [where[BACK] for _, where in told[6:13]]
    assert [TOKENS[value // 2] for value in places] == ["A", "B", "c", "d", "e", "f", "|"]
    assert [value % 2 for value in places] == [1, 1, 1, 0, 0, 0, 0]


def test_where_lengths_differ_the_places_are_found_again():
    told = read("A2B2c2|defG", "M:6/8\n")
    shown = {token: TOKENS[where[BACK] // 2] for token, where in told}
    # A first eighth where there was a fourth: what comes next there is said to be where it began.
    assert [shown["d"], shown["e"], shown["f"]] == ["2", "B", "2"]


def test_sections_with_pickups_are_aligned():
    told = read("|:A|B6|c4d:||:e|B6|c4d:|")
    # The pickup ends the bar that the section before it left open, so B6 is two bars after B6.
    shown = [TOKENS[where[BACK + LAGS.index(2)] // 2] for _, where in told[12:17]]
    assert [token for token, _ in told[12:17]] == ["|", "B", "6", "|", "c"]
    assert shown == ["B", "6", "|", "c", "4"]


@given(st.lists(st.integers(0, len(TOKENS) - 1), max_size=200))
def test_any_tokens_are_followed(ids):
    place = PositionTracker(roles(TOKENS))
    bounds = feature_sizes(len(TOKENS))
    for id in ids:
        told = place.push(id)
        assert len(told) == len(bounds)
        assert all(0 <= value < bound for value, bound in zip(told, bounds, strict=True))


@given(st.lists(st.sampled_from(TOKENS), max_size=60), st.lists(st.sampled_from(TOKENS)))
def test_a_copy_goes_on_by_itself(before, after):
    place, twin = PositionTracker(roles(TOKENS)), PositionTracker(roles(TOKENS))
    for token in before:
        place.push(IDS[token])
        twin.push(IDS[token])
    copy = place.copy()
    for token in reversed(after):
        place.push(IDS[token])
    for token in after:
        assert copy.push(IDS[token]) == twin.push(IDS[token])
