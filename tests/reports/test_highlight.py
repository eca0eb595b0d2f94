import re

import pytest

from seqgen.reports.highlight import (
    COLOR_LEVELS,
    color_by_activation,
    color_by_surprisal,
    one_line,
    underline,
)


def test_underlined_text_is_escaped() -> None:
    assert underline("a<b & c", [(0, 1), (2, 5)]) == "<u>a</u>&lt;<u>b &amp;</u> c"
    assert underline("<script>\x1b", []) == "&lt;script&gt;␛"


def test_surprisal_chooses_the_class() -> None:
    html = color_by_surprisal("a<b\n", [0.0, 4.0, 4.1, 100.0])
    assert html == 'a<i class="s5">&lt;b</i><i class="s10">⏎\n</i>'
    assert color_by_surprisal("a\n⏎", [0, 0, 0]) == "a\n⏎"
    levels = [int(level) for level in re.findall(r'class="s(\d+)"', html)]
    assert max(levels) == COLOR_LEVELS


def test_every_character_needs_its_surprisal() -> None:
    with pytest.raises(ValueError, match="zip"):
        color_by_surprisal("abc", [1.0])


def test_activation_chooses_side_and_level() -> None:
    html = color_by_activation(["a<", "\n", "", "\t\x1b"], [100, -100, 55, 4])
    assert html == ('<i class="p10">a&lt;</i><i class="n10">⏎</i>\n<i class="p6"></i><i>⇥␛</i>')


def test_a_line_is_one_line() -> None:
    assert one_line("a\n<b>\t\x1b") == "a⏎<b> ␛"
