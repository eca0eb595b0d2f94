"""Share of sampled tunes that pass each validator, by temperature, with and without the grammar.

``python -m benchmarks.tunes NAME [--count 10000] [--free 500] [--random 2000]`` prints a table in
Markdown: of the trained model at temperatures from 0.5 to 1.5, of a network of the same size with
random weights, and of the trained model without the grammar. Each tune is requested in a meter and
a key of the training data, in rotation. Validators: the bars add up as played; music21 reads the
same notes without a warning; abc2midi (Debian's package abcmidi; "–" if missing) reports nothing
and plays the same notes; meter and key are as requested.
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
VALIDATORS = ("bars add up", "music21 agrees", ABC2MIDI, "meter and key as requested")
TONICS = 4  # of each mode: those that the book has most
PAIRS = 48  # of a meter and a key
# With random weights of this standard deviation a network is confident and wrong.
SCALE = 0.5


class Request(NamedTuple):
    """Requested properties of a tune."""

    meter: str
    key: str


class GeneratedTune(NamedTuple):
    """A tune with its request."""

    request: Request
    abc: str


@dataclass(frozen=True)
class Run:
    """A set of tunes to generate."""

    name: str
    generator: TextGenerator
    temperature: float
    free: bool
    count: int


def generate(run: Run, seed: int) -> Iterator[GeneratedTune]:
    """Generate the tunes of a run, grouped by request."""
    share, rest = divmod(run.count, PAIRS)
    for number, request in enumerate(requests(run.generator.config)):
        if count := share + (number < rest):
            options = SamplingOptions(count=count, seed=seed + number, temperature=run.temperature)
            tune = TuneOptions(meter=request.meter, key=request.key, grammar=not run.free)
            for _, abc in run.generator.pieces("", options, tune):
                yield GeneratedTune(request, abc)


def requests(config: Config) -> list[Request]:
    """Return combinations of all meters and keys in the training data."""
    assert config.facts
    meters = sorted({meter for each in config.facts.meters.values() for meter in each})
    keys = [
        tonic + mode
        for mode, tonics in config.facts.tonics.items()
        for tonic in islice(tonics, TONICS)
    ]
    return [Request(meters[n % len(meters)], keys[n % len(keys)]) for n in range(PAIRS)]


def untrained(model: str, folder: Path) -> TextGenerator:
    """Return a network of the same size with random weights."""
    checkpoint = open_checkpoint(find_checkpoint(model))
    random = np.random.default_rng(0)
    weights = {
        name: (SCALE * random.standard_normal(shape)).astype(np.float32)
        for name, shape in checkpoint.config.weight_shapes().items()
    }
    path = folder / "random"
    write.create(path, checkpoint.config, checkpoint.tokenizer)
    write.save_weights(path, checkpoint.config, weights)
    return load(path)


def validate(tune: GeneratedTune) -> list[str | None]:
    """Return the error message of each validator, or None."""
    try:
        read_tune = parse_tune(tune.abc)
    except TuneError as error:
        return [f"it cannot be read: {error.reason}"] * len(VALIDATORS)
    return [
        bar_exact(read_tune),
        music21_agrees(tune.abc, read_tune),
        abc2midi_agrees(tune.abc, read_tune) if installed() else None,
        None
        if Request(str(read_tune.meter), str(read_tune.key)) == tune.request
        else f"it is in {read_tune.meter} and {read_tune.key}",
    ]


def count_errors(
    pool: ProcessPoolExecutor, tunes: Iterator[GeneratedTune]
) -> tuple[int, list[Counter[str]]]:
    """Return the number of tunes, and the counts of each validator's messages."""
    errors: list[Counter[str]] = [Counter() for _ in VALIDATORS]
    count = 0
    for messages in pool.map(validate, tunes, chunksize=16):
        count += 1
        for counts, message in zip(errors, messages, strict=True):
            if message:
                counts[message] += 1
    return count, errors


def runs(model: str, folder: Path, count: int, free: int, random: int) -> Iterator[Run]:
    trained = load(model)
    for temperature in TEMPERATURES:
        name = f"trained, {temperature}"
        yield Run(name, trained, temperature, False, count // len(TEMPERATURES))
    yield Run("random weights, 1.0", untrained(model, folder), 1.0, False, random)
    yield Run("trained, without the grammar, 1.0", trained, 1.0, True, free)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--free", type=int, default=500)
    parser.add_argument("--random", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, help="processes; as many as cores by default")
    args = parser.parse_args(argv)
    if not installed():
        print("abc2midi is missing; apt-get install abcmidi installs it", file=sys.stderr)
    print("| network, temperature | tunes | " + " | ".join(VALIDATORS) + " |")
    print("|---" * (2 + len(VALIDATORS)) + "|")
    # Not forked: a library may have threads already.
    context = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(args.workers, context) as pool,
    ):
        for run in runs(args.model, Path(folder), args.count, args.free, args.random):
            if run.count:
                count, errors = count_errors(pool, generate(run, args.seed))
                print(line(run.name, count, errors), flush=True)
                print_errors(errors)


def line(name: str, count: int, errors: Sequence[Counter[str]]) -> str:
    """Return a row of the table; a share is never rounded up to 100%."""
    shares = [
        format_share(count - sum(counts.values()), count)
        if validator != ABC2MIDI or installed()
        else "–"
        for validator, counts in zip(VALIDATORS, errors, strict=True)
    ]
    return f"| {name} | {count:,} | " + " | ".join(shares) + " |"


def format_share(passed: int, count: int) -> str:
    return "100%" if passed == count else f"{int(10_000 * passed / count) / 100:.2f}%"


def print_errors(errors: Sequence[Counter[str]]) -> None:
    """Print the most frequent errors to standard error."""
    for validator, counts in zip(VALIDATORS, errors, strict=True):
        for message, times in counts.most_common(5):
            print(f"{validator}: {times} × {message}", file=sys.stderr)


if __name__ == "__main__":
    main()
