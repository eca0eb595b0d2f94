"""Samples that are written side by side, one step of the network for all of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from seqgen.config.options import SamplingOptions
from seqgen.data.tokenizers.base import END
from seqgen.generation.constraint import Constraint
from seqgen.generation.engine import Engine
from seqgen.generation.sampling import RECENT, choose
from seqgen.generation.text_sample import Sample

# More at once are hardly faster, and the samples that wait for their turn would take memory.
STREAMS = 64


class Piece(NamedTuple):
    """Text of a sample that may be written now.

    sample: its index. whole: nothing more of it comes.
    document: all that is known of the document by then, as the network writes documents; "" before.
    """

    sample: int
    text: str
    whole: bool
    document: str = ""


class RandomStreams:
    """Random numbers for streams, each with a generator of its own.

    So a sample does not depend on how many others are written beside it (but for the rounding of
    float32 products, which may differ with the number of streams; int8 products are exact).
    """

    BLOCK = 256  # drawn at once: a single draw costs more than the rest of choosing a token

    def __init__(self, seed: int, keys: Sequence[tuple[int, ...]]) -> None:
        """seed: of the whole call; keys: what tells each stream from the others."""
        seeds = [np.random.SeedSequence(seed, spawn_key=key) for key in keys]
        self._generators = [np.random.Generator(np.random.PCG64(seed)) for seed in seeds]
        self._used = self.BLOCK
        self._block = np.empty((len(keys), 0))

    def next(self) -> np.ndarray:
        """A number in [0, 1) for each stream, float64 [B]."""
        if self._used == self.BLOCK:
            self._block = np.stack([g.random(self.BLOCK) for g in self._generators])
            self._used = 0
        self._used += 1
        return self._block[:, self._used - 1]

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these streams only."""
        self._generators = [self._generators[row] for row in rows]
        self._block = self._block[rows]


def write(
    engine: Engine,
    ids_T: np.ndarray,
    read: tuple[np.ndarray, Mapping[str, np.ndarray]],
    samples: Sequence[Sample],
    options: SamplingOptions,
    chance: RandomStreams,
    constraint: Constraint | None = None,
) -> Iterator[Piece]:
    """Write samples until all are done; one that is done leaves the batch.

    ids_T: the tokens that all of them begin after; read: what `Engine.read` returned for these.
    """
    live = list(samples)
    numbers = [sample.index for sample in live]
    logits_BV = np.repeat(read[0], len(live), axis=0)
    streams = engine.streams({n: np.repeat(s, len(live), axis=0) for n, s in read[1].items()})
    recent_BR = np.full((len(live), RECENT), -1)
    if len(tail := ids_T[-RECENT:]):
        recent_BR[:, -len(tail) :] = tail
    while True:
        if constraint is not None:
            logits_BV = constraint.mask(numbers, logits_BV)
        ids_B = choose(logits_BV, options, chance.next(), recent_BR)
        for row, (sample, drawn) in enumerate(zip(live, ids_B.tolist(), strict=True)):
            id, text = sample.take(drawn)
            if id != drawn:
                ids_B[row] = id
            if text or sample.done:
                whole = sample.done and not sample.failed
                yield Piece(sample.index, text, whole, sample.document if whole else "")
        if constraint is not None:
            constraint.took(numbers, ids_B)
        if options.repetition_penalty != 1.0:
            recent_BR = np.concatenate([recent_BR[:, 1:], ids_B[:, None]], axis=1)
        rows = [row for row, sample in enumerate(live) if not sample.done]
        if not rows:
            return
        if len(rows) < len(live):
            live = [live[row] for row in rows]
            numbers = [sample.index for sample in live]
            chance.keep(rows)
            streams = streams.keep(rows)
            ids_B, recent_BR = ids_B[rows], recent_BR[rows]
        if not ids_B.all():
            # The network learned each document from nothing.
            streams.forget(ids_B == END)
        if engine.places:
            beside = [sample.beside(id) for sample, id in zip(live, ids_B.tolist(), strict=True)]
            ids_B = np.concatenate([ids_B[:, None], beside], axis=1)
        logits_BV = streams.step(ids_B)


def in_order(pieces: Iterable[Piece]) -> Iterator[tuple[int, str]]:
    """The text of samples 0, 1, 2, … in this order; what comes early is held back.

    Yields the sample's index and the text; the first sample that is not whole yet comes live.
    """
    current = 0
    held: dict[int, list[str]] = {}
    whole: set[int] = set()
    for piece in pieces:
        if piece.whole:
            whole.add(piece.sample)
        if piece.sample != current:
            held.setdefault(piece.sample, []).append(piece.text)
        elif piece.text:
            yield current, piece.text
        while current in whole:
            whole.remove(current)
            current += 1
            yield from ((current, text) for text in held.pop(current, []) if text)
