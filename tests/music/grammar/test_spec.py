import pytest

from seqgen.errors import ConfigError
from seqgen.music.abc.parser import parse_tune
from seqgen.music.core.key import Key
from seqgen.music.core.meter import Meter
from seqgen.music.core.tune import NormalTune
from seqgen.music.grammar.spec import Opening, Section, TuneSpec
from seqgen.music.normal.outline import Final, Part
from seqgen.music.normal.prompt import prompt_tune
from seqgen.music.normal.tokens import NATURALS


@pytest.mark.parametrize(
    ("form", "sections"),
    [
        ("A", "A"),
        ("AABB", "A* B*"),
        ("ABBC", "A B* C"),
        ("ABA", "A B A"),
        ("ABAC", "A B A C"),
        ("AABBAACC", "A* B* A* C*"),
        ("ABBA", "A B* A"),
        (None, ""),
    ],
)
def test_a_letter_is_a_section_and_twice_the_letter_a_repeat(form, sections):
    expected = tuple(Section(each[0], each.endswith("*")) for each in sections.split())
    assert TuneSpec(form=form).sections == expected
    letters = [section.letter for section in expected]
    assert TuneSpec(form=form).returns == (len(set(letters)) < len(letters))


@pytest.mark.parametrize("form", ["", "B", "AAA", "BA", "aabb", "AAC", "A B", "A1", "ABAAA"])
def test_other_forms_are_refused(form):
    with pytest.raises(ConfigError, match="`form`"):
        TuneSpec(form=form)


def bars_of(spec):
    """The bars that each section of a form may have, those before it being the fewest."""
    bars: list[int] = []
    ranges = []
    for number in range(len(spec.sections)):
        ranges.append(spec.bars_of(number, tuple(bars)))
        bars.append(ranges[-1][0])
    return [(each[0], each[-1]) for each in ranges]


def test_bars_are_divided_among_the_sections():
    assert bars_of(TuneSpec(bars=(16, 16), form="AABB")) == [(8, 8)] * 2
    assert bars_of(TuneSpec(bars=(16, 30), form="AABB")) == [(8, 15), (8, 8)]
    assert bars_of(TuneSpec(bars=(16, 16), form="AABBAACC")) == [(4, 4)] * 4
    # 15 to 17 bars can only be 16.
    assert bars_of(TuneSpec(bars=(15, 17), form="AABB")) == [(8, 8)] * 2
    with pytest.raises(ConfigError, match=r"`bars`: 16 .* 3 sections of AABBC.* a multiple of 3"):
        TuneSpec(bars=(16, 16), form="AABBC")
    with pytest.raises(ConfigError, match="16 to 17 cannot be divided"):
        TuneSpec(bars=(16, 17), form="AABBC")


def test_each_part_may_have_its_own_bars():
    assert bars_of(TuneSpec(form="AABBC", part_bars=(8,))) == [(8, 8)] * 3
    assert bars_of(TuneSpec(form="AABBC", part_bars=(8, 16, 4))) == [(8, 8), (16, 16), (4, 4)]
    assert bars_of(TuneSpec(form="ABAC", part_bars=(4, 8, 6))) == [(4, 4), (8, 8), (4, 4), (6, 6)]
    assert TuneSpec(form="ABAC", part_bars=(4, 8, 6), bars=(22, 22)).bars == (22, 22)
    assert TuneSpec(form="AB", part_bars=(4, 8), bars=(8, 16)).part_bars == (4, 8)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"part_bars": (8,)}, "needs a form"),
        ({"part_bars": (8, 8), "form": "AABBCC"}, "has the 3 parts A, B, C"),
        ({"part_bars": (8, 8), "form": "AABB", "bars": (17, 20)}, "have 16 bars .* not 17 to 20"),
        ({"part_bars": (0,), "form": "AABB"}, "1 to 1000"),
        ({"bars": (8, 4)}, "8 is more than 4"),
    ],
)
def test_part_bars_that_contradict_the_rest_are_refused(spec, message):
    with pytest.raises(ConfigError, match=message):
        TuneSpec(**spec)


def test_a_returning_section_has_the_bars_of_the_first():
    spec = TuneSpec(form="ABAC")
    assert spec.bars_of(0, ()) == range(1, 1001)
    assert spec.bars_of(2, (5, 7)) == range(5, 6)
    assert spec.bars_of(3, (5, 7, 5)) == range(1, 1001)


@pytest.mark.parametrize("bars", [0, -3, 100_000])
def test_a_number_of_bars_that_no_tune_has_is_refused(bars):
    with pytest.raises(ConfigError, match="1 to 1000"):
        TuneSpec(bars=(bars, bars))
    with pytest.raises(ConfigError, match="1 to 1000"):
        TuneSpec(bars=(1, bars))


def opening_of(music):
    tune = parse_tune(f"X:1\nM:6/8\nL:1/8\nK:D\n{music}")
    return Opening.of(prompt_tune(tune, None)[0])


@pytest.mark.parametrize(
    ("music", "sections", "finals"),
    [
        ("D6|]", [Part(1, False)], [Final(1, 6)]),
        ("D6|E6||F6||", [Part(2, False), Part(1, False)], [Final(2, 6), Final(3, 6)]),
        ("|:A|B6|c3d z:|", [Part(2, True)], [Final(1, 1)]),
        ("|:A6|1 B6:|2 _c6||", [Part(2, True)], [None]),
        ("|:A6:||:B6:|", [Part(1, True)] * 2, [Final(5, 6), Final(6, 6)]),
    ],
)
def test_an_opening_may_have_whole_sections(music, sections, finals):
    opening = opening_of(music)
    assert (opening.sections, opening.finals) == (tuple(sections), tuple(finals))
    assert (opening.bars, opening.repeated) == (music.endswith("||"), None)
    assert opening.ended == music.endswith("|]")
    # Nothing else changes with a further section that has begun.
    more = opening_of(music.replace("|]", "||") + "g2")
    assert (more.sections, more.finals, more.bars) == (opening.sections, opening.finals, 1)


@pytest.mark.parametrize(
    ("music", "bars", "repeated"),
    [
        ("A", 1, None),  # perhaps a lead-in
        ("A|", 1, False),
        ("A|B6|", 2, False),
        ("A|B6|c", 2, False),
        ("A6|", 2, False),
        ("|:A6", 2, True),
        ("A6|B", 2, False),
        ("A6|B6|c", 3, False),
        ("|:A", 1, True),
        ("|:A|B6|c6|", 3, True),
        ("A|:B6|c6|d", 3, True),
        ("|:A|B6|1 c5:|2 d5", 2, True),
        ("D6||A", 1, False),
        ("|:D6:||:A", 1, True),
        ("|:A6|1 B6|c", 3, True),
    ],
)
def test_an_opening_counts_the_bars_of_the_section_that_has_begun(music, bars, repeated):
    opening = opening_of(music)
    assert (opening.bars, opening.repeated) == (bars, repeated)
    assert opening.complete == (":|2" in music)


def test_an_opening_has_a_range():
    opening = opening_of("A,6|d2z2f2|e")
    assert (opening.lowest, opening.highest) == (NATURALS["A,"], NATURALS["f"])
    assert Opening.of(NormalTune((), Meter(6, 8), Key(0))) == Opening(longest=144)
