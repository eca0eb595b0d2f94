from hypothesis import given
from hypothesis import strategies as st

from seqgen.tokenizers.base import blocks, visible


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
