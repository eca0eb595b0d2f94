import re
from dataclasses import replace
from itertools import zip_longest

import pytest

from seqgen.music.abc.parser import parse_tune
from seqgen.music.core.tune import Attachments, Tune
from seqgen.music.render.terminal import LEVELS, draw_tune, form


def drawn_lines(tune: Tune, width: int = 80) -> list[str]:
    return ["".join(piece.text for piece in line).rstrip() for line in draw_tune(tune, width)]


def test_a_tune_is_shown_in_columns(tunes: list[Tune]) -> None:
    assert drawn_lines(tunes[0])[::2] == [
        "A |: E |  A2A ABc | BAG EFG    | ABA e2d   |  cBA GE^G |",
        "       |  A2A ABc | (3BAGA EFG | AB^c d-dB |1 A3 A2    :|2 A3 A2d ||",
        "B      |: e2a aga | ^gab a2g   | e2d cBA   |  BGE G2B  |",
        "       |  e2a aga | bag =f2g   | edB dBG   |  A3- A3   :|",
    ]


def test_the_shape_is_below_the_notes() -> None:
    notes, shape = drawn_lines(parse_tune("M:4/4\nL:1/4\nK:C\nC^F(3c/d/e/z|]"))
    assert notes == "A | C2^F2 (3cdez2 |]"
    heights = {notes[i]: shape[i] for i in range(min(len(notes), len(shape))) if shape[i] != " "}
    assert heights == {
        "C": LEVELS[0],
        "^": LEVELS[3],
        "c": LEVELS[5],
        "d": LEVELS[6],
        "e": LEVELS[7],
    }


@pytest.mark.slow
def test_the_drawing_parses_as_the_same_tune(oneills: list[Tune]) -> None:
    """Read again as ABC, it has the same notes."""
    for tune in oneills:
        lines = [line[2:] for line in drawn_lines(tune, 1000)[::2]]
        header = f"M:{tune.meter}\nL:1/8\nK:{tune.key}\n"
        again = parse_tune("%abc-2.1\n" + header + "\n".join(lines))
        wanted = [[(n.pitches, n.length) for n in bar.notes] for bar in tune.bars]
        assert [[(n.pitches, n.length) for n in bar.notes] for bar in again.bars] == wanted


@pytest.mark.parametrize("width", [40, 60, 80])
def test_lines_fit_the_width(oneills: list[Tune], width: int) -> None:
    for tune in oneills:
        for line in drawn_lines(tune, width):
            assert len(line) <= width or len(re.findall(r"\|", line)) <= 2


def test_the_form_is_the_one_played() -> None:
    assert form(parse_tune("M:2/4\nL:1/8\nK:C\n|:A4|B4:||:c4|1 d4:|2 e4||f4|]")) == "AABBC"


def at_notes(tune: Tune, *attached: Attachments) -> Tune:
    """The tune of one bar with something at each of its first notes."""
    (bar,) = tune.bars
    notes = [
        note._replace(attached=each)
        for note, each in zip_longest(bar.notes, attached, fillvalue=Attachments())
    ]
    return replace(tune, bars=(replace(bar, notes=tuple(notes)),))


def test_chord_symbols_precede_notes_and_words_are_below() -> None:
    tune = at_notes(
        parse_tune("M:4/4\nL:1/8\nK:C\nC2D2 E2F2|]"),
        Attachments("Am7", lyrics=("Down", "Up")),
        Attachments(lyrics=("in",)),
        Attachments(lyrics=(None, "there-")),
        Attachments("G"),
    )
    notes, _, first, second = drawn_lines(tune)
    assert notes == 'A | "Am7"C2   D2  E2     "G"F2 |]'
    assert first == "         Down in"
    assert second == "         Up       there-"
    assert drawn_lines(replace(tune, bars=tune.bars * 2), 24)[0].startswith('A | "Am7"C2')


def test_of_several_voices_the_first_is_shown(trio: Tune) -> None:
    assert drawn_lines(trio)[0] == "A |: g2a2 :|"
    assert drawn_lines(trio) == drawn_lines(replace(trio, voices=()))


def test_the_form_follows_repeat_counts_and_the_order_of_parts() -> None:
    tune = parse_tune("M:2/4\nL:1/4\nK:C\n|:c2:||:d2:|]")
    assert form(tune) == "AABB"
    bars = replace(tune.bars[0], times=3), tune.bars[1]
    assert form(replace(tune, bars=bars)) == "AAABB"
    assert form(replace(tune, part_order=("A", "A", "B", "A"))) == "AABA"
