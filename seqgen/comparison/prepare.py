"""Lays out a comparison: the text read once, every variant planned, its checkpoint begun."""

import shutil
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seqgen.checkpoint import write
from seqgen.checkpoint.config import Config
from seqgen.comparison import results
from seqgen.comparison.results import Comparison, Entry
from seqgen.comparison.variants import BUDGETS, Variant, readers, text_of
from seqgen.config.options import DataOptions
from seqgen.config.resolved import CELL_OPTIONS, TrainSpec
from seqgen.data.batching import TBPTTBatches
from seqgen.data.corpora import Corpus
from seqgen.data.dataset import Dataset, preparing
from seqgen.errors import CheckpointError, ConfigError
from seqgen.training.autoconfig import ResolvedRun, resolve
from seqgen.training.events import Preparing
from seqgen.training.run import configure, folder_beside, is_empty, store_dataset


@dataclass(frozen=True)
class PreparedVariant:
    """A variant with nothing left open.

    folder: where the ids of its tokens lie.
    """

    variant: Variant
    data: Dataset
    run: ResolvedRun
    config: Config
    folder: Path


def planned(
    corpus: Corpus, found: Sequence[Variant], folder: Path
) -> Generator[Preparing, None, list[PreparedVariant]]:
    """Cut the text into tokens, once for each way to do so, and plan every variant.

    folder: into which the ids are written.
    Raises ConfigError that names the variant whose options do not fit the text, or CorpusError.
    """
    made: dict[DataOptions, tuple[Dataset, Path]] = {}
    laid = []
    for variant in found:
        tokens = variant.options.data
        if tokens not in made:
            own = folder / str(len(made))
            own.mkdir()
            data = yield from preparing(corpus, tokens, own)
            made[tokens] = data, own
        data, own = made[tokens]
        try:
            chosen = plan_of(variant, data)
        except ConfigError as error:
            raise ConfigError(f"{variant.label}: {error}") from error
        laid.append(PreparedVariant(variant, data, chosen, configure(corpus, data, chosen), own))
    return laid


def plan_of(variant: Variant, data: Dataset) -> ResolvedRun:
    """The plan of a variant: it uses all of the time or the passes that each is given.

    A budget of tokens becomes a number of epochs, seldom a whole one.
    """
    asked = variant.options
    if variant.token_budget is None:
        chosen = resolve(asked, data)
        epochs = asked.training.epochs
    else:
        chosen = resolve(asked.with_options({"epochs": 1.0}), data)
        epochs = max(1e-9, variant.token_budget / tokens_an_epoch(data, chosen.training))
    return replace(chosen, training=replace(chosen.training, epochs=epochs))


def tokens_an_epoch(data: Dataset, training: TrainSpec) -> int:
    """How many tokens one pass learns from."""
    batch, window = training.batch_size, training.seq_length
    return TBPTTBatches(data.training, batch, window, 0).steps * batch * window


def chosen_apart(
    laid: Sequence[PreparedVariant], asked: Mapping[str, Sequence[Any]]
) -> list[dict[str, str]]:
    """What was chosen for each variant and not for all alike, as text by option.

    Such a choice tells them apart as well as what was asked for. An option of some cells, and the
    layers that widths were given for, are no choice.
    """
    left_out = {*asked, *BUDGETS, *readers(), *(("layers",) if asked.get("units") else ())}
    apart: list[dict[str, str]] = [{} for _ in laid]
    chosen = [
        {"layers": run.model.layers, **vars(run.model), **vars(run.training)}
        for run in (each.run for each in laid)
    ]
    for name in (name for name in chosen[0] if name not in {*left_out, CELL_OPTIONS}):
        values = [each[name] for each in chosen]
        if name == "units":
            values = [value[:1] if len(set(value)) == 1 else value for value in values]
        if len(set(values)) > 1:
            for found, value in zip(apart, values, strict=True):
                found[name] = text_of(value)
    return apart


def prepare(
    corpus: Corpus,
    asked: Mapping[str, Sequence[Any]],
    found: Sequence[Variant],
    path: Path,
    *,
    overwrite: bool,
) -> Generator[Preparing, None, Comparison]:
    """Begin a comparison: a checkpoint for each variant, which has learned nothing yet.

    Nothing gives way before all options are known to be right.
    Raises ConfigError, CorpusError, or CheckpointError for a checkpoint that is in the way.
    """
    places = [path.with_name(variant.name) for variant in found]
    for place in places:
        check_free(place, overwrite)
    with folder_beside(path) as folder:
        laid = yield from planned(corpus, found, folder)
        if overwrite:
            results.file_of(path).unlink(missing_ok=True)
        for place, each in zip(places, laid, strict=True):
            write.create(place, each.config, each.data.tokenizer, overwrite=True)
            store_dataset(each.data, each.folder, place, shutil.copyfile)
    comparison = Comparison(
        asked=results.words(asked),
        corpus=corpus.name,
        kind=corpus.kind,
        fingerprint=corpus.fingerprint,
        entries=tuple(
            Entry(each.variant.label, each.variant.name, each.config.parameters, chosen=chosen)
            for each, chosen in zip(laid, chosen_apart(laid, asked), strict=True)
        ),
    )
    results.save(path, comparison)
    return comparison


def check_free(place: Path, overwrite: bool) -> None:
    """Raise CheckpointError for what is in the way of a variant, unless it is to be replaced."""
    if not write.is_checkpoint(place):
        write.clear(place, overwrite)
    elif not (overwrite or is_empty(place)):
        raise CheckpointError(
            f"{place} exists; give `overwrite=True` to replace it, or another `name`"
        )
