"""Train the variants of a comparison one after the other, as a generator of events."""

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
from seqgen.comparison.variants import Variant, expand_variants
from seqgen.comparison.worker import train
from seqgen.data.corpora import Corpus
from seqgen.errors import TrainingError
from seqgen.io.lock import locked
from seqgen.training.events import Evaluated, Finished
from seqgen.training.events import Event as RunEvent

Train = Callable[[Path], Generator[RunEvent, None, None]]


def compare(
    corpus: Corpus,
    options: Mapping[str, Sequence[Any]],
    path: Path,
    *,
    overwrite: bool = False,
    train: Train = train,
) -> Generator[Event, None, None]:
    """Train every combination of some options on a corpus under the same budget.

    Closing the iterator saves the current variant. If a variant cannot be trained, it fails and the
    others continue. An existing comparison with the same options is resumed.

    Args:
        corpus: The text.
        options: Values by option, among them exactly one of ``minutes``, ``epochs`` and
            ``token_budget``.
        path: Folder and name of the comparison; the names of its checkpoints begin with it.
        overwrite: Whether to replace an existing comparison.
        train: Returns the events of the run of a checkpoint.

    Raises:
        ConfigError: If options are invalid or differ from those of the existing comparison.
        CorpusError: If the text cannot be read.
        CheckpointError: If a checkpoint is in the way or cannot be written.
    """
    variants = expand_variants(options, path.name)
    with locked(path):
        yield from _compare_locked(corpus, options, variants, path, overwrite, train)


def _compare_locked(
    corpus: Corpus,
    options: Mapping[str, Sequence[Any]],
    variants: Sequence[Variant],
    path: Path,
    overwrite: bool,
    train: Train,
) -> Generator[Event, None, None]:
    """Body of `compare`; the caller holds the lock."""
    if not overwrite and results.results_file(path).exists():
        comparison = results.read(path)
        results.check_same_options(path, comparison, options, corpus.fingerprint)
    else:
        comparison = yield from prepare(corpus, options, variants, path, overwrite=overwrite)
    yield ComparisonStatus(comparison, corpus.notices)
    for index, entry in enumerate(comparison.entries):
        if not entry.finished:
            entry = yield from _train_variant(index, entry, path.with_name(entry.name), train)
            comparison = comparison.with_entry(index, entry)
            results.save(path, comparison)
            yield VariantFinished(index, entry)
    yield ComparisonStatus(comparison)


def _train_variant(
    index: int, entry: Entry, path: Path, train: Train
) -> Generator[Event, None, Entry]:
    """Train a variant to its end; return its entry with the result or the failure."""
    yield VariantStarted(index, _curve(open_checkpoint(path).metrics()))
    events = train(path)
    evaluation: Evaluated | None = None
    try:
        for event in events:
            if isinstance(event, Finished):
                evaluation = event.result
            yield VariantEvent(index, event)
    except TrainingError as error:
        return replace(entry, failure=str(error))
    finally:
        events.close()
    if evaluation is None:
        return replace(entry, failure="its run did not finish")
    if not math.isfinite(evaluation.validation_loss):
        return replace(entry, failure="its loss is not finite")
    return replace(entry, result=_result(evaluation, open_checkpoint(path).metrics()))


def _result(evaluation: Evaluated, metrics: Sequence[Mapping[str, Any]]) -> Result:
    """Summarise a run by its final evaluation and all of its metrics."""
    speeds = [metric.get("tokens_per_second") for metric in metrics]
    positive = [speed for speed in speeds if isinstance(speed, float) and speed > 0]
    return Result(
        nats=evaluation.validation_loss,
        bits_per_character=evaluation.bits_per_character,
        bits_per_note=evaluation.bits_per_note,
        perplexity=evaluation.perplexity,
        evaluated_tokens=evaluation.read,
        tokens=evaluation.tokens,
        seconds=evaluation.seconds,
        tokens_per_second=statistics.median(positive) if positive else None,
        curve=_curve(metrics),
    )


def _curve(metrics: Iterable[Mapping[str, Any]]) -> tuple[Point, ...]:
    """Learning curve of a run, without the final evaluation on the whole validation part."""
    points = []
    for metric in metrics:
        match metric:
            case {"tokens": int(tokens), "seconds": float(seconds), "validation_loss": float(nats)}:
                if metric.get("int8_loss") is None:
                    points.append(Point(tokens, seconds, nats))
    return tuple(points)
