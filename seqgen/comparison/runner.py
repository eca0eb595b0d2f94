"""Trains the variants of a comparison one after the other: a generator of events."""

import math
import statistics
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from seqgen.checkpoint.read import open_checkpoint
from seqgen.comparison import results
from seqgen.comparison.events import (
    ComparisonStatus,
    Event,
    VariantEvent,
    VariantFinished,
    VariantStarted,
)
from seqgen.comparison.prepare import prepare
from seqgen.comparison.results import Entry, Point, Result
from seqgen.comparison.variants import Variant, variants
from seqgen.comparison.worker import train
from seqgen.data.corpora import Corpus
from seqgen.errors import TrainingError
from seqgen.io.lock import locked
from seqgen.training.events import Evaluated, Finished
from seqgen.training.events import Event as RunEvent

Train = Callable[[Path], Generator[RunEvent, None, None]]


def compare(
    corpus: Corpus,
    asked: Mapping[str, Sequence[Any]],
    path: Path,
    *,
    overwrite: bool = False,
    train: Train = train,
) -> Generator[Event, None, None]:
    """Train every combination of some options on a corpus, each for the same time or tokens.

    asked: values by option, one of ``minutes``, ``epochs`` and ``token_budget`` (tokens) among
        them.
    path: a folder and the comparison's name in it, with which the names of its checkpoints begin.
        A comparison that is there goes on if it was asked for in the same words.
    train: the events of the run in a checkpoint.
    Closing the iterator saves the variant that runs. One that cannot be trained fails, and the
    others go on.
    Raises ConfigError, CorpusError or CheckpointError.
    """
    found = variants(asked, path.name)
    with locked(path):
        yield from compared(corpus, asked, found, path, overwrite, train)


def compared(
    corpus: Corpus,
    asked: Mapping[str, Sequence[Any]],
    found: Sequence[Variant],
    path: Path,
    overwrite: bool,
    train: Train,
) -> Generator[Event, None, None]:
    """As `compare`, in a place that is ours."""
    if not overwrite and results.file_of(path).exists():
        comparison = results.read(path)
        results.check_same(path, comparison, asked, corpus.fingerprint)
    else:
        comparison = yield from prepare(corpus, asked, found, path, overwrite=overwrite)
    yield ComparisonStatus(comparison, corpus.notices)
    for index, entry in enumerate(comparison.entries):
        if not entry.over:
            ended = yield from trained(index, entry, path.with_name(entry.name), train)
            comparison = comparison.with_entry(index, ended)
            results.save(path, comparison)
            yield VariantFinished(index, ended)
    yield ComparisonStatus(comparison)


def trained(index: int, entry: Entry, path: Path, train: Train) -> Generator[Event, None, Entry]:
    """Train a variant to its end; returns its entry with what came of it."""
    yield VariantStarted(index, curve(open_checkpoint(path).metrics()))
    events = train(path)
    finished: Finished | None = None
    try:
        for event in events:
            if isinstance(event, Finished):
                finished = event
            yield VariantEvent(index, event)
    except TrainingError as error:
        return replace(entry, failure=str(error))
    finally:
        events.close()
    assert finished
    if not math.isfinite(finished.result.validation_loss):
        return replace(entry, failure="its loss is not finite")
    return replace(entry, result=result(finished.result, open_checkpoint(path).metrics()))


def result(measured: Evaluated, metrics: Sequence[Mapping[str, Any]]) -> Result:
    """What a comparison keeps of a run. metrics: all its evaluations."""
    speeds = [metric.get("tokens_per_second") for metric in metrics]
    fast = [speed for speed in speeds if isinstance(speed, float) and speed > 0]
    return Result(
        nats=measured.validation_loss,
        bits_per_character=measured.bits_per_character,
        bits_per_note=measured.bits_per_note,
        perplexity=measured.perplexity,
        read=measured.read,
        tokens=measured.tokens,
        seconds=measured.seconds,
        tokens_per_second=statistics.median(fast) if fast else None,
        curve=curve(metrics),
    )


def curve(metrics: Iterable[Mapping[str, Any]]) -> tuple[Point, ...]:
    """The learning curve in a run's evaluations, without the one at the end, of all of the part."""
    points = []
    for metric in metrics:
        tokens, seconds = metric.get("tokens"), metric.get("seconds")
        nats = metric.get("validation_loss")
        if metric.get("int8_loss") is None and isinstance(nats, float):
            assert isinstance(tokens, int)
            assert isinstance(seconds, float)
            points.append(Point(tokens, seconds, nats))
    return tuple(points)
