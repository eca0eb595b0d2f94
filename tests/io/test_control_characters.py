from hypothesis import given
from hypothesis import strategies as st

from seqgen.io.control_characters import show_controls


@given(st.text(st.characters()))
def test_each_control_has_a_sign_in_its_place(text: str) -> None:
    shown = show_controls(text)
    assert len(shown) == len(text)
    assert all(c.isprintable() or c in "\n\t" for c in shown if c <= "~")
    for hidden in "\0\x1b\x7f\u202e\u2066\u2028\ud800\ufeff":
        assert hidden not in shown
    shown.encode("utf-8")


def test_harmless_text_stays() -> None:
    assert show_controls("naïve\t東京\n👩\u200d👧 \u00a0") == "naïve\t東京\n👩\u200d👧 \u00a0"


def test_line_breaks_and_tabs_have_signs_where_they_are_not_kept() -> None:
    assert show_controls("a\n\tb\r", keep="") == "a⏎⇥b␍"
    assert show_controls("a\n\tb", keep="\t") == "a⏎\tb"
