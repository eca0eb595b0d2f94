"""What a tune's jumps make is written out with plain repeats and two endings at most."""

from dataclasses import replace

import pytest

from seqgen.errors import TuneError
from seqgen.music.abc.parser import parse_tune
from seqgen.music.normal import codec, normalize
from seqgen.music.normal.unroll import is_plain, unroll
from seqgen.music.render.performance import perform
from tests.music.normal import texts


def tune(music):
    return parse_tune(f"X:1\nM:4/4\nL:1/8\nK:C\n{music}\n")


def form(music):
    return texts.music(codec.encode_tune(normalize.normalize(tune(music))))


def heard(notes):
    return [(sound.pitch, sound.duration) for sound in perform(notes).sounds]


WRITTEN = [
    ("|:A8|1,3 B8:|2,4 D8|]", "|:A8|1B8:|2D8|||:A8|1B8:|2D8|]"),
    ("|:C8|1D8:|2E8:|3F8|]", "|:C8|1D8:|2E8||C8|F8|]"),
    ("|:C8|1D8:|2E8|F8|]", "C8|D8||C8|E8|F8|]"),
    ("|:C8|1D8:|E8|]", "C8|D8||C8||E8|]"),
    ("|:G2|A8|1-2 B6:|3 C6|]", "|:G2|A8|B6:|G2|A8|C6|]"),
]


@pytest.mark.parametrize(("music", "body"), WRITTEN)
def test_endings_are_written_out(music, body):
    assert form(music) == body


@pytest.mark.parametrize(("music", "body"), WRITTEN)
def test_what_is_written_out_sounds_the_same(music, body):
    whole = tune(music)
    assert heard(unroll(whole)) == heard(whole) == heard(tune(body))


def marked(music, part_order="", **changes):
    """A tune with fields of its bars changed: ``part={0: "A"}``."""
    whole = tune(music)
    bars = list(whole.bars)
    for name, values in changes.items():
        for number, value in values.items():
            bars[number] = replace(bars[number], **{name: value})
    return replace(whole, bars=tuple(bars), part_order=tuple(part_order))


JUMPING = [
    (marked("|:A8|B8:|", times={1: 3}), "|:A8|B8:|A8|B8|]"),
    (marked("|:A8|B8:|", times={1: 4}), "|:A8|B8:||:A8|B8:|"),
    (marked("A8|B8|C8|D8|", "AABA", part={0: "A", 2: "B"}), "|:A8|B8:|C8|D8||A8|B8|]"),
    (marked("A8|B8|C8|D8|", "ABAB", part={0: "A", 2: "B"}), "|:A8|B8|C8|D8:|"),
    (marked("|:A8:|B8|]", marks={0: ("fine",), 1: ("D.C.alfine",)}), "|:A8:|B8||A8|]"),
    (marked("A8|B8|C8|]", marks={1: ("segno",), 2: ("D.S.",)}), "A8|B8|C8||B8|C8|]"),
]


@pytest.mark.parametrize(("whole", "body"), JUMPING)
def test_repeats_parts_and_jumps_are_written_out(whole, body):
    assert not is_plain(whole)
    assert texts.music(codec.encode_tune(normalize.normalize(whole))) == body
    assert heard(unroll(whole)) == heard(whole)


def test_signs_that_no_jump_leads_to_do_nothing():
    assert is_plain(marked("A8|B8|", marks={0: ("segno", "fine"), 1: ("dacoda",)}))


@pytest.mark.parametrize(
    ("music", "body"),
    [
        ("P:AABA\nP:A\nC8|\nP:B\nG8|]", None),
        ("|:A8|1,2 B8:|3 C8:|4 D8|]", "|:A8|B8:||:A8|1C8:|2D8|]"),
        ("|::A8|B8::|", "|:A8|B8:|A8|B8|]"),
        ("|:A8:|B8!D.C.!|]", "|:A8:|B8||A8||B8|]"),
    ],
)
def test_real_notation_is_written_out(music, body):
    if body:
        assert form(music) == body
    else:
        head, _, rest = music.partition("\n")
        parsed = parse_tune(f"X:1\nM:4/4\nL:1/8\n{head}\nK:C\n{rest}\n")
        assert texts.music(codec.encode_tune(normalize.normalize(parsed))) == "|:C8:|G8||C8|]"


def test_a_plain_tune_comes_out_as_it_is():
    plain = normalize.normalize(tune("|:G2|C8|1D6:|2E8||C8|F8|]"))
    assert is_plain(plain)
    assert unroll(plain).bars == plain.bars


def test_double_bars_within_a_repeat_are_no_sections():
    assert unroll(tune("|:C8||D8:|E8|]")).bars == normalize.normalize(tune("|:C8|D8:|E8|]")).bars


def test_written_out_bars_keep_their_keys():
    whole = tune("|:C8|1\nK:G\nF8:|2 G8:|3 F8|]")
    keys = unroll(whole)
    assert [str(bar.key) for bar in keys.bars] == ["Cmaj", "Gmaj", "Gmaj", "Cmaj", "Gmaj"]
    assert heard(keys) == heard(whole)


def test_nonsense_is_not_written_out():
    first, *rest = tune("|:C8|1D8:|2E8|]").bars
    many = ",".join(map(str, range(1, 99)))
    endless = replace(tune("C8|"), bars=(first, *(replace(b, ending=many) for b in rest)) * 20)
    with pytest.raises(TuneError, match="too long"):
        unroll(endless)
