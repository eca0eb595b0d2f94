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
from seqgen.music.normal.tokens import BODY

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
