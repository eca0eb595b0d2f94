import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seqgen.evaluation.text import substring_match
from seqgen.evaluation.text.substring_match import longest_matches

short_texts = st.text("ab\n", max_size=40)
any_text = st.text(st.characters(), max_size=12)


def slow_lengths(text, source):
    """Length of the longest match from each position, by trying increasing lengths."""
    lengths = []
    for position in range(len(text)):
        length = 0
        while position + length < len(text) and text[position : position + length + 1] in source:
            length += 1
        lengths.append(length)
    return lengths


def check(text, source):
    result = longest_matches(text, source)
    assert result.lengths.tolist() == slow_lengths(text, source)
    for position, (length, start) in enumerate(
        zip(result.lengths.tolist(), result.starts.tolist(), strict=True)
    ):
        assert (start == -1) == (length == 0)
        assert source[start : start + length] == text[position : position + length] or not length


@settings(deadline=None)
@given(short_texts, short_texts)
@example("aaaa", "aaaaaaaaaaaaaaaaa")
@example("abab", "")
@example("", "abab")
@example("ab", "ab")
def test_matches_equal_a_slow_search(text, source):
    check(text, source)


@settings(deadline=None)
@given(any_text, any_text)
@example("\x00\x01\ud800😀", "\ud800😀\x00\x01")
def test_any_characters(text, source):
    check(text, source + text[2:7])


@settings(deadline=None)
@given(short_texts, st.text("ab\n", max_size=200))
def test_sources_longer_than_a_chunk_give_the_same_matches(text, source):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(substring_match, "CHUNK", 16)
        check(text, source)


def test_finds_a_copy_in_a_long_text():
    random = np.random.default_rng(0)
    source = "".join(random.choice([*"abcdefgh "], 200_000))
    copied = source[123_456:123_556]
    result = longest_matches("xyz" + copied + "xyz", source)
    assert result.lengths[:3].tolist() == [0, 0, 0]
    assert result.lengths[3:103].tolist()[:80] == list(range(100, 20, -1))
    assert result.starts[3] == 123_456
