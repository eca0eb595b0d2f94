import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.evaluation.text.highlight import coloured, level_styles, line, underlined, visible


@given(st.text(st.characters()))
def test_whatever_cannot_be_seen_has_a_sign_in_its_place(text):
    shown = visible(text)
    assert len(shown) == len(text)
    assert all(c.isprintable() or c in "\n\t\u200c\u200d" or c.isspace() for c in shown if c <= "~")
    for hidden in "\0\x1b\x7f\u202e\u2066\u2028\ud800\ufeff":
        assert hidden not in shown
    shown.encode("utf-8")


def test_what_harms_nobody_stays():
    assert visible("naïve\t東京\n👩\u200d👧 \u00a0") == "naïve\t東京\n👩\u200d👧 \u00a0"


def test_copied_stretches_are_underlined_and_text_is_escaped():
    assert underlined("a<b & c", [(0, 1), (2, 5)]) == "<u>a</u>&lt;<u>b &amp;</u> c"
    assert underlined("<script>", []) == "&lt;script&gt;"


def test_surprise_is_colour():
    html = coloured("a<b\n", [0.0, 4.0, 4.1, 100.0])
    assert html == 'a<i class="s5">&lt;b</i><i class="s10">⏎\n</i>'
    assert coloured("a\n⏎", [0, 0, 0]) == "a\n⏎"
    for name in re.findall(r'class="(\w+)"', html):
        assert f".{name} {{" in level_styles()


def test_every_character_needs_its_bits():
    with pytest.raises(ValueError, match="zip"):
        coloured("abc", [1.0])


def test_a_line_is_one_line():
    assert line("a\n<b>\t") == "a⏎&lt;b&gt; "
