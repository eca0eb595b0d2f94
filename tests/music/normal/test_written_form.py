"""Written bars are found again in the normal form."""

from dataclasses import replace

import pytest

from seqgen.errors import TuneError
from seqgen.music.abc.parser import parse_tune
from seqgen.music.core.tune import Bar
from seqgen.music.normal.written_form import with_bars, written_form

HEAD = "X:1\nM:4/4\nL:1/8\nK:D\n"


@pytest.mark.parametrize(
    ("music", "places"),
    [
        ("A8|B8|c8|]", [(0, 0), (0, 1), (0, 2)]),
        ("A2|B8|c6|]", [(0, 0), (0, 1), (0, 2)]),
        ("|:A8|1 B8:|2 c8|]", [(0, 0), (0, 1), (0, 2)]),
        ("A8|B4|c4|d8|]", [(0, 0), None, None, (0, 2)]),
        ("A8|B8c8|d8|]", [(0, 0), None, (0, 3)]),
        ("A8||[K:G]B8|c8|]", [(0, 0), (1, 0), (1, 1)]),
        ("A8!fine!|B8!D.C.alfine!|]", [(0, 0), (0, 1)]),
    ],
)
def test_places_of_bars(music, places):
    form = written_form(parse_tune(HEAD + music))
    assert list(form.places) == places
    for bar, place in zip(parse_tune(HEAD + music).bars, places, strict=True):
        if place:
            assert form.pieces[place[0]].bars[place[1]].length == bar.length


@pytest.mark.parametrize(
    "music", ["|:A8|1 B8:|2 c8:|3 d8|]", "|::A8|B8::|", "A8|[K:G]B8|d8|]", "(5ABcde f|", "z8|z8|"]
)
def test_tunes_without_such_a_form(music):
    with pytest.raises(TuneError):
        written_form(parse_tune(HEAD + music))


@pytest.mark.parametrize(
    ("music", "lengths"),
    [
        ("A8|B4 c2|d8|]", [8, 6, 8]),
        ("A2|B8|c8:|", [2, 8, 8]),
        ("|:A8|B8|1 c8:|2 c8|d8|]", [8, 8, 8, 8, 8]),
        ("A8|B4||[K:G]c2|d8|]", [8, 4, 2, 8]),
        ("A4|B8|:c8:|d8", [4, 8, 8, 8]),
    ],
)
def test_bars_that_do_not_add_up_stay_as_they_are(music, lengths):
    form = written_form(parse_tune(HEAD + music))
    bars = [form.pieces[piece].bars[bar] for piece, bar in form.places]
    assert [bar.length * 8 for bar in bars] == lengths
    for piece in form.pieces:
        assert piece.bars[-1].right in ("|]", ":|")


def test_ties_to_other_notes_are_dropped():
    tune = written_form(parse_tune(HEAD + "A8|B8|c8|]")).pieces[0]
    notes = {text: parse_tune(f"{HEAD}{text}|").bars[0].notes for text in ("d8", "c8")}
    tied = {text: (note[0]._replace(tied=True),) for text, note in notes.items()}
    assert not with_bars(tune, {1: Bar(tied["d8"])}).bars[1].notes[0].tied
    assert with_bars(tune, {1: Bar(tied["c8"])}).bars[1].notes[0].tied
    assert not with_bars(tune, {2: replace(tune.bars[2], notes=tied["c8"])}).bars[2].notes[0].tied
    both = with_bars(tune, {0: Bar(tied["d8"]), 1: Bar(notes["d8"])})
    assert both.bars[0].notes[0].tied
