"""Text and tunes from a checkpoint, streamed as they are written."""

import secrets
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import numpy as np

from seqgen.checkpoint.format import Config
from seqgen.checkpoint.read import Checkpoint
from seqgen.config import SamplingOptions
from seqgen.errors import ConfigError, SeqgenError, unknown_name
from seqgen.generation import tunes
from seqgen.generation.batch import STREAMS, Chance, Piece, in_order, write
from seqgen.generation.constraint import Forbid
from seqgen.generation.engine import Engine
from seqgen.generation.sample import TextSample
from seqgen.tokenizers.base import END

# A trained network's tune fails once in hundreds; one that fails so often has not learned yet.
TRIES = 20


class Generator:
    """A trained network that writes.

    checkpoint: where it came from.
    seed: of the latest call, drawn where the options said none; None before the first.
    """

    def __init__(self, checkpoint: Checkpoint, engine: Engine) -> None:
        """Make it ready to write. engine: what runs the checkpoint's network."""
        self.checkpoint = checkpoint
        self.seed: int | None = None
        self._engine = engine

    @property
    def config(self) -> Config:
        """What the checkpoint says of itself."""
        return self.checkpoint.config

    def generate(self, prompt: str = "", **options: Any) -> Iterator[str]:
        """Write one sample.

        prompt: what it goes on from; a text comes without it, a tune holds it.
        options: fields of `SamplingOptions` by name.
        Yields pieces of text as they are written; a tune comes in one piece.
        Raises ConfigError for an unknown or impossible option, TokenError for a prompt with
        characters that the vocabulary lacks, SeqgenError if a tune does not come about.
        """
        known = [f.name for f in fields(SamplingOptions)]
        for name in options:
            if name not in known:
                raise unknown_name("option", name, known)
        said = SamplingOptions(**options)
        if said.count != 1:
            raise ConfigError("generate writes one sample; Generator.pieces writes --count of them")
        return (text for _, text in self.pieces(prompt, said))

    def pieces(self, prompt: str, options: SamplingOptions) -> Iterator[tuple[int, str]]:
        """Write ``options.count`` samples, up to 64 side by side.

        Yields the sample's index and text of it, in the order of the samples; the first comes as
        it is written. The same seed gives the same sample at an index, whatever the count.
        Raises as `generate` does.
        """
        self.seed = secrets.randbits(32) if options.seed is None else options.seed
        work = self._tunes if self.config.kind == "tunes" else self._texts
        return in_order(work(prompt, options, self.seed))

    def _texts(self, prompt: str, options: SamplingOptions, seed: int) -> Iterator[Piece]:
        tokenizer = self.checkpoint.tokenizer
        if options.unknown == "skip":
            prompt = tokenizer.skip_unknown(prompt)
        ids_T = tokenizer.encode(prompt) if prompt else np.array(self.config.start)
        # A single document has no end that the network could have learned.
        only = Forbid([END], self.config.vocab) if self.config.corpus.documents == 1 else None

        def batches() -> Iterator[Piece]:
            read = self._engine.read(ids_T)
            for indexes in batched(range(options.count)):
                samples = [TextSample(index, tokenizer, options) for index in indexes]
                chance = Chance(seed, [(index, 0) for index in indexes])
                yield from write(self._engine, ids_T, read, samples, options, chance, only)

        return batches()

    def _tunes(self, prompt: str, options: SamplingOptions, seed: int) -> Iterator[Piece]:
        tokenizer = self.checkpoint.tokenizer
        # What is always the likeliest comes out the same each time.
        tries = TRIES if options.temperature > 0.0 else 1
        plan = tunes.plan(prompt, tokenizer, options.unknown, self.config.start)
        ids_T = np.array(plan.ids)

        def batches() -> Iterator[Piece]:
            read = self._engine.read(ids_T)
            for indexes in batched(range(options.count)):
                for attempt in range(tries):
                    samples = [tunes.TuneSample(i, tokenizer, options, plan) for i in indexes]
                    chance = Chance(seed, [(index, attempt) for index in indexes])
                    yield from write(self._engine, ids_T, read, samples, options, chance)
                    indexes = [sample.index for sample in samples if sample.failed]
                    if not indexes:
                        break
                else:
                    raise no_tune(tries)

        return batches()


def no_tune(tries: int) -> SeqgenError:
    return SeqgenError(
        f"no tune came about ({tries} tries): the network has not learned the form of a tune yet; "
        "train it longer, allow more --length, or try a --temperature between 0.5 and 1"
    )


def batched(indexes: range) -> Iterator[list[int]]:
    for begin in range(0, len(indexes), STREAMS):
        yield list(indexes[begin : begin + STREAMS])
