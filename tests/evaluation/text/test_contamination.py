import random

import pytest

from seqgen.evaluation.text.contamination import find_overlap

SAYING = "sea river sky rain again why one asks down comes runs over stone bird tree"


def prose(words: int, seed: int) -> str:
    chance = random.Random(seed)
    return " ".join(chance.choice(SAYING.split()) for _ in range(words))


LEARNED = prose(8000, 1)


def test_a_planted_copy_is_seen_and_found() -> None:
    own, copied = prose(4000, 2), LEARNED[20_000:20_300]
    place = len(own) // 2
    found = find_overlap(own[:place] + copied + own[place:], LEARNED)
    assert found is not None
    assert 300 <= found.length < 340
    assert copied in found.shared
    assert LEARNED[found.source : found.source + found.length] == found.shared
    assert found.share == pytest.approx(251 / len(own), rel=0.2)
    assert f"{found.length} characters" in found.warning


def test_many_short_copies_are_seen() -> None:
    pieces = [LEARNED[begin : begin + 60] for begin in range(0, 40_000, 1000)]
    found = find_overlap(
        "".join(prose(200, 100 + n) + piece for n, piece in enumerate(pieces)), LEARNED
    )
    assert found is not None
    assert found.length < 200
    assert found.share > 0.01
    assert found.warning


def test_texts_of_a_kind_share_little() -> None:
    found = find_overlap(prose(4000, 3), LEARNED)
    assert found is not None
    assert 0 < found.length < 50
    assert found.share == 0
    assert found.warning == ""


def test_the_line_is_that_of_the_training_part() -> None:
    shared = "and what the thunder said on Tuesday nobody remembers any more"
    found = find_overlap("Q" * 30 + shared + "Q" * 30, f"one\ntwo\n{shared}\nfour")
    assert found is not None
    assert (found.shared, found.line, found.start, found.source) == (shared, 3, 30, 8)
    assert found.share == pytest.approx((len(shared) - 49) / (len(shared) + 60 - 49))


def test_texts_without_a_character_in_common() -> None:
    found = find_overlap("a" * 60, "b" * 60)
    assert found is not None
    assert (found.share, found.length, found.shared, found.warning) == (0, 0, "", "")


def test_of_a_few_words_nothing_is_told() -> None:
    assert find_overlap("To be, or not to be", "To be, or not to be") is None
