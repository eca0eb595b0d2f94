"""Time of the tune grammar: per token of a single stream, and per step of 64 streams.

``python -m benchmarks.grammar [--streams 64] [--steps 150]`` prints a table in Markdown:
microseconds of a token in one stream and of a step of all streams, on random tunes. A new grammar
has empty tables, which it fills.
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
SPECS = {
    "none": TuneSpec(),
    "16 bars, AABB": TuneSpec(bars=(16, 16), form="AABB"),
    "16 bars, AABB, tonic": TuneSpec(bars=(16, 16), form="AABB", tonic=True),
}
STREAMS, STEPS, BUDGET = 64, 150, 400


def tunes(grammar: Grammar, count: int, length: int, seed: int = 0) -> np.ndarray:
    """Return the ids of the first tokens of random tunes, int64 [length, count]."""
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
    """Return the microseconds per token of a single stream."""
    columns = ids_TB.T.tolist()
    began = time.perf_counter()
    for ids in columns:
        state, left = grammar.start, BUDGET
        for id in ids:
            grammar.allowed(state, left)
            state, left = grammar.step(state, id), left - 1
    return 1e6 * (time.perf_counter() - began) / ids_TB.size


def batched(grammar: Grammar, ids_TB: np.ndarray) -> float:
    """Return the microseconds per step of all streams."""
    states = grammar.states([grammar.start] * ids_TB.shape[1])
    began = time.perf_counter()
    for step, ids_B in enumerate(ids_TB):
        grammar.allowed_batch(states, np.full(len(ids_B), BUDGET - step))
        states = grammar.step_batch(states, ids_B)
    return 1e6 * (time.perf_counter() - began) / len(ids_TB)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=STREAMS)
    parser.add_argument("--steps", type=int, default=STEPS)
    args = parser.parse_args(argv)
    print("| constraints | one stream, empty tables | one stream, full tables ", end="")
    print(f"| {args.streams} streams, full tables |")
    print("|---|---|---|---|")
    for name, spec in SPECS.items():
        ids_TB = tunes(Grammar(TOKENS, spec), args.streams, args.steps)
        grammar = Grammar(TOKENS, spec)
        empty = one_stream(grammar, ids_TB)
        full = min(one_stream(grammar, ids_TB) for _ in range(5))
        batch = min(batched(grammar, ids_TB) for _ in range(20))
        print(f"| {name} | {empty:.1f} µs | {full:.1f} µs | {batch:.1f} µs |", flush=True)


if __name__ == "__main__":
    main()
