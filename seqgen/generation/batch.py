"""Batched sampling: one step of the network for all samples at once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from seqgen.config.resolved import SamplingSpec
from seqgen.data.tokenizers.base import END
from seqgen.generation.constraint import Constraint
from seqgen.generation.engine import Engine
from seqgen.generation.sampler import Sample
from seqgen.generation.sampling import PENALTY_WINDOW, sample_tokens

# More are hardly faster, and samples that wait for output would take memory.
MAX_STREAMS = 64


class Piece(NamedTuple):
    """Text of a sample that may be printed now.

    Attributes:
        sample: Index of the sample.
        text: The text; may be empty.
        complete: Whether it is the sample's last piece.
        document: The whole document if complete, as the model was trained on documents; else "".
    """

    sample: int
    text: str
    complete: bool
    document: str = ""


class RandomStreams:
    """Uniform random numbers with a generator for each stream.

    A sample therefore does not depend on the number of samples in its batch, except for the
    rounding of float32 products, which may differ with the batch size; int8 products are exact.
    """

    BLOCK = 256  # drawn at once: a single draw costs more than the rest of choosing a token

    def __init__(self, seed: int, keys: Sequence[tuple[int, ...]]) -> None:
        """Seed a generator with ``seed`` and the stream's key, for each of the B keys."""
        seeds = [np.random.SeedSequence(seed, spawn_key=key) for key in keys]
        self._generators = [np.random.Generator(np.random.PCG64(seed)) for seed in seeds]
        self._used = self.BLOCK
        self._block = np.empty((len(keys), 0))

    def next(self) -> np.ndarray:
        """Draw a number in [0, 1) for each stream, float64 [B]."""
        if self._used == self.BLOCK:
            self._block = np.stack([g.random(self.BLOCK) for g in self._generators])
            self._used = 0
        self._used += 1
        return self._block[:, self._used - 1]

    def select(self, rows: Sequence[int]) -> None:
        """Keep only the streams in these rows."""
        self._generators = [self._generators[row] for row in rows]
        self._block = self._block[rows]


def generate_batch(
    engine: Engine,
    ids_T: np.ndarray,
    prefilled: tuple[np.ndarray, Mapping[str, np.ndarray]],
    samples: Sequence[Sample],
    spec: SamplingSpec,
    random: RandomStreams,
    constraint: Constraint | None = None,
) -> Iterator[Piece]:
    """Generate samples until all are done; a sample that is done leaves the batch.

    Args:
        engine: The model.
        ids_T: Tokens of the prompt, which all samples share, int [T].
        prefilled: Logits and states after the prompt, as `Engine.read` returns them.
        samples: The samples before their first token.
        spec: How tokens are chosen.
        random: A stream for each sample.
        constraint: Restricts the tokens, if given.

    Yields:
        Pieces of text as they become final.
    """
    live = list(samples)
    indices = [sample.index for sample in live]
    logits_BV = np.repeat(prefilled[0], len(live), axis=0)
    streams = engine.streams({n: np.repeat(s, len(live), axis=0) for n, s in prefilled[1].items()})
    recent_BR = np.full((len(live), PENALTY_WINDOW), -1)
    if len(tail := ids_T[-PENALTY_WINDOW:]):
        recent_BR[:, -len(tail) :] = tail
    while True:
        if constraint is not None:
            logits_BV = constraint.process(indices, logits_BV)
        ids_B = sample_tokens(logits_BV, spec, random.next(), recent_BR)
        for row, (sample, drawn) in enumerate(zip(live, ids_B.tolist(), strict=True)):
            id, text = sample.take(drawn)
            if id != drawn:
                ids_B[row] = id
            if text or sample.done:
                complete = sample.done and not sample.failed
                yield Piece(sample.index, text, complete, sample.document if complete else "")
        if constraint is not None:
            constraint.accept(indices, ids_B)
        if spec.repetition_penalty != 1.0:
            recent_BR = np.concatenate([recent_BR[:, 1:], ids_B[:, None]], axis=1)
        rows = [row for row, sample in enumerate(live) if not sample.done]
        if not rows:
            return
        if len(rows) < len(live):
            live = [live[row] for row in rows]
            indices = [sample.index for sample in live]
            random.select(rows)
            streams = streams.select(rows)
            ids_B, recent_BR = ids_B[rows], recent_BR[rows]
        if not ids_B.all():
            # In training each document began from the zero state.
            streams.reset(ids_B == END)
        if engine.feature_count:
            features = [
                sample.features(id) for sample, id in zip(live, ids_B.tolist(), strict=True)
            ]
            ids_B = np.concatenate([ids_B[:, None], features], axis=1)
        logits_BV = streams.step(ids_B)


def in_order(pieces: Iterable[Piece]) -> Iterator[tuple[int, str]]:
    """Yield the text of samples 0, 1, 2, … in this order, buffering pieces that come early.

    Yields:
        The sample's index and text of it; the first incomplete sample is not buffered.
    """
    current = 0
    buffered: dict[int, list[str]] = {}
    complete: set[int] = set()
    for piece in pieces:
        if piece.complete:
            complete.add(piece.sample)
        if piece.sample != current:
            buffered.setdefault(piece.sample, []).append(piece.text)
        elif piece.text:
            yield current, piece.text
        while current in complete:
            complete.remove(current)
            current += 1
            yield from ((current, text) for text in buffered.pop(current, []) if text)
