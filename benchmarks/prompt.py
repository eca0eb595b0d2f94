"""Speed of reading a prompt: as `sample` does, by the sequence graph, and token by token.

``python -m benchmarks.prompt [CHECKPOINT [CHARACTERS]]`` reads the beginning of the sonnets with a
checkpoint (default: shakespeare, 60,000 characters) in int8, alternating between the methods, and
takes the best turn of each. It prints as JSON: ``build``, seconds to build the sequence graph;
``characters`` per second as `sample` reads them; ``sequence`` and ``steps``, tokens per second.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence

import numpy as np

from seqgen.checkpoint.locate import find_checkpoint
from seqgen.checkpoint.read import open_checkpoint
from seqgen.config.options import INT8
from seqgen.data.corpora import open_corpus
from seqgen.generation.engine import ROUNDING, Engine

TURNS = 5
STEPS = 4_000  # tokens of a turn token by token, of which each costs the same


def seconds(function: Callable[[], object]) -> float:
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def measure(name: str, characters: int, turns: int) -> dict[str, float]:
    """Return the seconds to build, and the speeds of the three methods, by name."""
    checkpoint = open_checkpoint(find_checkpoint(name))
    engine = Engine(
        checkpoint.graph(),
        sequence_graph=checkpoint.sequence_graph,
        rounding=ROUNDING[INT8],
    )
    tokenizer = checkpoint.tokenizer
    text = str(open_corpus(["sonnets"]).documents[0].text)
    text = tokenizer.skip_unknown(text)[:characters]
    ids_T = tokenizer.encode(text)
    build = seconds(lambda: engine.read_sequence(ids_T[:1]))
    few_T = ids_T[:STEPS]
    times = [
        (
            seconds(lambda: engine.read(ids_T)),
            seconds(lambda: engine.read_sequence(ids_T)),
            seconds(lambda: engine.read_steps(few_T)),
        )
        for _ in range(turns)
    ]
    whole, sequence, steps = np.min(times, axis=0)
    return {
        "build": build,
        "sequence": len(ids_T) / sequence,
        "steps": len(few_T) / steps,
        "characters": len(text) / whole,
    }


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", nargs="?", default="shakespeare")
    parser.add_argument("characters", nargs="?", type=int, default=60_000)
    parser.add_argument("--turns", type=int, default=TURNS)
    args = parser.parse_args(argv)
    print(json.dumps(measure(args.checkpoint, args.characters, args.turns)))


if __name__ == "__main__":
    main()
