"""What the grammar costs generation: tokens a second of a tune model with it and without it.

``python -m benchmarks.governed NAME|PATH`` prints, as JSON, for one stream and for 64 the tokens a
second of the whole loop under the grammar and free of it, in turn: medians of 5 runs each. A stream
that ends its tune begins another, so that their number stays the same. The grammar is a new one in
each run and fills its tables on the way, as it does in every call.
"""

import json
import statistics
import sys
import time
from collections.abc import Sequence

import numpy as np

from seqgen.config import SamplingOptions, TuneOptions
from seqgen.generation import load
from seqgen.generation.asked import ask
from seqgen.generation.batch import Chance, write
from seqgen.generation.engine import Engine
from seqgen.generation.governed import Governed
from seqgen.generation.tunes import TuneSample
from seqgen.music.place import Place, roles
from seqgen.tokenizers.base import END, Tokenizer

ROUNDS = 5
ROOM = 10_000  # tokens for the last tune to end
TOKENS = {1: 12_000, 64: 160_000}
OPTIONS = SamplingOptions(temperature=1.0)


class Endless(TuneSample):
    """Tune after tune, until it has written so many tokens."""

    def __init__(self, index: int, tokenizer: Tokenizer, place: Place, length: int) -> None:
        super().__init__(index, tokenizer, (), place, length, lambda text: "")

    def take(self, drawn: int) -> tuple[int, str]:
        id, _ = super().take(drawn)
        self.done = self._left == 0
        return id, ""


class Again(Governed):
    """Under the grammar from a tune's end on as from its beginning."""

    def took(self, streams: Sequence[int], ids_B: np.ndarray) -> None:
        super().took(streams, ids_B)
        self._states_B3[ids_B == END] = self._grammar.start
        if ids_B[0] == END:
            self._alone = self._grammar.start


def tokens_per_second(model: str, streams: int, governed: bool, seed: int) -> float:
    generator = load(model)
    checkpoint = generator.checkpoint
    engine = Engine(checkpoint.graph())
    tokenizer, config = checkpoint.tokenizer, checkpoint.config
    assert config.tunes
    first = Place(roles(tokenizer.pieces))
    row_TF = np.array([(END, *first.push(END))])
    length = TOKENS[streams] // streams
    samples = [Endless(index, tokenizer, first.copy(), length) for index in range(streams)]
    grammar = ask("", TuneOptions(), config, tokenizer.pieces).grammar
    held = Again(grammar, range(streams), length + ROOM) if governed else None
    chance = Chance(seed, [(index,) for index in range(streams)])
    read = engine.read(row_TF)
    began = time.perf_counter()
    for _ in write(engine, np.array([END]), read, samples, OPTIONS, chance, held):
        pass
    return streams * length / (time.perf_counter() - began)


def main(model: str) -> None:
    found = {}
    for streams in TOKENS:
        runs: dict[str, list[float]] = {"governed": [], "free": []}
        for seed in range(-1, ROUNDS):
            for name, speeds in runs.items():
                speed = tokens_per_second(model, streams, name == "governed", max(0, seed))
                if seed >= 0:  # the first is to warm up
                    speeds.append(speed)
        found[streams] = {name: statistics.median(speeds) for name, speeds in runs.items()}
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
