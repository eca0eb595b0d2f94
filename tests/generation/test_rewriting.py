"""Gaps are filled by p(bars | left, right) of the model, in bars that are exact."""

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from seqgen.config.resolved import SamplingSpec
from seqgen.data.tokenizers.base import END
from seqgen.errors import SamplingError
from seqgen.generation import load
from seqgen.generation.rewrite import TuneRewriter
from seqgen.generation.rewriting import GapFiller, bar_tokens, log_softmax
from seqgen.music.abc.parser import parse_tune
from seqgen.music.core.tune import Note
from seqgen.music.grammar.grammar import Grammar
from seqgen.music.normal.model_tokens import model_tune
from seqgen.music.normal.normalize import normalize
from seqgen.music.normal.position_features import PositionTracker
from seqgen.music.normal.tokens import BODY, COPIES
from seqgen.music.normal.written_form import with_bars

LETTERS = ("C,", "G,", "C", "D", "E", "F", "G", "c", "d", "e", "f", "g", "a", "b", "c'")
OUTLINES = "".join([
    "O:C\nO:?\n", *(f"L:{letter}\nH:{letter}\n" for letter in LETTERS), "L:?\nH:?\n",
    *(f"P:{bars}\nP:{bars}*\n" for bars in (1, 2, 3, 4, 5, 8)), "P:?\n",
    *(f"F:{degree},{eighths}\n" for degree in range(1, 8) for eighths in (1, 2, 3, 4, 6)),
    "F:?\n", *COPIES,
])  # fmt: skip
"""Lines and marks of a vocabulary with outlines."""
HEADS = "R:none\nM:4/4\nK:Cmaj\nA4B4|]R:jig\nM:6/8\nK:Cdor\nABcdef|]M:2/4\n"
TUNE = (
    "X:1\nM:4/4\nL:1/8\nK:C\n"
    "|:C2|DEFG ABcd|e8|c4-c2 c2-|c2 ^F2 F4|1 G6:|2 G4 E4||(3GAB c6|c4 B4|A8|c8|]"
)
SPEC = SamplingSpec(temperature=1.0)


@pytest.fixture(scope="module", params=["", OUTLINES], ids=["plain", "outlines"])
def model(make, tmp_path_factory, request):
    path = tmp_path_factory.mktemp("model") / "made"
    text = request.param + HEADS
    path = make(path, kind="tunes", text=text, tokens="abc", documents=9, scale=0.4)
    return load(path, precision="float32")


def filler(model, tune, seed=0, spec=SPEC, proposals=64):
    pieces = model.checkpoint.tokenizer.pieces
    known = model_tune(tune, pieces, True)
    positions = PositionTracker(pieces)
    positions.push(END)
    filling = GapFiller(model._engine, pieces, positions, known, spec, seed, proposals)
    return filling, known.tune, known.encode, pieces


def tune(text=TUNE):
    return normalize(parse_tune(text))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "gaps",
    [
        [range(1, 2)], [range(0, 1)], [range(3, 6)], [range(5, 6)], [range(6, 7)], [range(0, 11)],
        [range(2, 4), range(7, 9)], [range(0, 1), range(4, 5), range(10, 11)],
    ],
)  # fmt: skip
def test_filled_tunes_follow_the_grammar(model, gaps, seed):
    original = tune()
    filling, moved, encode, pieces = filler(model, original, seed, proposals=16)
    grammar = Grammar(pieces)
    ids = {piece: id for id, piece in enumerate(pieces)}
    found = filling.fill(gaps, 3)
    assert len({tuple(bar.notes for bar in each.bars.values()) for each in found}) == len(found)
    for each in found:
        assert set(each.bars) == {bar for gap in gaps for bar in gap}
        filled = with_bars(moved, each.bars)
        grammar.follow([*(ids[token] for token in encode(filled)), END])
        for n, bar in enumerate(filled.bars):
            assert bar.length == moved.bars[n].length
            if n not in each.bars:
                assert bar == moved.bars[n]


def log_likelihoods(model, encoded, pieces):
    """The log-probability of each token, and of the end, from one pass over the tune."""
    ids = {piece: id for id, piece in enumerate(pieces)}
    tracker = PositionTracker(pieces)
    sequence = [END, *(ids[token] for token in encoded)]
    rows = np.array([[(id, *tracker.push(id))] for id in sequence])
    logits, _ = model._engine.run(rows, model._engine.start(1))
    targets = [*sequence[1:], END]
    return log_softmax(logits[:, 0])[np.arange(len(targets)), targets]


@pytest.mark.parametrize("gaps", [[range(3, 6)], [range(2, 4), range(7, 9)]])
def test_likelihoods_are_those_of_the_model(model, gaps):
    filling, moved, encode, pieces = filler(model, tune(), 1)
    best, *others = filling.fill(gaps, 3)
    for each in (best, *others):
        assert each.score <= best.score
        encoded = encode(with_bars(moved, each.bars))
        log_p = log_likelihoods(model, encoded, pieces)
        places = bar_tokens(encoded)
        fill = sum(log_p[places[gap[0]].begin : places[gap[-1]].end].sum() for gap in gaps)
        assert each.fill == pytest.approx(fill, abs=1e-3)
        assert each.score == pytest.approx(log_p[places[gaps[0][0]].begin :].sum(), abs=1e-3)


@pytest.mark.slow
def test_choices_approach_the_posterior(make, tmp_path):
    """A gap of one eighth, in which only five fills are likely, against their exact probability."""
    unlikely = dict.fromkeys(BODY, -20.0)
    likely = dict.fromkeys(("C", "D", "E", "z", "^C", "|", "|]", "", "8"), 1.0)
    path = make(tmp_path / "made", kind="tunes", text=HEADS, tokens="abc", documents=9, scale=0.9,
                bias=unlikely | likely)  # fmt: skip
    model = load(path, precision="float32")
    original = tune("X:1\nM:4/4\nL:1/8\nK:C\nC|D8|E8|C8|E7|]")
    _, moved, encode, pieces = filler(model, original)
    exact = {}
    for text in ("C", "D", "E", "z", "^C"):
        bar = parse_tune(f"M:4/4\nL:1/8\nK:C\n{text}|").bars[0]
        variant = with_bars(moved, {0: replace(moved.bars[0], notes=bar.notes)})
        exact[bar.notes] = log_likelihoods(model, encode(variant), pieces).sum()
    peak = max(exact.values())
    total = sum(math.exp(value - peak) for value in exact.values())
    draws = 400
    counts: Counter[tuple[Note, ...]] = Counter()
    left_to_right: Counter[tuple[Note, ...]] = Counter()
    for seed in range(draws):
        filling, moved, *_ = filler(model, original, seed, proposals=24)
        counts[filling.fill([range(1)])[0].bars[0].notes] += 1
        filling, moved, *_ = filler(model, original, seed, proposals=1)
        left_to_right[filling.fill([range(1)])[0].bars[0].notes] += 1
    share = {notes: math.exp(value - peak) / total for notes, value in exact.items()}

    def distance(counts):
        return sum(abs(counts[notes] / draws - share[notes]) for notes in share) / 2

    assert distance(counts) < 0.1
    assert distance(left_to_right) > 0.2  # what follows matters


def test_the_same_seed_gives_the_same_versions(model):
    def versions(seed, count):
        filling, *_ = filler(model, tune(), seed, proposals=16)
        return [each.bars for each in filling.fill([range(3, 6)], count)]

    assert versions(1, 3) == versions(1, 3)
    assert versions(1, 3) != versions(2, 3)
    assert versions(1, 1)[0] in versions(1, 3)


def test_the_likeliest_proposal_at_temperature_zero(model):
    spec = replace(SPEC, temperature=0.0)
    filling, *_ = filler(model, tune(), 1, spec)
    best = filling.fill([range(3, 5)], 4)
    scores = [each.score for each in best]
    assert scores == sorted(scores, reverse=True)
    assert filling.fill([range(3, 5)], 1)[0].bars == best[0].bars


def test_bars_are_not_written_as_they_were(make, tmp_path):
    bias = dict.fromkeys(BODY, -30.0) | {"C": 5.0, "8": 60.0, "|": 5.0}
    path = make(tmp_path / "made", kind="tunes", text=HEADS, tokens="abc", documents=9, scale=0.1,
                bias=bias)  # fmt: skip
    filling, moved, *_ = filler(load(path), tune("X:1\nM:4/4\nL:1/8\nK:C\nC8|C8|C8|]"))
    assert filling.fill([range(1, 2)])[0].bars[1].notes == moved.bars[1].notes
    with pytest.raises(SamplingError, match="only as they are"):
        filling.fill([range(1, 2)], anew=True)


def test_copied_bars_are_proposed(model):
    """A likelihood of no use: a random model hardly writes a bar twice, but copies are proposed."""
    music = "|".join(["CDEF GABc", "c2B2 A2G2", "EDCD EFG2", "c8"] * 2)
    original = tune(f"X:1\nM:4/4\nL:1/8\nK:C\n{music}|]")
    filling, moved, *_ = filler(model, original)
    known = {moved.bars[n].notes for n in range(4)}
    found = filling.fill([range(4, 6)], 32)
    assert any(bar.notes in known for each in found for bar in each.bars.values())
    found = filling.fill([range(4, 6)], 32, returns=False)
    copied = any(bar.notes in known for each in found for bar in each.bars.values())
    assert copied == ("@4" in model.checkpoint.tokenizer.pieces)  # by copy marks


def test_a_rewriter_returns_notes_in_the_key_of_the_tune(model):
    original = normalize(parse_tune(TUNE.replace("K:C", "K:Bb")))
    rewriter = TuneRewriter(model.checkpoint, model._engine)
    found = rewriter.fill(original, [range(2, 4)], 2, SPEC, 1)
    lowest = min(p.step for bar in original.bars for note in bar.notes for p in note.pitches)
    highest = max(p.step for bar in original.bars for note in bar.notes for p in note.pitches)
    for each in found:
        for bar in each.bars.values():
            for note in bar.notes:
                assert all(lowest <= pitch.step <= highest for pitch in note.pitches)
