"""Overhead of the grammar in generation: tokens per second of a tune model with and without it.

``python -m benchmarks.grammar_overhead NAME|PATH`` prints, as JSON, the tokens per second of the
whole loop with and without the grammar, for 1 and 64 streams: medians of 5 alternating runs. When a
tune ends, its stream begins another, so that the number of streams is constant. The run without the
grammar replays the tokens of the other, so that only the grammar differs. Each run has a new
grammar, which fills its tables, as in every call of `seqgen sample`.
"""

import argparse
import json
import statistics
import time
from collections.abc import Sequence

import numpy as np

from seqgen.config.options import TuneOptions
from seqgen.config.resolved import SamplingSpec
from seqgen.data.tokenizers.base import END, Tokenizer
from seqgen.generation import load
from seqgen.generation.batch import RandomStreams, generate_batch
from seqgen.generation.engine import Engine
from seqgen.generation.grammar_constraint import GrammarConstraint, TuneProgress
from seqgen.generation.tune_request import parse_request
from seqgen.generation.tune_sample import TuneSample
from seqgen.music.normal.position_features import PositionTracker

ROUNDS = 5
STREAMS = (1, 64)
ROOM = 10_000  # tokens for the last tune to end
TOKENS = 12_000  # of one stream; of several 2,500 each
TOKENS_OF_SEVERAL = 2_500
SPEC = SamplingSpec(temperature=1.0)


class EndlessTune(TuneSample):
    """Samples tune after tune up to a number of tokens, or replays given tokens."""

    def __init__(
        self,
        index: int,
        tokenizer: Tokenizer,
        positions: PositionTracker,
        length: int,
        replay: Sequence[int],
    ) -> None:
        super().__init__(index, tokenizer, (), TuneProgress(positions), length, lambda text: "")
        self.ids: list[int] = []
        self._replay = iter(replay)

    def take(self, drawn: int) -> tuple[int, str]:
        id, _ = super().take(next(self._replay, drawn))
        self.ids.append(id)
        self.done = self._remaining == 0
        return id, ""


class EndlessGrammarConstraint(GrammarConstraint):
    """Restarts the grammar at the end of each tune."""

    def accept(self, streams: Sequence[int], ids_B: np.ndarray) -> None:
        super().accept(streams, ids_B)
        self._states_B3[ids_B == END] = self._grammar.start
        if ids_B[0] == END:
            self._single_state = self._grammar.start


Texts = list[list[int]]


def measure(
    model: str, streams: int, length: int, seed: int, replay: Texts | None = None
) -> tuple[Texts, float]:
    """Return the tokens of each stream, and tokens per second.

    length: Tokens of a stream.
    replay: Tokens to use instead of sampled ones, without the grammar.
    """
    checkpoint = load(model).checkpoint
    engine = Engine(checkpoint.graph())
    tokenizer, config = checkpoint.tokenizer, checkpoint.config
    first = PositionTracker(tokenizer.pieces)
    read = engine.read(np.array([(END, *first.push(END))]))
    samples = [
        EndlessTune(index, tokenizer, first.copy(), length, replay[index] if replay else ())
        for index in range(streams)
    ]
    request = parse_request(
        "", TuneOptions(), config.facts, tokenizer.pieces, config.data.transpose == "common"
    )
    assert request.grammar, "not a model of tunes with the tokenizer abc"
    tunes = {sample.index: sample.progress for sample in samples if sample.progress}
    constraint = None if replay else EndlessGrammarConstraint(request.grammar, tunes, length + ROOM)
    random_streams = RandomStreams(seed, [(index,) for index in range(streams)])
    began = time.perf_counter()
    for _ in generate_batch(
        engine, np.array([END]), read, samples, SPEC, random_streams, constraint
    ):
        pass
    speed = streams * length / (time.perf_counter() - began)
    return [sample.ids for sample in samples], speed


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--streams", type=int, nargs="+", default=STREAMS)
    parser.add_argument("--tokens", type=int, help="tokens of each stream")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    args = parser.parse_args(argv)
    results = {}
    for streams in args.streams:
        length = args.tokens or (TOKENS if streams == 1 else TOKENS_OF_SEVERAL)
        runs: dict[str, list[float]] = {"constrained": [], "unconstrained": []}
        for seed in range(args.rounds + 1):
            texts, constrained = measure(args.model, streams, length, seed)
            _, unconstrained = measure(args.model, streams, length, seed, texts)
            if seed:  # the first is to warm up
                runs["constrained"].append(constrained)
                runs["unconstrained"].append(unconstrained)
        results[streams] = {name: statistics.median(speeds) for name, speeds in runs.items()}
    print(json.dumps(results))


if __name__ == "__main__":
    main()
