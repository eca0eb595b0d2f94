"""What the grammar of tunes costs a token: alone, and for 64 streams side by side.

``python -m benchmarks.grammar [--streams 64] [--steps 150]`` prints a table in Markdown of
microseconds for tunes of random tokens. "first" is a grammar that has not seen any tune yet and
fills its tables on the way; "again" one that has.
"""

import argparse
import time
from collections.abc import Sequence

import numpy as np

from seqgen.music.grammar.grammar import Grammar
from seqgen.music.grammar.spec import TuneSpec
from seqgen.music.normal.tokens import BODY

METERS = ("2/4", "3/4", "4/4", "6/8", "9/8", "12/8", "2/2", "3/8", "3/2", "6/4", "2/8", "5/4")
MODES = ("maj", "min", "dor", "mix", "phr", "lyd")
TOKENS = (
    "",
    "R:none\n",
    *(f"M:{meter}\n" for meter in METERS),
    *(f"K:C{mode}\n" for mode in MODES),
    *BODY,
)
WISHES = {
    "nothing": TuneSpec(),
    "16 bars, AABB": TuneSpec(bars=16, form="AABB"),
    "16 bars, AABB, on the tonic": TuneSpec(bars=16, form="AABB", tonic=True),
}
STREAMS, STEPS, BUDGET = 64, 150, 400


def tunes(grammar: Grammar, count: int, length: int, seed: int = 0) -> np.ndarray:
    """Ids of the first tokens of random tunes, int64 [length, count]."""
    random = np.random.default_rng(seed)
    states = grammar.states([grammar.start] * count)
    steps = []
    for step in range(length):
        allowed = grammar.allowed_batch(states, np.full(count, BUDGET - step))
        ids = np.array([random.choice(np.flatnonzero(row)) for row in allowed])
        steps.append(ids)
        states = grammar.step_batch(states, ids)
    return np.array(steps)


def one_stream(grammar: Grammar, ids_TB: np.ndarray) -> float:
    """Microseconds a token where each tune is written by itself."""
    columns = ids_TB.T.tolist()
    began = time.perf_counter()
    for ids in columns:
        state, left = grammar.start, BUDGET
        for id in ids:
            grammar.allowed(state, left)
            state, left = grammar.step(state, id), left - 1
    return 1e6 * (time.perf_counter() - began) / ids_TB.size


def side_by_side(grammar: Grammar, ids_TB: np.ndarray) -> float:
    """Microseconds a step of all streams."""
    states = grammar.states([grammar.start] * ids_TB.shape[1])
    began = time.perf_counter()
    for step, ids_B in enumerate(ids_TB):
        grammar.allowed_batch(states, np.full(len(ids_B), BUDGET - step))
        states = grammar.step_batch(states, ids_B)
    return 1e6 * (time.perf_counter() - began) / len(ids_TB)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=STREAMS)
    parser.add_argument("--steps", type=int, default=STEPS)
    asked = parser.parse_args(arguments)
    print(f"| asked for | a token, first | again | a step of {asked.streams} streams, again |")
    print("|---|---|---|---|")
    for name, spec in WISHES.items():
        ids_TB = tunes(Grammar(TOKENS, spec), asked.streams, asked.steps)
        grammar = Grammar(TOKENS, spec)
        first = one_stream(grammar, ids_TB)
        again = min(one_stream(grammar, ids_TB) for _ in range(5))
        batch = min(side_by_side(grammar, ids_TB) for _ in range(20))
        print(f"| {name} | {first:.1f} µs | {again:.1f} µs | {batch:.1f} µs |", flush=True)


if __name__ == "__main__":
    main()
