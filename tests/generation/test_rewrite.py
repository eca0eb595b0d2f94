"""Bars of tunes in ABC are rewritten; everything else stays."""

from fractions import Fraction

import pytest

from seqgen.config.options import RewriteOptions
from seqgen.errors import ConfigError
from seqgen.generation import load
from seqgen.generation.rewrite import write_bars
from seqgen.generation.rewrite_request import parse_rewrite
from seqgen.music.abc.bar_spans import read_spans
from seqgen.music.abc.parser import parse_tune
from seqgen.music.core.key import Key
from seqgen.music.normal.written_form import written_form

HEADS = "R:none\nM:4/4\nK:Cmaj\nA4B4|]R:jig\nM:6/8\nK:Cdor\nABcdef|]M:2/4\nK:Cmin\n"
TUNE = """X:3
T:Words & notes
C:Nobody
M:4/4
L:1/16
K:D
% a comment
|:A4|"D"d4f2d2 A2d2f2d2|c4e2c2 A2c2e2c2|{g}d4f2d2 (A2d2f2a2|~g2f2e2d2) c2A2B2c2|
d4f2d2 A2d2f2d2|c4e2c2 A2c2e2c2|Td4f2d2 A2d2f2a2|g2e2c2e2 d4:|
w:one two
|:d2e2|f4a2f2 b2f2a2f2|e4f2e2 d2B2A2B2|[Af]8 d8|g2f2e2d2 ^c8-|\\
c4f2d2 A2d2f2d2|Z|!trill!d4f2d2 A2d2f2a2|d12 "Fine":|
W:more
"""


@pytest.fixture(scope="module")
def model(make, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "made"
    return load(make(path, kind="tunes", text=HEADS, tokens="abc", documents=9, scale=0.4))


def outside(text, spans, bars):
    """The text without those of some bars."""
    places = sorted((piece for n in bars for piece in spans[n].pieces), reverse=True)
    for begin, end in places:
        text = text[:begin] + text[end:]
    return text


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("bars", ["1", "0", "8", "5-8", "2,11-13", "12", "12,16", "9", "0-16"])
def test_everything_else_stays_byte_for_byte(model, bars, seed):
    before = read_spans(TUNE)
    for version in model.rewrite(TUNE, bars, seed=seed):
        after = read_spans(version.abc)
        changed = [n for n in range(len(after.spans)) if before.tune.bars[n] != after.tune.bars[n]]
        assert {before.numbers[n] for n in changed} <= set(version.bars)
        assert outside(version.abc, after.spans, changed) == outside(TUNE, before.spans, changed)
        assert [bar.length for bar in after.tune.bars] == [bar.length for bar in before.tune.bars]
        written_form(after.tune)


def test_numbers_of_bars(model):
    def rewritten(bars):
        return parse_rewrite(RewriteOptions(tune=TUNE, rewrite=bars), 0).bars

    assert rewritten("0") == (0,)
    assert rewritten("1, 3-4") == (1, 3, 4)
    assert rewritten("5–8") == (5, 6, 7, 8)
    assert rewritten("8") == (8,)  # the pickup of the next section is bar 9 of the source
    assert rewritten("9") == (10,)


def test_share_of_the_bars_is_drawn_by_the_seed():
    def drawn(vary, seed):
        return parse_rewrite(RewriteOptions(tune=TUNE, vary=vary), seed).bars

    assert len(drawn(0.25, 1)) == 4
    assert len(drawn(0.01, 1)) == 1
    assert len(drawn(1.0, 1)) == 16
    assert drawn(0.25, 1) == drawn(0.25, 1)
    assert len({drawn(0.25, seed) for seed in range(9)}) > 1
    assert not {0, 9} & set(drawn(1.0, 1))  # the pickups


@pytest.mark.parametrize(
    ("music", "bars"),
    [
        ("A8|z8|B8|z4z4|]", (1, 3)),
        ("A8|?|B8|??|]", (1, 3)),
        ("A8|Z2|B8|]", (1, 2)),
        ("|:A2|B8|?|?:|", (2, 3)),
        ("|:A2|B8|1?:|2?|]", (2, 3)),
        ("A8|?|\n?|B8|]", (1, 2)),
        ("A8|[K:D]?|B8|]", (1,)),
        ('A8|"what?"B8|?|]', (2,)),
    ],
)
def test_gaps_are_filled(model, music, bars):
    text = f"X:1\nT:Why?\nM:4/4\nL:1/8\nK:D\n{music}\nW:Who? |?|\n"
    request = parse_rewrite(RewriteOptions(tune=text, rewrite="gaps"), 0)
    assert request.bars == bars
    version = model.rewrite(text, "gaps", seed=1)[0]
    tune = parse_tune(version.abc)
    assert tune.title == "Why?"
    assert "W:Who? |?|" in version.abc
    assert len(tune.bars) == len(request.source.tune.bars)
    written_form(tune)
    assert not version.left_out


def test_tunes_that_change_key_or_meter(model):
    text = "X:1\nM:4/4\nL:1/8\nK:D\nA8|B8||[K:G]c8|d8||[M:2/4]G4|A4|]\n"
    versions = model.rewrite(text, "2,3-4,5", candidates=2, seed=2)
    for version in versions:
        tune = parse_tune(version.abc)
        assert [bar.length for bar in tune.bars] == [Fraction(1)] * 4 + [Fraction(1, 2)] * 2
        assert tune.bars[2].key == Key(4)
    assert versions[0].abc != versions[1].abc
    assert [version.abc.split("\n")[0] for version in versions] == ["X:1", "X:2"]


def test_bars_of_a_tune_with_a_slip(model):
    text = "X:1\nM:4/4\nL:1/8\nK:D\n|:A2|B8|c8|d7|e8|f8:|\n"
    version = model.rewrite(text, "2,4", seed=2)[0]
    assert [bar.length * 8 for bar in parse_tune(version.abc).bars] == [2, 8, 8, 7, 8, 8]
    assert model.rewrite(text, "5", seed=2)


def test_what_old_bars_had_is_counted(model):
    version = model.rewrite(TUNE, "1,3,5", seed=4)[0]
    assert version.left_out["chord symbol"] == 1
    assert version.left_out["grace note"] == 1
    assert "slur" not in version.left_out or version.left_out["slur"] == 1
    assert version.sung == (5,)
    assert read_spans(version.abc).slurs


def test_a_bar_after_a_tie_keeps_its_accidental():
    source = read_spans("X:1\nM:4/4\nL:1/8\nK:C\nC8|^F8-|F4 G4|]\n")
    bar = parse_tune("M:4/4\nL:1/8\nK:C\nD8|").bars[0]
    text = write_bars(source, {1: bar})
    assert text == "X:1\nM:4/4\nL:1/8\nK:C\nC8|D8|^F4 G4|]\n"
    twice = read_spans("X:1\nM:4/4\nL:1/8\nK:C\nC8|^F8-|F4 F4|]\n")
    assert write_bars(twice, {1: bar}) is None  # the second F would become sharp


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rewrite": "20"}, "bar 20 requested, but the tune has 16"),
        ({"rewrite": "15-18"}, "bars 15-18 requested, but the tune has 16"),
        ({"rewrite": "8-5"}, "write 5-8"),
        ({"rewrite": "five"}, "names no bars"),
        ({"rewrite": "gaps", "tune": "M:4/4\nK:C\nL:1/8\nC8|D8|"}, "no bar of rests"),
        ({}, "either `rewrite`"),
        ({"rewrite": "1", "vary": 0.5}, "either `rewrite`"),
        ({"rewrite": "0", "tune": "M:4/4\nK:C\nL:1/8\nC8|D8|"}, "the tune has none"),
        ({"rewrite": "1", "tune": "M:5/4\nK:C\nL:1/8\nC10|D10|"}, "no tunes of this meter: 5/4"),
        ({"rewrite": "1", "tune": "M:4/4\nK:Cphr\nL:1/8\nC8|D8|"}, "no tunes of this mode"),
        ({"rewrite": "1", "tune": "M:4/4\nK:C\nL:1/8\nC8|?|"}, "`rewrite='gaps'`"),
        ({"rewrite": "2", "tune": "M:4/4\nK:C\nL:1/8\nC8|D4|E4|F8|"}, "lasts 4 eighths"),
        ({"rewrite": "2", "tune": "M:4/4\nK:C\nL:1/8\nC8|D7|E8|"}, "lasts 7 eighths"),
        ({"rewrite": "1", "tune": "M:4/4\nK:C\nL:1/8\nC8&E8|D8|"}, "several voices"),
        ({"rewrite": "1", "tune": "M:4/4\nK:C\nL:1/8\nC8|(5DEFGA E3|E8|"}, "tuplet"),
        ({"rewrite": "1", "tune": "hello"}, "one melody"),
        ({"rewrite": "1", "length": 5}, "`length`"),
        ({"rewrite": "1", "novel": True}, "`novel`"),
    ],
)
def test_refusals(model, options, message):
    with pytest.raises(ConfigError, match=message):
        model.rewrite(**{"tune": TUNE, **options})


def test_models_of_other_things(checkpoint, make, tmp_path):
    with pytest.raises(ConfigError, match="is for models of tunes"):
        load(checkpoint).rewrite(TUNE, "1")
    characters = make(tmp_path / "characters", kind="tunes", text=HEADS, tokens="char", documents=9)
    with pytest.raises(ConfigError, match="tokenizer='abc'"):
        load(characters).rewrite(TUNE, "1")
