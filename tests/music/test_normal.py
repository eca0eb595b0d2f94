"""The normal form: exact in the order of playing, and the same tune all the way round."""

import pytest

from seqgen.errors import TuneError
from seqgen.music import normal
from seqgen.music.reader import read


def form(music, meter="4/4", key="C"):
    tune = normal.normalise(read(f"X:1\nM:{meter}\nL:1/8\nK:{key}\n{music}\n"))
    return normal.text(tune).split("\n")[-1]


def reason(music, meter="4/4", key="C"):
    with pytest.raises(TuneError) as caught:
        form(music, meter, key)
    return caught.value.reason


@pytest.mark.parametrize(
    ("music", "body"),
    [
        ("C8|D8", "C8|D8|]"),
        ("C8|D8|", "C8|D8|]"),
        ("C8:|D8:|", "|:C8:||:D8:|"),
        ("C8::D8:|", "|:C8:||:D8:|"),
        ("|:C8|:D8:|", "repeat without an end"),
        ("C8||D8||", "C8||D8|]"),
        ("G2|C8|D6:|", "|:G2|C8|D6:|"),
        ("G2|C8|D6:|G2|C8|D6|]", "|:G2|C8|D6:|G2|C8|D6|]"),
        ("G|:C8|D8:|", "G|:C8|D8:|"),
        ("|:G2|C8|1 D4D2:|2 D8||", "|:G2|C8|1D4D2:|2D8|]"),
        ("|:C8|1D8|2E8|]", "|:C8|1D8:|2E8|]"),
        ("|:C8|D4[1D4:|[2E4|]", "|:C8|1D4D4:|2D4E4|]"),
        ("C8D8|C4|D4|E8|]", "C8|D8|C4D4|E8|]"),
        ("G2|C8|D8:|", "last bar and pickup that do not add up"),
        ("C8|D6|E8|]", "bar that does not add up"),
        ("C8:|G2|D6:|", "pickup that does not fit"),
    ],
)
def test_sections_are_exact_and_have_their_signs(music, body):
    if " " in body:
        assert reason(music) == body
    else:
        assert form(music) == body
