"""Position features of tokens."""

import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.data.corpora.builtin import music21_corpora
from seqgen.data.corpora.tunebook import split_tunes
from seqgen.music.normal.position_features import (
    FURTHER_LAGS,
    LAGS,
    LETTERS,
    PositionTracker,
    feature_sizes,
    has_outline,
)
from seqgen.music.normal.tokens import BARS, BODY, COPIES, PATTERN
from seqgen.music.normal.tunebook import normalize_book

OLD = ["", "R:jig\n", "M:6/8\n", "M:2/4\n", "P:2*,1\n", "P:?\n", "K:Cmaj\n", *BODY]
TOKENS = [
    *OLD, "P:2*\n", "P:1\n", "F:1,3\n", "F:5,2\n", "F:?\n",
    "L:A\n", "H:g\n", "L:?\n", "H:?\n", *COPIES,
]  # fmt: skip
IDS = {token: id for id, token in enumerate(TOKENS)}
STEPS, LEFT, CLOSING, BAR, PHRASE, REST, SECTION = range(7)
BACK = 7  # the first of the numbers that look back
FURTHER = BACK + len(LAGS)
COPIED, FINAL, LOW, HIGH, LAST, SECTIONS_LEFT = range(FURTHER + len(FURTHER_LAGS), FURTHER + 8)


def read(text, meter="M:6/8\n", outline="P:?\n", tokens=TOKENS):
    """The features after each token of a tune's body.

    outline: the lines of the header between meter and key.
    """
    place = PositionTracker(tokens)
    for token in PATTERN.findall(f"R:jig\n{meter}{outline}K:Cmaj\n"):
        place.push(tokens.index(token))
    return [(token, place.push(tokens.index(token))) for token in PATTERN.findall(text)]


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


@pytest.mark.parametrize("lag", [*LAGS, *FURTHER_LAGS])
def test_lag_features_are_the_next_tokens_of_earlier_bars(lag):
    number = BACK + [*LAGS, *FURTHER_LAGS].index(lag)
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


OUTLINE = "L:A\nH:g\nP:2*\nF:5,2\nP:1\nF:1,3\n"


def test_the_sections_may_be_stated_one_by_one():
    text = "|:A|B6|c4d:|A|e4d|]"
    one_by_one = read(text, outline=OUTLINE)
    together = read(text, outline="P:2*,1\n")
    assert [where[REST] for _, where in one_by_one] == [where[REST] for _, where in together]
    left = {token: where[SECTIONS_LEFT] for token, where in one_by_one}
    assert (left["B"], left[":|"], left["e"], left["|]"]) == (2, 1, 1, 0)
    assert {where[SECTIONS_LEFT] for _, where in read(text)} == {0}  # unknown


def test_the_final_note_of_the_section_is_a_feature():
    text = "|:A|B6|c4d:|A|e4d|]"
    finals = [TOKENS[where[FINAL]] for _, where in read(text, outline=OUTLINE)]
    assert finals == ["F:5,2\n"] * 9 + ["F:1,3\n"] * 6 + [""]
    assert {where[FINAL] for _, where in read(text)} == {0}


def test_range_and_last_letter_are_features():
    letter = {name: number for number, name in enumerate(LETTERS, start=1)}
    rows = [where for _, where in read("^cz2_e'|", outline=OUTLINE)]
    assert [(row[LOW], row[HIGH]) for row in rows] == [(letter["A"], letter["g"])] * 5
    assert [row[LAST] for row in rows] == [letter[name] for name in ("c", "c", "c", "e'", "e'")]
    unknown = [where for _, where in read("z", outline="L:?\nH:?\n")]
    assert unknown[0][LOW : LAST + 1] == (0, 0, 0)


def test_features_of_older_vocabularies_are_the_first():
    assert (has_outline(OLD), has_outline(TOKENS)) == (False, True)
    text = "|:A|B6|c4(3ded:||:A|e4d|1B4:|2c4|]"
    old = read(text, outline="P:2*,1\n", tokens=OLD)
    new = read(text, outline="P:2*,1\n")
    assert [OLD[id // 2] for _, where in old for id in where[BACK:]] == [
        TOKENS[id // 2] for _, where in new for id in where[BACK:FURTHER]
    ]
    assert [where[:BACK] for _, where in old] == [where[:BACK] for _, where in new]
    assert {len(where) for _, where in old} == {FURTHER} == {len(feature_sizes(len(OLD), False))}


def test_the_features_after_a_mark_are_those_of_the_bar_that_it_names():
    text = "A2(3BcdG3/2E/2|F6|"
    motif = PATTERN.findall("A2(3BcdG3/2E/2")
    features = read(f"{text}@2A2(3BcdG3/2E/2|")
    mark = [token for token, _ in features].index("@2")
    copied = [TOKENS[where[COPIED]] for _, where in features]
    assert copied[mark : mark + len(motif)] == motif
    assert not any(copied[:mark] + copied[mark + len(motif) :])
    # The position does not depend on the mark.
    plain = read(f"{text}A2(3BcdG3/2E/2|")
    columns = [*range(COPIED), *range(COPIED + 1, len(features[0][1]))]
    for with_mark, without in zip(features[mark + 1 :], plain[mark:], strict=True):
        assert [with_mark[1][n] for n in columns] == [without[1][n] for n in columns]


def test_a_bar_that_differs_from_its_mark_is_copied_no_further():
    features = read("A2B2c2|@1A2GBc2|")
    copied = [TOKENS[where[COPIED]] for _, where in features]
    assert copied[7:] == ["A", "2", "B", "", "", "", "", ""]


def tracked(text, tokens=TOKENS):
    """The tracker behind a text."""
    place = PositionTracker(tokens)
    for token in PATTERN.findall(f"R:jig\nM:6/8\nP:?\nK:Cmaj\n{text}"):
        place.push(tokens.index(token))
    return place


def copies(text):
    """The bars that a mark may name behind a text."""
    found = tracked(text).copies().items()
    return {distance: "".join(TOKENS[id] for id in ids) for distance, ids in found}


def test_bars_before_may_be_copied_where_a_bar_begins():
    bars = "A6|B6|c6|d6|e6|f6|"
    expected = {1: "f6", 2: "e6", 3: "d6", 4: "c6", 5: "B6", 6: "A6"}
    assert copies(bars) == expected
    assert copies(f"{bars}@4") == expected
    assert copies(f"{bars[:-1]}||") == copies(f"|:{bars[:-1]}:||:") == expected
    for beginning in ("A", "A2", "(3", "(3A", "z"):
        assert copies(bars + beginning) == {}
    assert copies("") == {}


def test_bars_with_a_pickup_are_not_confused():
    assert copies("A|") == copies("A|:") == {}  # a pickup or a lead-in is no bar
    assert copies("|:A|B6|c4d:||:") == {}  # the pickup is to come
    assert copies("|:A|B6|c4d:||:e|") == {1: "c4d", 2: "B6"}
    assert copies("|:A6|B6|1c6:|2") == {1: "B6", 2: "A6"}
    assert copies("|:A6|B6|1c6:|2d6||") == {1: "d6", 2: "B6", 3: "A6"}
    assert copies("A6|B6-|") == {}  # a tie goes on
    assert copies("A6|B6-|B6|") == {1: "B6", 2: "B6-", 3: "A6"}


BOOK = "miscFolk"


def test_marks_of_real_tunes_name_equal_bars():
    paths = sorted((music21_corpora() / BOOK).glob("*.abc"))
    documents = [t for path in paths for t in split_tunes(path.read_text("utf-8"), path.name)]
    texts = [tune.text for tune in normalize_book(documents).tunes]
    pieces = ["", *sorted({token for text in texts for token in PATTERN.findall(text)} | {*COPIES})]
    ids = {piece: id for id, piece in enumerate(pieces)}
    marks: Counter[str] = Counter()
    bars = 0
    for text in texts:
        tokens = PATTERN.findall(text)
        place = PositionTracker(pieces)
        for number, token in enumerate(tokens):
            if number and (tokens[number - 1] in BARS or tokens[number - 1][0] == "K"):
                rest = tokens[number:]
                notes = [*itertools.takewhile(lambda each: each not in BARS, rest)]
                bars += bool(notes)
                equal = {
                    f"@{distance}"
                    for distance, copied in place.copies().items()
                    if [pieces[id] for id in copied] == [n for n in notes if n not in COPIES]
                }
                # The first of all distances at which a bar is equal.
                assert token == next(
                    (mark for mark in COPIES if mark in equal), notes[0] if notes else token
                )
                marks[token] += token in COPIES
            place.push(ids[token])
    assert marks.total() > 0.15 * bars
    assert marks["@4"] > marks["@3"] > 0


@given(st.lists(st.integers(0, len(TOKENS) - 1), max_size=200), st.booleans())
def test_any_tokens_are_followed(ids, outline):
    tokens = TOKENS if outline else OLD
    place = PositionTracker(tokens)
    bounds = feature_sizes(len(tokens), outline)
    for id in ids:
        features = place.push(id % len(tokens))
        assert len(features) == len(bounds)
        assert all(0 <= value < bound for value, bound in zip(features, bounds, strict=True))


@given(st.lists(st.sampled_from(TOKENS), max_size=60), st.lists(st.sampled_from(TOKENS)))
def test_a_copy_is_independent(before, after):
    place, twin = PositionTracker(TOKENS), PositionTracker(TOKENS)
    for token in before:
        place.push(IDS[token])
        twin.push(IDS[token])
    copy = place.copy()
    for token in reversed(after):
        place.push(IDS[token])
    for token in after:
        assert copy.push(IDS[token]) == twin.push(IDS[token])
        assert copy.copies() == twin.copies()
