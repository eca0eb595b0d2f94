"""How many tunes of a model pass every judge: hot and cold, with the grammar and without.

``python -m benchmarks.tunes NAME [--count 10000] [--free 500] [--random 2000]`` prints a table in
Markdown: of the trained model at temperatures from 0.5 to 1.5, of a network of the same size with
random weights, and of the trained model without the grammar. Each tune is asked for in a meter and
a key, in turn those that the model knows. Judges: the bars add up as they are played; music21 reads
the same notes without a warning; abc2midi (Debian's package abcmidi; "–" where it is not installed)
says nothing and plays the same notes; the tune is in the meter and the key that were asked for.
"""

import argparse
import multiprocessing
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqgen.checkpoint import write
from seqgen.checkpoint.config import Config
from seqgen.checkpoint.locate import find_checkpoint
from seqgen.checkpoint.read import open_checkpoint
from seqgen.config.options import SamplingOptions, TuneOptions
from seqgen.errors import TuneError
from seqgen.evaluation.tunes.validators.abc2midi import abc2midi_agrees, installed
from seqgen.evaluation.tunes.validators.bars import bar_exact
from seqgen.evaluation.tunes.validators.music21 import music21_agrees
from seqgen.generation import load
from seqgen.generation.generator import TextGenerator
from seqgen.music.abc.parser import parse_tune

TEMPERATURES = (0.5, 0.75, 1.0, 1.25, 1.5)
ABC2MIDI = "abc2midi agrees"
JUDGES = ("bars add up", "music21 agrees", ABC2MIDI, "meter and key as asked")
TONICS = 4  # of each mode: those that the book has most
PAIRS = 48  # of a meter and a key
# Random weights of this standard deviation make a network that is sure of nonsense.
SCALE = 0.5


class Asked(NamedTuple):
    """What a tune is to be."""

    meter: str
    key: str


class Written(NamedTuple):
    """A tune, as it was written."""

    asked: Asked
    abc: str


@dataclass(frozen=True)
class Run:
    """A set of tunes to write."""

    name: str
    generator: TextGenerator
    temperature: float
    free: bool
    count: int


def written(run: Run, seed: int) -> Iterator[Written]:
    """The tunes of a run, those of one meter and key together."""
    share, rest = divmod(run.count, PAIRS)
    for number, asked in enumerate(wishes(run.generator.config)):
        if count := share + (number < rest):
            options = SamplingOptions(count=count, seed=seed + number, temperature=run.temperature)
            wish = TuneOptions(meter=asked.meter, key=asked.key, grammar=not run.free)
            for _, abc in run.generator.pieces("", options, wish):
                yield Written(asked, abc)


def wishes(config: Config) -> list[Asked]:
    """Meters and keys that the model knows, all of them in turn."""
    assert config.facts
    meters = sorted({meter for each in config.facts.meters.values() for meter in each})
    keys = [
        tonic + mode
        for mode, tonics in config.facts.tonics.items()
        for tonic in islice(tonics, TONICS)
    ]
    return [Asked(meters[n % len(meters)], keys[n % len(keys)]) for n in range(PAIRS)]


def untrained(model: str, folder: Path) -> TextGenerator:
    """A network of the same size that has learned nothing."""
    checkpoint = open_checkpoint(find_checkpoint(model))
    chance = np.random.default_rng(0)
    weights = {
        name: (SCALE * chance.standard_normal(shape)).astype(np.float32)
        for name, shape in checkpoint.config.weight_shapes().items()
    }
    path = folder / "random"
    write.create(path, checkpoint.config, checkpoint.tokenizer)
    write.save_weights(path, checkpoint.config, weights)
    return load(path)


def verdicts(tune: Written) -> list[str | None]:
    """What each of the judges has to say against a tune; None where it has nothing."""
    try:
        read_tune = parse_tune(tune.abc)
    except TuneError as error:
        return [f"it cannot be read: {error.reason}"] * len(JUDGES)
    return [
        bar_exact(read_tune),
        music21_agrees(tune.abc, read_tune),
        abc2midi_agrees(tune.abc, read_tune) if installed() else None,
        None
        if Asked(str(read_tune.meter), str(read_tune.key)) == tune.asked
        else f"it is in {read_tune.meter} and {read_tune.key}",
    ]


def judged(pool: ProcessPoolExecutor, tunes: Iterator[Written]) -> tuple[int, list[Counter[str]]]:
    """How many tunes there were, and how often each judge said what."""
    faults: list[Counter[str]] = [Counter() for _ in JUDGES]
    count = 0
    for verdict in pool.map(verdicts, tunes, chunksize=16):
        count += 1
        for fault, said in zip(faults, verdict, strict=True):
            if said:
                fault[said] += 1
    return count, faults


def runs(model: str, folder: Path, count: int, free: int, random: int) -> Iterator[Run]:
    trained = load(model)
    for temperature in TEMPERATURES:
        name = f"trained, {temperature}"
        yield Run(name, trained, temperature, False, count // len(TEMPERATURES))
    yield Run("random weights, 1.0", untrained(model, folder), 1.0, False, random)
    yield Run("trained, without the grammar, 1.0", trained, 1.0, True, free)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--free", type=int, default=500)
    parser.add_argument("--random", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, help="processes; as many as cores by default")
    asked = parser.parse_args(arguments)
    if not installed():
        print("abc2midi is missing; apt-get install abcmidi installs it", file=sys.stderr)
    print("| network, temperature | tunes | " + " | ".join(JUDGES) + " |")
    print("|---" * (2 + len(JUDGES)) + "|")
    # Not forked: a library may have threads already.
    context = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(asked.workers, context) as pool,
    ):
        for run in runs(asked.model, Path(folder), asked.count, asked.free, asked.random):
            if run.count:
                count, faults = judged(pool, written(run, asked.seed))
                print(line(run.name, count, faults), flush=True)
                tell(faults)


def line(name: str, count: int, faults: Sequence[Counter[str]]) -> str:
    """A row of the table. A share is never rounded up to 100%."""
    shares = [
        shown(count - sum(fault.values()), count) if judge != ABC2MIDI or installed() else "–"
        for judge, fault in zip(JUDGES, faults, strict=True)
    ]
    return f"| {name} | {count:,} | " + " | ".join(shares) + " |"


def shown(passed: int, count: int) -> str:
    return "100%" if passed == count else f"{int(10_000 * passed / count) / 100:.2f}%"


def tell(faults: Sequence[Counter[str]]) -> None:
    """The commonest complaints, on standard error."""
    for judge, fault in zip(JUDGES, faults, strict=True):
        for said, times in fault.most_common(5):
            print(f"{judge}: {times} × {said}", file=sys.stderr)


if __name__ == "__main__":
    main()
