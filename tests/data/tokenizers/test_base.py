import itertools

from hypothesis import given
from hypothesis import strategies as st

from seqgen.data.tokenizers.base import alphabet, blocks, sample, visible


@given(text=st.text(alphabet="ab\n"), size=st.integers(1, 8))
def test_blocks_are_the_text_in_bounded_parts_that_end_with_lines(text, size):
    parts = list(blocks(text, size))
    assert "".join(parts) == text
    assert all(1 <= len(part) <= size for part in parts)
    for part in parts[:-1]:
        assert part.endswith("\n") or "\n" not in part


def test_a_blank_or_a_control_character_is_made_visible():
    assert visible(" the") == "␣the"
    assert visible("\n\t\x07é") == "⏎⇥U+0007é"


@given(texts=st.lists(st.text()))
def test_the_alphabet_is_every_character_once_in_order(texts):
    assert alphabet(texts) == sorted(set("".join(texts)))


def test_a_sample_is_everything_or_blocks_evenly_spread():
    texts = ["".join(f"{number:07}\n" for number in range(80_000)), "the end"]
    assert "".join(sample(texts)) == "".join(texts)
    some = list(sample(texts, most=200_000))
    assert sum(map(len, some)) < 200_000
    firsts = [int(block[:7]) for block in some]
    assert firsts[0] == 0
    gaps = {after - before for before, after in itertools.pairwise(firsts)}
    assert len(gaps) == 1
    assert list(sample([])) == list(sample([""])) == []
