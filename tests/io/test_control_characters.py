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


def test_control_characters_are_escaped() -> None:
    assert show_controls("a\x1b]0;title\x07b\x9b2Jc\x7f\td\n") == "a␛]0;title␇b\ufffd2Jc␡\td\n"
    assert show_controls("é ñ 字 \n\t") == "é ñ 字 \n\t"
    escaped = show_controls("".join(map(chr, range(256)))).replace("\n", "").replace("\t", "")
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in escaped)
