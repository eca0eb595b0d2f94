"""Variants of a tune are encoded below the header of the tune itself."""

from dataclasses import replace

import pytest

from seqgen.errors import TuneError
from seqgen.music.abc.parser import parse_tune
from seqgen.music.normal.codec import encode_tune
from seqgen.music.normal.model_tokens import LEAST_RANGE, model_tune
from seqgen.music.normal.normalize import normalize
from seqgen.music.normal.outline import Final
from seqgen.music.normal.tokens import BODY, COPIES, NATURALS, PATTERN
from seqgen.music.normal.written_form import with_bars

ABC = "X:1\nR:reel\nM:4/4\nL:1/8\nK:G\n|:D2|G8|A8|B8|G6:||:D2|G8|A8|d8|B4 A2:|"
VOCABULARY = [
    "", "R:none\n", "R:reel\n", "M:4/4\n", "K:Cmaj\n", "K:Gmaj\n", "O:G\n", "O:?\n",
    *(f"{letter}:{name}\n" for letter in "LH" for name in (*NATURALS, "?")),
    *(f"P:{bars}*\n" for bars in range(1, 9)), "P:?\n", "F:1,6\n", "F:2,2\n", "F:?\n",
    *BODY, *COPIES,
]  # fmt: skip


def tune(text=ABC):
    return normalize(parse_tune(text))


def bars(text):
    return parse_tune(f"M:4/4\nL:1/8\nK:C\n{text}|").bars[0]


@pytest.mark.parametrize("common", [True, False])
def test_a_tune_is_encoded_as_in_training(common):
    known = model_tune(tune(), VOCABULARY, common)
    text = encode_tune(tune()) if common else encode_tune(tune(), None)
    assert known.encode(known.tune) == PATTERN.findall(text)
    assert str(known.tune.key) == ("Cmaj" if common else "Gmaj")


def test_the_header_stays_that_of_the_tune():
    known = model_tune(tune(), VOCABULARY, True)
    low = replace(known.tune.bars[1], notes=bars("C,8").notes)
    before, after = (known.encode(each) for each in (known.tune, with_bars(known.tune, {1: low})))
    begin = before.index("K:Cmaj\n") + 1
    assert before[:begin] == after[:begin]
    assert "C," in after[begin:]
    assert "O:G\n" in after


def test_what_the_header_announces():
    known = model_tune(tune(), VOCABULARY, True)
    notes = [p for bar in known.tune.bars for note in bar.notes for p in note.pitches]
    assert known.lowest == min(p.step for p in notes)
    assert known.highest == max(p.step for p in notes)
    assert known.finals == {4: Final(1, 6), 9: Final(2, 2)}


def test_open_bars_are_not_described():
    text = ABC.replace("B4 A2", "z6").replace("|d8|", "|z8|")
    known = model_tune(tune(text), VOCABULARY, True, {8, 9})
    assert known.finals == {4: Final(1, 6)}
    assert known.highest - known.lowest == LEAST_RANGE
    encoded = known.encode(known.tune)
    assert [token for token in encoded if token[:1] == "F"][:2] == ["F:1,6\n", "F:?\n"]
    names = {step: name for name, step in NATURALS.items()}
    assert f"L:{names[known.lowest]}\n" in encoded
    assert f"H:{names[known.highest]}\n" in encoded


def test_older_vocabularies_have_fewer_lines():
    older = [piece for piece in VOCABULARY if piece[:2] not in ("O:", "L:", "H:", "F:")]
    older = [piece for piece in older if piece not in COPIES] + ["P:4*,4*\n"]
    known = model_tune(tune(), older, True, {8})
    header = [token for token in known.encode(known.tune) if token.endswith("\n")]
    assert header == ["R:reel\n", "M:4/4\n", "P:4*,4*\n", "K:Cmaj\n"]
    assert known.finals == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("X:1\nM:3/4\nL:1/8\nK:G\nG6|A6|]", "no tunes of this meter"),
        (ABC.replace("K:G", "K:Gphr"), "no tunes of this mode"),
    ],
)  # fmt: skip
def test_unknown_meters_and_modes(text, reason):
    with pytest.raises(TuneError, match=reason):
        model_tune(tune(text), VOCABULARY, True)
