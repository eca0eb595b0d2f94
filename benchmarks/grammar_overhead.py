"""What the grammar costs generation: tokens a second of a tune model with it and without it.

``python -m benchmarks.grammar_overhead NAME|PATH`` prints, as JSON, for one stream and for 64 the
tokens a
second of the whole loop under the grammar and free of it, in turn: medians of 5 runs each. A stream
that ends its tune begins another, so that their number stays the same; the free run, whatever it
draws, takes the tokens of the one before, so that the two differ by the grammar alone. The grammar
is a new one in each run and fills its tables on the way, as it does in every call.
"""

import argparse
import json
import statistics
import time
from collections.abc import Sequence

import numpy as np

from seqgen.config.options import SamplingOptions, TuneOptions
from seqgen.data.tokenizers.base import END, Tokenizer
from seqgen.generation import load
from seqgen.generation.batch import RandomStreams, generate_batch
from seqgen.generation.engine import Engine
from seqgen.generation.grammar_constraint import GrammarConstraint
from seqgen.generation.tune_request import parse_request
from seqgen.generation.tune_sample import TuneSample
from seqgen.music.normal.position_features import PositionTracker, roles

ROUNDS = 5
STREAMS = (1, 64)
ROOM = 10_000  # tokens for the last tune to end
TOKENS = 12_000  # of one stream; of several 2,500 each
TOKENS_OF_SEVERAL = 2_500
OPTIONS = SamplingOptions(temperature=1.0)


class Endless(TuneSample):
    """Tune after tune, until it has written so many tokens, or those that are given again."""

    def __init__(
        self,
        index: int,
        tokenizer: Tokenizer,
        place: PositionTracker,
        length: int,
        again: Sequence[int],
    ) -> None:
        super().__init__(index, tokenizer, (), place, length, lambda text: "")
        self.written: list[int] = []
        self._again = iter(again)

    def take(self, drawn: int) -> tuple[int, str]:
        id, _ = super().take(next(self._again, drawn))
        self.written.append(id)
        self.done = self._remaining == 0
        return id, ""


class Again(GrammarConstraint):
    """Under the grammar from a tune's end on as from its beginning."""

    def accept(self, streams: Sequence[int], ids_B: np.ndarray) -> None:
        super().accept(streams, ids_B)
        self._states_B3[ids_B == END] = self._grammar.start
        if ids_B[0] == END:
            self._single_state = self._grammar.start


Texts = list[list[int]]


def written(
    model: str, streams: int, length: int, seed: int, again: Texts | None = None
) -> tuple[Texts, float]:
    """The tokens of each stream, and how many were written a second.

    length: tokens of a stream.
    again: tokens to take instead of those that are drawn, without the grammar.
    """
    checkpoint = load(model).checkpoint
    engine = Engine(checkpoint.graph())
    tokenizer, config = checkpoint.tokenizer, checkpoint.config
    first = PositionTracker(roles(tokenizer.pieces))
    read = engine.read(np.array([(END, *first.push(END))]))
    samples = [
        Endless(index, tokenizer, first.copy(), length, again[index] if again else ())
        for index in range(streams)
    ]
    asked = parse_request("", TuneOptions(), config, tokenizer.pieces)
    assert asked.grammar, "the model is not one of tunes in the tokens of their normal form"
    held = None if again else Again(asked.grammar, range(streams), length + ROOM)
    chance = RandomStreams(seed, [(index,) for index in range(streams)])
    began = time.perf_counter()
    for _ in generate_batch(engine, np.array([END]), read, samples, OPTIONS, chance, held):
        pass
    speed = streams * length / (time.perf_counter() - began)
    return [sample.written for sample in samples], speed


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--streams", type=int, nargs="+", default=STREAMS)
    parser.add_argument("--tokens", type=int, help="tokens of each stream")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args(arguments)
    found = {}
    for streams in asked.streams:
        length = asked.tokens or (TOKENS if streams == 1 else TOKENS_OF_SEVERAL)
        runs: dict[str, list[float]] = {"governed": [], "free": []}
        for seed in range(asked.rounds + 1):
            texts, governed = written(asked.model, streams, length, seed)
            _, free = written(asked.model, streams, length, seed, texts)
            if seed:  # the first is to warm up
                runs["governed"].append(governed)
                runs["free"].append(free)
        found[streams] = {name: statistics.median(speeds) for name, speeds in runs.items()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
