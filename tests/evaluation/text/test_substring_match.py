import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seqgen.evaluation.text import substring_match
from seqgen.evaluation.text.substring_match import longest_matches

few_letters = st.text("ab\n", max_size=40)
any_text = st.text(st.characters(), max_size=12)


def slow(text, source):
    """The longest run from each place on that the source holds, by asking for ever longer ones."""
    lengths = []
    for place in range(len(text)):
        length = 0
        while place + length < len(text) and text[place : place + length + 1] in source:
            length += 1
        lengths.append(length)
    return lengths


def check(text, source):
    found = longest_matches(text, source)
    assert found.lengths.tolist() == slow(text, source)
    for place, (length, there) in enumerate(
        zip(found.lengths.tolist(), found.starts.tolist(), strict=True)
    ):
        assert (there == -1) == (length == 0)
        assert source[there : there + length] == text[place : place + length] or not length


@settings(deadline=None)
@given(few_letters, few_letters)
@example("aaaa", "aaaaaaaaaaaaaaaaa")
@example("abab", "")
@example("", "abab")
@example("ab", "ab")
def test_matches_are_those_found_by_asking_for_ever_longer_ones(text, source):
    check(text, source)


@settings(deadline=None)
@given(any_text, any_text)
@example("\x00\x01\ud800😀", "\ud800😀\x00\x01")
def test_any_characters(text, source):
    check(text, source + text[2:7])


@settings(deadline=None)
@given(few_letters, st.text("ab\n", max_size=200))
def test_a_source_read_in_parts_is_the_same(text, source):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(substring_match, "CHUNK", 16)
        check(text, source)


def test_a_copy_is_found_in_much_text():
    random = np.random.default_rng(0)
    source = "".join(random.choice([*"abcdefgh "], 200_000))
    copied = source[123_456:123_556]
    found = longest_matches("xyz" + copied + "xyz", source)
    assert found.lengths[:3].tolist() == [0, 0, 0]
    assert found.lengths[3:103].tolist()[:80] == list(range(100, 20, -1))
    assert found.starts[3] == 123_456
