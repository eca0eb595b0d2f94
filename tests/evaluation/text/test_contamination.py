import random

import pytest

from seqgen.evaluation.text.contamination import find_overlap

WORDS = "sea river sky rain again why one asks down comes runs over stone bird tree"


def prose(count: int, seed: int) -> str:
    rng = random.Random(seed)
    return " ".join(rng.choice(WORDS.split()) for _ in range(count))


TRAINING = prose(8000, 1)


def test_a_planted_copy_is_located() -> None:
    generated, copied = prose(4000, 2), TRAINING[20_000:20_300]
    middle = len(generated) // 2
    overlap = find_overlap(generated[:middle] + copied + generated[middle:], TRAINING)
    assert overlap is not None
    assert 300 <= overlap.length < 340
    assert copied in overlap.shared
    assert TRAINING[overlap.source : overlap.source + overlap.length] == overlap.shared
    assert overlap.share == pytest.approx(251 / len(generated), rel=0.2)
    assert f"{overlap.length} characters" in overlap.warning


def test_many_short_copies_give_a_warning() -> None:
    pieces = [TRAINING[begin : begin + 60] for begin in range(0, 40_000, 1000)]
    overlap = find_overlap(
        "".join(prose(200, 100 + n) + piece for n, piece in enumerate(pieces)), TRAINING
    )
    assert overlap is not None
    assert overlap.length < 200
    assert overlap.share > 0.01
    assert overlap.warning


def test_similar_texts_share_little() -> None:
    overlap = find_overlap(prose(4000, 3), TRAINING)
    assert overlap is not None
    assert 0 < overlap.length < 50
    assert overlap.share == 0
    assert overlap.warning == ""


def test_the_line_number_is_of_the_training_data() -> None:
    shared = "and what the thunder said on Tuesday nobody remembers any more"
    overlap = find_overlap("Q" * 30 + shared + "Q" * 30, f"one\ntwo\n{shared}\nfour")
    assert overlap is not None
    assert (overlap.shared, overlap.line, overlap.start, overlap.source) == (shared, 3, 30, 8)
    assert overlap.share == pytest.approx((len(shared) - 49) / (len(shared) + 60 - 49))


def test_texts_without_a_common_character_share_nothing() -> None:
    overlap = find_overlap("a" * 60, "b" * 60)
    assert overlap is not None
    assert (overlap.share, overlap.length, overlap.shared, overlap.warning) == (0, 0, "", "")


def test_short_texts_have_no_overlap() -> None:
    assert find_overlap("To be, or not to be", "To be, or not to be") is None
