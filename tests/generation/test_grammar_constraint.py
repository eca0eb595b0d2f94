import numpy as np
import pytest

from seqgen.generation.grammar_constraint import (
    MEASURE_EVERY,
    GrammarConstraint,
    HeaderConstraint,
    TuneProgress,
)
from seqgen.music.grammar.grammar import Grammar
from seqgen.music.normal.position_features import PositionTracker
from seqgen.music.normal.tokens import BODY, COPIES, PATTERN

TOKENS = ("", "R:none\n", "M:6/8\n", "M:3/4\n", "K:Cmaj\n", "K:Cdor\n", *BODY)
LENGTH = 60


@pytest.fixture(scope="module")
def grammar() -> Grammar:
    return Grammar(TOKENS)


def flat(streams: int) -> np.ndarray:
    return np.zeros((streams, len(TOKENS)), np.float32)


def constrain(grammar: Grammar, numbers: list[int], length: int = LENGTH) -> GrammarConstraint:
    tunes = {number: TuneProgress(PositionTracker(grammar.tokens)) for number in numbers}
    return GrammarConstraint(grammar, tunes, length)


def tune(constraint: GrammarConstraint, stream: int, seed: int) -> list[int]:
    """A random tune of a single stream."""
    random = np.random.default_rng(seed)
    ids = [-1]
    while ids[-1] != 0:
        allowed = np.isfinite(constraint.process([stream], flat(1))[0])
        ids.append(int(random.choice(np.flatnonzero(allowed))))
        constraint.accept([stream], np.array(ids[-1:]))
    return ids[1:]


def test_streams_are_constrained_independently(grammar: Grammar) -> None:
    numbers = [70, 71, 72, 73]
    tunes = {n: tune(constrain(grammar, [n]), n, n) for n in numbers}
    assert len({len(ids) for ids in tunes.values()}) > 1  # so that streams end at different steps
    alone = {n: constrain(grammar, [n]) for n in numbers}
    together = constrain(grammar, numbers)
    for step in range(max(map(len, tunes.values()))):
        live = [n for n in numbers if step < len(tunes[n])]
        masked = together.process(live, flat(len(live)))
        for row, n in enumerate(live):
            np.testing.assert_array_equal(masked[row], alone[n].process([n], flat(1))[0])
            alone[n].accept([n], np.array([tunes[n][step]]))
        together.accept(live, np.array([tunes[n][step] for n in live]))


@pytest.mark.parametrize("streams", [1, 3])
def test_header_only_allows_everything_after_the_header(grammar: Grammar, streams: int) -> None:
    numbers = list(range(streams))
    constraint = HeaderConstraint(grammar, numbers)
    for token in ("R:none\n", "M:6/8\n", "K:Cdor\n"):
        assert not np.isfinite(constraint.process(numbers, flat(streams))).all()
        constraint.accept(numbers, np.full(streams, TOKENS.index(token)))
    for token in ("|]", "-", "", "3/4"):  # not valid in a tune
        assert np.isfinite(constraint.process(numbers, flat(streams))).all()
        constraint.accept(numbers, np.full(streams, TOKENS.index(token)))


def test_allowed_mass_is_the_probability_of_allowed_tokens(grammar: Grammar) -> None:
    constraint = constrain(grammar, [0, 1], MEASURE_EVERY)
    assert np.isnan(constraint.allowed_mass)
    logits = np.full((2, len(TOKENS)), -30, np.float32)
    logits[:, TOKENS.index("M:6/8\n")] = [0, -20]  # not allowed as the first token
    logits[:, TOKENS.index("R:none\n")] = [0, 0]
    constraint.process([0, 1], logits)
    assert constraint.allowed_mass == pytest.approx(0.75)


MARKED = ("", "R:none\n", "M:6/8\n", "K:Cmaj\n", *BODY, *COPIES)


def after_music(music: str, temperature: float) -> tuple[GrammarConstraint, PositionTracker]:
    """A constraint after a header and some music."""
    positions = PositionTracker(MARKED)
    tunes = {0: TuneProgress(positions)}
    constraint = GrammarConstraint(Grammar(MARKED), tunes, 100, temperature=temperature)
    for token in ("R:none\n", "M:6/8\n", "K:Cmaj\n", *PATTERN.findall(music)):
        id = MARKED.index(token)
        constraint.process([0], np.zeros((1, len(MARKED)), np.float32))
        positions.push(id)
        constraint.accept([0], np.array([id]))
    return constraint, positions


def softmax(logits: np.ndarray) -> np.ndarray:
    exp = np.exp(logits - logits.max())
    return exp / exp.sum()


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.0])
def test_copy_marks_keep_their_probability_at_any_temperature(temperature: float) -> None:
    logits = np.random.default_rng(0).normal(size=(1, len(MARKED))).astype(np.float32)
    plain = softmax(after_music("|:A6|B6|", 1.0)[0].process([0], logits)[0])
    constraint, _ = after_music("|:A6|B6|", temperature)
    there = softmax(constraint.process([0], logits)[0] / temperature)
    marks = [MARKED.index(mark) for mark in COPIES]
    assert 0 < plain[marks].sum() < 1
    np.testing.assert_allclose(there[marks], plain[marks], rtol=1e-4)
    notes = [MARKED.index("c"), MARKED.index("d")]
    ratio = (plain[notes[0]] / plain[notes[1]]) ** (1 / temperature)
    assert there[notes[0]] / there[notes[1]] == pytest.approx(ratio, rel=1e-3)


@pytest.mark.parametrize(("mark", "copies"), [(3.0, False), (8.0, True)])
def test_at_temperature_zero_a_bar_returns_if_that_is_likelier(mark: float, copies: bool) -> None:
    logits = np.zeros((1, len(MARKED)), np.float32)
    logits[0, MARKED.index("@1")] = mark
    logits[0, MARKED.index("c")] = 4.0
    best = after_music("|:A6|", 0.0)[0].process([0], logits)[0].argmax()
    assert MARKED[best] == ("@1" if copies else "c")


def test_only_bars_that_there_are_can_be_copied() -> None:
    constraint, positions = after_music("|:A3B3|c6|", 1.0)
    allowed = np.isfinite(constraint.process([0], np.zeros((1, len(MARKED)), np.float32))[0])
    assert {MARKED[id] for id in np.flatnonzero(allowed)} & {*COPIES} == {"@1", "@2"}
    for token in ("@2", "A", "3", "B", "3"):
        allowed = np.isfinite(constraint.process([0], np.zeros((1, len(MARKED)), np.float32))[0])
        if token != "@2":
            assert [MARKED[id] for id in np.flatnonzero(allowed)] == [token]
        positions.push(MARKED.index(token))
        constraint.accept([0], np.array([MARKED.index(token)]))
    allowed = np.isfinite(constraint.process([0], np.zeros((1, len(MARKED)), np.float32))[0])
    assert {MARKED[id] for id in np.flatnonzero(allowed)} == {"|", "|1", ":|"}
