"""Position features of tokens."""

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
    """The features after each token of a tune's body."""
    place = PositionTracker(roles(TOKENS))
    for token in ("R:jig\n", meter, outline, "K:Cmaj\n"):
        place.push(IDS[token])
    return [(token, place.push(IDS[token])) for token in PATTERN.findall(text)]


def column(text, number, meter="M:6/8\n"):
    return [features[number] for _, features in read(text, meter)]


def test_ticks_are_counted_in_the_bar_and_to_its_end():
    # A2 is 48 ticks, 24 steps; A note that may yet get a length has not moved on.
    assert column("A2Bcd|e", STEPS) == [0, 24, 24, 36, 48, 0, 0]
    assert column("A2Bcd|e", LEFT) == [72, 48, 48, 36, 24, 72, 72]


def test_a_section_closes_where_its_pickup_can_follow():
    steps = column("|:A|B4c2|d4e:|", CLOSING)
    assert steps == [72, 72, 60, 60, 12, 12, 0, 60, 60, 12, 12, 0]
    assert column("|:B4c2|d4e:||:A|", CLOSING)[-3:] == [0, 0, 60]
    assert column("A|:B4c2|", CLOSING)[2] == 72


def test_a_triplet_takes_the_time_of_two():
    assert column("(3ABcd2|", STEPS, "M:2/4\n") == [0, 0, 8, 16, 24, 48, 0]


def test_bars_are_counted_in_each_section_after_its_pickup():
    text = "|:A|B6|c4d:||:e|f6|g4a:|"
    bars = {token: where[BAR] for token, where in read(text) if token in "Bcdefga"}
    assert bars == {"B": 1, "c": 2, "d": 2, "e": 0, "f": 1, "g": 2, "a": 2}


def test_phrases_of_eight_bars_are_counted():
    assert column("A6|" * 17, PHRASE)[2::3] == [2, 3, 4, 5, 6, 7, 0, 1] * 2 + [2]


def test_the_outline_gives_the_bars_left_in_the_section():
    text = "|:A|B6|c4d:|A|e4d|]"
    bars_left = "".join(str(where[REST]) for _, where in read(text, outline="P:2*,1\n"))
    # Behind a section it is the next one's turn; behind the last nothing is known.
    assert bars_left == "2" * 5 + "1" * 3 + "12" + "2" + "1" * 4 + "0"
    assert set(column(text, REST)) == {0}


def test_a_second_ending_is_as_far_from_the_end_as_the_first():
    features = read("|:B6|1c6:|2d6||e6|]", outline="P:2*,1\n")
    assert [where[REST] for token, where in features if token in "cd"] == [1, 1]


def test_sections_and_endings_are_features():
    sections = {token: where[SECTION] for token, where in read("|:A6|1B6:|2c6||d6|e6|]")}
    assert [sections[note] for note in "ABcde"] == [0, 1, 2, 3, 3]


def test_an_ending_is_numbered_like_the_one_it_replaces():
    bars = {token: where[BAR] for token, where in read("|:A6|F6|1B6:|2c6||d6|]")}
    assert bars["B"] == bars["c"] == 3
    assert bars["d"] == 1


@pytest.mark.parametrize("lag", LAGS)
def test_lag_features_are_the_next_tokens_of_earlier_bars(lag):
    number = BACK + LAGS.index(lag)
    motif = "A2(3BcdG3/2E/2|"
    text = motif + "F6|" * (lag - 1) + motif
    features = read(text, "M:6/8\n")
    size = len(PATTERN.findall(motif))
    # The feature before each token of the repeated motif is that token.
    before = [where[number] for _, where in features[-size - 1 : -1]]
    assert [TOKENS[value // 2] for value in before] == [t for t, _ in features[:size]]
    assert all(value % 2 for value in before)


def test_lag_features_mark_bars_that_differ():
    features = read("ABcdef|ABGdef|", "M:6/8\n")
    places = [where[BACK] for _, where in features[6:13]]
    assert [TOKENS[value // 2] for value in places] == ["A", "B", "c", "d", "e", "f", "|"]
    assert [value % 2 for value in places] == [1, 1, 1, 0, 0, 0, 0]


def test_lag_features_follow_positions_not_tokens():
    features = read("A2B2c2|defG", "M:6/8\n")
    lagged = {token: TOKENS[where[BACK] // 2] for token, where in features}
    # An eighth instead of a quarter: the lagged token is the one at the same position.
    assert [lagged["d"], lagged["e"], lagged["f"]] == ["2", "B", "2"]


def test_sections_with_pickups_are_aligned():
    features = read("|:A|B6|c4d:||:e|B6|c4d:|")
    # The pickup ends the bar that the section before it left open, so B6 is two bars after B6.
    lagged = [TOKENS[where[BACK + LAGS.index(2)] // 2] for _, where in features[12:17]]
    assert [token for token, _ in features[12:17]] == ["|", "B", "6", "|", "c"]
    assert lagged == ["B", "6", "|", "c", "4"]


@given(st.lists(st.integers(0, len(TOKENS) - 1), max_size=200))
def test_any_tokens_are_followed(ids):
    place = PositionTracker(roles(TOKENS))
    bounds = feature_sizes(len(TOKENS))
    for id in ids:
        features = place.push(id)
        assert len(features) == len(bounds)
        assert all(0 <= value < bound for value, bound in zip(features, bounds, strict=True))


@given(st.lists(st.sampled_from(TOKENS), max_size=60), st.lists(st.sampled_from(TOKENS)))
def test_a_copy_is_independent(before, after):
    place, twin = PositionTracker(roles(TOKENS)), PositionTracker(roles(TOKENS))
    for token in before:
        place.push(IDS[token])
        twin.push(IDS[token])
    copy = place.copy()
    for token in reversed(after):
        place.push(IDS[token])
    for token in after:
        assert copy.push(IDS[token]) == twin.push(IDS[token])
