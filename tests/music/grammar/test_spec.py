import pytest

from seqgen.errors import ConfigError
from seqgen.music.grammar.spec import TuneSpec


@pytest.mark.parametrize(
    ("form", "sections"),
    [("A", [False]), ("AABB", [True, True]), ("ABBC", [False, True, False]), (None, [])],
)
def test_a_letter_is_a_section_and_twice_the_letter_a_repeat(form, sections):
    assert list(TuneSpec(form=form).sections) == sections


@pytest.mark.parametrize("form", ["", "B", "AAA", "ABA", "aabb", "AAC", "A B", "A1"])
def test_other_forms_are_refused(form):
    with pytest.raises(ConfigError, match="`form`"):
        TuneSpec(form=form)


def test_bars_are_divided_among_the_sections():
    assert TuneSpec(bars=(16, 16), form="AABB").section_bars == 8
    assert TuneSpec(bars=(16, 16)).section_bars is None
    with pytest.raises(ConfigError, match=r"`bars`: 16 .* 3 sections of AABBC.* a multiple of 3"):
        TuneSpec(bars=(16, 16), form="AABBC")


@pytest.mark.parametrize("bars", [0, -3, 100_000])
def test_a_number_of_bars_that_no_tune_has_is_refused(bars):
    with pytest.raises(ConfigError, match="1 to 1000"):
        TuneSpec(bars=bars)
