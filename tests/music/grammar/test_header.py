import random

import numpy as np
import pytest

from seqgen.errors import ConfigError
from seqgen.music.grammar.grammar import Grammar
from seqgen.music.grammar.header import bar_length
from seqgen.music.grammar.spec import TuneSpec
from seqgen.music.normal.tokens import BODY

TOKENS = [
    "<end>", "R:none\n", "R:jig\n", "M:2/4\n", "M:6/8\n", "M:9/8\n", "M:none\n",
    "K:Cmaj\n", "K:Cmin\n", "K:Cdor\n", "K:none\n", *BODY,
]  # fmt: skip
PAIRS = {("R:jig\n", "M:6/8\n"), ("R:jig\n", "M:9/8\n"), ("R:none\n", "M:2/4\n")}


def headers(grammar):
    """The headers of some tunes whose tokens are chosen by chance."""
    chance = random.Random(0)
    for _ in range(60):
        state, ids = grammar.start, []
        for _ in range(3):
            ids.append(int(chance.choice(np.flatnonzero(grammar.allowed(state, 50)))))
            state = grammar.step(state, ids[-1])
        yield tuple(TOKENS[id] for id in ids)


def test_the_header_satisfies_the_spec():
    spec = TuneSpec(rhythms=frozenset(["R:jig\n"]), keys=frozenset(["K:Cdor\n", "K:Cmin\n"]))
    assert set(headers(Grammar(TOKENS, spec, PAIRS))) == {
        ("R:jig\n", meter, key)
        for meter in ("M:6/8\n", "M:9/8\n")
        for key in ("K:Cdor\n", "K:Cmin\n")
    }


def test_rhythm_and_meter_come_together_as_in_the_book():
    assert {header[:2] for header in headers(Grammar(TOKENS, None, PAIRS))} == PAIRS
    assert len({header[:2] for header in headers(Grammar(TOKENS))}) == 6


def test_a_meter_that_does_not_fit_the_budget_is_not_allowed():
    grammar = Grammar(TOKENS)
    state = grammar.step(grammar.start, TOKENS.index("R:none\n"))
    # Behind both lines come a bar of two tokens, |] and the end; a bar of 9/8 takes three.
    for left, meters in [(5, set()), (6, {"M:2/4\n", "M:6/8\n"}), (7, set(TOKENS[3:6]))]:
        assert {TOKENS[id] for id in np.flatnonzero(grammar.allowed(state, left))} == meters


@pytest.mark.parametrize(
    ("token", "ticks"),
    [
        ("M:6/8\n", 144), ("M:4/4\n", 192), ("M:5/16\n", 60), ("M:1/32\n", 6),
        ("M:1/64\n", None), ("M:1/7\n", None), ("M:none\n", None), ("M:0/4\n", None),
        ("K:Cmaj\n", None),
    ],
)  # fmt: skip
def test_the_length_of_a_bar(token, ticks):
    assert bar_length(token) == ticks


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (TuneSpec(meters=frozenset(["M:7/4\n"])), r"unknown meter '7/4'.*\(known: .*6/8"),
        (TuneSpec(meters=frozenset(["M:none\n"])), "unknown meter 'none'"),
        (TuneSpec(rhythms=frozenset(["R:jigg\n"])), "did you mean jig?"),
        (TuneSpec(keys=frozenset(["K:Dmaj\n"])), "unknown key 'Dmaj'"),
        (
            TuneSpec(rhythms=frozenset(["R:jig\n"]), meters=frozenset(["M:2/4\n"])),
            "no jig in 2/4; known: jig in 6/8, jig in 9/8, none in 2/4",
        ),
        (TuneSpec(lowest=100), "no note"),
        (
            TuneSpec(tonic=True, lowest=62, highest=64, keys=frozenset(["K:Cmaj\n"])),
            "tonic of Cmaj",
        ),
    ],
)
def test_an_unsatisfiable_spec_raises_an_error_that_lists_what_is_known(spec, message):
    with pytest.raises(ConfigError, match=message):
        Grammar(TOKENS, spec, PAIRS)


def test_a_vocabulary_of_something_else_is_refused():
    with pytest.raises(ConfigError, match="lacks"):
        Grammar(["<end>", *"abc"])
    with pytest.raises(ConfigError, match="no meter"):
        Grammar(["<end>", "R:none\n", "K:Cmaj\n", *BODY])
