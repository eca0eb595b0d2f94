import pytest

from seqgen.evaluation.text.repetition import find_loop, repeated_share, words


def test_repeated_share_counts_earlier_runs():
    # 9 runs of 4 words, of which 4 are different.
    assert (
        repeated_share([*"abcd" * 3], 4)
        == repeated_share("abcd" * 3, 4)
        == pytest.approx(1 - 4 / 9)
    )
    assert repeated_share("abcdefgh", 4) == 0
    assert repeated_share("abc", 4) is None


def test_words_may_contain_apostrophes():
    assert words("Don't say ’tis o'er -- déjà-vu, 42!") == [
        "Don't", "say", "tis", "o'er", "déjà", "vu", "42",
    ]  # fmt: skip


@pytest.mark.parametrize("cycle", ["the sea and ", "x", "a line\nand another line\n"])
def test_finds_the_cycle_at_the_end_of_a_text(cycle):
    loop = find_loop("It began well, " + cycle * 70 + cycle[: len(cycle) // 2])
    assert len(loop) == len(cycle)
    assert loop in cycle * 2


def test_short_ended_or_double_cycles_are_not_loops():
    assert find_loop("and so, and so, and so, ") is None
    assert find_loop("the sea and " * 20 + "then it ended.") is None
    assert find_loop("a sentence that is as long as it has to be for a loop, twice. " * 2) is None
    assert find_loop("") is None
