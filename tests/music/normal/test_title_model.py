"""Proposed titles are made of the words of a book, are new, and name no other type of tune."""

import numpy as np
import pytest

from seqgen.music.abc.tune_type import rhythm_in
from seqgen.music.core.meter import NO_METER
from seqgen.music.normal.title_model import (
    MAX_CHARACTERS,
    MAX_PATTERNS,
    MAX_WORDS,
    TitleModel,
    is_pattern,
    title_pattern,
    title_patterns,
)

PLACES = ("Glen", "Town", "Strand", "Bridge", "Meadow", "Mountain")
PEOPLE = ("Boys", "Lasses", "Maids", "Piper", "Widow", "Miller")
BOOK = [
    *(f"The {who} of the {where}" for who, where in zip(PEOPLE, PLACES, strict=True)),
    *(f"{who} on the {where}" for who, where in zip(PEOPLE, PLACES[::-1], strict=True)),
    *(f"The {who}'s Reel" for who in PEOPLE),
    *(f"Banks of the {where} Reel" for where in ("Suir", "Nore", "Lee", "Bann")),
    "The Walls of March",
    "Brian's March",
    "Planxty Burke",
]


@pytest.mark.parametrize(
    ("title", "pattern"),
    [
        ("The Dark Woman of the Glen", "The Dark Woman of the Glen"),
        ("Fisher's Hornpipe", "Fisher's *"),
        ("The Time of Day Slip Jig", "The Time of Day *"),
        ("ACROBAT'S -- HORNPIPE", "Acrobat's *"),
        ("BANNOCKS' O' BARLEY MEAL- JIG.", "Bannocks' o' Barley Meal *"),
        ("COL. McBAIN'S -- REEL.", "Col. McBain's *"),
        ("CORNEY O'DREW'S HORNPIPE", "Corney O'Drew's *"),
        ("Kesh Jig, The", "The Kesh *"),
        ("Hills of Ireland. The", "The Hills of Ireland"),
        ("The Rakish Paddy (reel)", "The Rakish Paddy"),
        ("Fisher's Hornpipe (2nd Setting)", "Fisher's *"),
        ("The Weavers March or 21st. of August.", "The Weavers *"),
        ("the widow's lament", "The Widow's *"),
        ("Mr. Davidson's Strathsy.", "Mr. Davidson's *"),
        ("The First of March", "The First of March"),
        ("Reel of Tulloch", "Reel of Tulloch"),
        ("The Buffoon Dance with Variations.", "The Buffoon Dance"),
        ("Old Zip Coon -- Reel", None),
        ("A Jig.", "A *"),
        ("Reel", "Reel"),
        ("Quick Step. 25th Regt.", None),
        ("March 3d. Regt.", None),
        ("Quick Step. La Prominade", None),
        ("Tune #3", None),
        ("Do.", None),
        ("a b c d e f g", None),
        ("x" * (MAX_CHARACTERS + 1), None),
        ("\x1b[31mRed", None),
        ("", None),
    ],
)
def test_the_pattern_of_a_title(title: str, pattern: str | None) -> None:
    assert title_pattern(title) == pattern
    assert pattern is None or is_pattern(pattern)


@pytest.mark.parametrize(
    "text",
    ["", " ", "Two  Blanks", "One\nTwo", "Esc\x1b", "K:C", "a b c d e f g", "x" * 61, "‮right",
     "%%text", "100", "<b>", "\\u0000"],
)  # fmt: skip
def test_only_words_are_patterns(text: str) -> None:
    assert not is_pattern(text)


def test_patterns_are_different_and_limited() -> None:
    assert title_patterns(["A Reel", "The Glen", "A Reel", "", "THE GLEN"]) == ("A *", "The Glen")
    letters = "abcdefghijklmnopqrstuvwxyz"
    many = [f"{a}{b}{c}x" for a in letters for b in letters for c in letters]
    assert len(title_patterns(many)) == MAX_PATTERNS < len(many)


@pytest.fixture(scope="module")
def model() -> TitleModel:
    return TitleModel(title_patterns(BOOK))


@pytest.mark.parametrize("rhythm", ["", "reel", "slip jig", "march", "planxty", "halling"])
def test_proposals_are_new_and_name_no_other_rhythm(model: TitleModel, rhythm: str) -> None:
    titles = [model.propose(rhythm, np.random.default_rng(seed)) for seed in range(200)]
    known = {pattern.lower() for pattern in title_patterns(BOOK)}
    words = {word.lower() for title in BOOK for word in title.split()}
    assert len(set(titles)) > 10
    for title in titles:
        assert title
        assert title.lower() not in known
        assert rhythm_in([title], NO_METER) in ("", rhythm)
        assert 2 <= len(title.split()) <= MAX_WORDS + 1  # "Slip Jig" has two words
        assert {word.lower() for word in title.split()} <= words | set(rhythm.split())
        assert title.split()[-1].lower() not in ("of", "on", "the")
        assert not title.endswith("'s")


def test_a_type_stands_at_the_end_of_a_title(model: TitleModel) -> None:
    titles = [model.propose("slip jig", np.random.default_rng(seed)) for seed in range(200)]
    assert any(title and title.endswith(" Slip Jig") for title in titles)


def test_proposals_depend_on_the_randomness_only(model: TitleModel) -> None:
    first = [model.propose("reel", np.random.default_rng(seed)) for seed in range(20)]
    again = TitleModel(title_patterns(BOOK))
    assert [again.propose("reel", np.random.default_rng(seed)) for seed in range(20)] == first
    assert len(set(first)) > 5


@pytest.mark.parametrize("titles", [[], ["The Glen"], ["The Glen", "The Strand"], ["Reel"]])
def test_a_book_of_few_titles_has_no_proposal(titles: list[str]) -> None:
    assert TitleModel(title_patterns(titles)).propose("reel", np.random.default_rng(1)) is None
