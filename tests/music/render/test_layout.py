from fractions import Fraction

from seqgen.music.abc.parser import parse_tune
from seqgen.music.core.tune import Tune
from seqgen.music.render.layout import lines, sections, settings


def test_pickups_end_where_their_bar_would() -> None:
    tune = parse_tune("M:6/8\nL:1/8\nK:G\n|:d|gfe dcB|A3 G2:|\n|:Bc|d3 d3|g3 g:|")
    assert [setting.start for setting in settings(tune)] == [
        Fraction(5, 8), 0, 0, Fraction(4, 8), 0, 0,
    ]  # fmt: skip


def test_meter_and_key_apply_from_their_change() -> None:
    tune = parse_tune("M:6/8\nL:1/8\nK:G\nG6|[M:9/8]G9|[K:Am]A9|]")
    bar_settings = settings(tune)
    assert [str(setting.meter) for setting in bar_settings] == ["6/8", "9/8", "9/8"]
    assert [str(setting.key) for setting in bar_settings] == ["Gmaj", "Gmaj", "Amin"]


def test_sections_are_what_is_repeated_or_ends_with_a_double_bar() -> None:
    tune = parse_tune("M:2/4\nL:1/8\nK:G\nG|:G4|A4|1 B4:|2 c4||d4|e4|]\n|:f4|g4:|")
    assert list(sections(tune)) == [(0, 5), (5, 7), (7, 9)]


def test_lines_are_the_sources_or_four_bars() -> None:
    assert lines(parse_tune("M:2/4\nL:1/8\nK:G\nG4|A4|B4|\nc4|d4|]")) == [(0, 3), (3, 5)]
    tune = parse_tune("M:2/4\nL:1/8\nK:G\n|:G|" + "A4|" * 7 + "G3:|" + "B|" + "c4|" * 8)
    assert lines(tune) == [(0, 5), (5, 9), (9, 14), (14, 18)]


def test_endings_stay_together() -> None:
    tune = parse_tune("M:2/4\nL:1/8\nK:G\n|:" + "A4|" * 7 + "|1 G4:|2 G2 z2|]")
    assert lines(tune) == [(0, 4), (4, 9)]


def test_every_bar_is_in_one_line_and_one_section(oneills: list[Tune], tunes: list[Tune]) -> None:
    for tune in (*oneills, *tunes):
        for cut in (lines(tune), list(sections(tune))):
            assert [bar for start, stop in cut for bar in range(start, stop)] == list(
                range(len(tune.bars))
            )


def test_a_line_of_too_many_notes_is_halved() -> None:
    tune = parse_tune("M:4/4\nL:1/16\nK:G\n" + "GABcdefgGABcdefg|" * 4)
    assert lines(tune) == [(0, 2), (2, 4)]
