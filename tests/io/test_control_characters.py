from hypothesis import given
from hypothesis import strategies as st

from seqgen.io.control_characters import show_controls


@given(st.text(st.characters()))
def test_control_characters_are_replaced_one_for_one(text: str) -> None:
    visible = show_controls(text)
    assert len(visible) == len(text)
    assert all(c.isprintable() or c in "\n\t" for c in visible if c <= "~")
    for hidden in "\0\x1b\x7f\u202e\u2066\u2028\ud800\ufeff":
        assert hidden not in visible
    visible.encode("utf-8")


def test_printable_text_is_unchanged() -> None:
    assert show_controls("naïve\t東京\n👩\u200d👧 \u00a0") == "naïve\t東京\n👩\u200d👧 \u00a0"


def test_keep_lists_the_characters_to_keep() -> None:
    assert show_controls("a\n\tb\r", keep="") == "a⏎⇥b␍"
    assert show_controls("a\n\tb", keep="\t") == "a⏎\tb"
