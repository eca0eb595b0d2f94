"""Prepare a comparison: tokenize the text, plan every variant and create its checkpoint."""

import shutil
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seqgen.checkpoint import write
from seqgen.checkpoint.config import Config
from seqgen.comparison import results
from seqgen.comparison.results import Comparison, Entry
from seqgen.comparison.variants import BUDGETS, Variant, cell_options, format_value
from seqgen.config.options import DataOptions
from seqgen.config.resolved import CELL_OPTIONS, TrainSpec
from seqgen.data.batching import TBPTTBatches
from seqgen.data.corpora import Corpus
from seqgen.data.dataset import Dataset, preparing
from seqgen.errors import CheckpointError, ConfigError
from seqgen.training.autoconfig import ResolvedRun, resolve
from seqgen.training.events import Preparing
from seqgen.training.run import configure, has_no_run, store_dataset, temporary_folder


@dataclass(frozen=True)
class PreparedVariant:
    """A variant with its tokens, in ``folder``, its resolved options and its configuration."""

    variant: Variant
    data: Dataset
    run: ResolvedRun
    config: Config
    folder: Path


def plan_variants(
    corpus: Corpus, variants: Sequence[Variant], folder: Path
) -> Generator[Preparing, None, list[PreparedVariant]]:
    """Tokenize the text, once for each set of data options, and plan every variant.

    Raises:
        ConfigError: If options do not suit the text; it names the variant.
        CorpusError: If the text cannot be read.
    """
    datasets: dict[DataOptions, tuple[Dataset, Path]] = {}
    prepared = []
    for variant in variants:
        options = variant.options.data
        if options not in datasets:
            own = folder / str(len(datasets))
            own.mkdir()
            data = yield from preparing(corpus, options, own)
            datasets[options] = data, own
        data, own = datasets[options]
        try:
            plan = _plan(variant, data)
        except ConfigError as error:
            raise ConfigError(f"{variant.label}: {error}") from error
        config = configure(corpus, data, plan)
        prepared.append(PreparedVariant(variant, data, plan, config, own))
    return prepared


def _plan(variant: Variant, data: Dataset) -> ResolvedRun:
    """Plan a variant; a token budget becomes a fractional number of epochs."""
    options = variant.options
    if variant.token_budget is None:
        run = resolve(options, data)
        epochs = options.training.epochs
    else:
        run = resolve(options.with_options({"epochs": 1.0}), data)
        epochs = max(1e-9, variant.token_budget / tokens_per_epoch(data, run.training))
    return replace(run, training=replace(run.training, epochs=epochs))


def tokens_per_epoch(data: Dataset, training: TrainSpec) -> int:
    """Return the number of tokens that an epoch trains on."""
    batch_size, seq_length = training.batch_size, training.seq_length
    return TBPTTBatches(data.training, batch_size, seq_length, 0).steps * batch_size * seq_length


def differing_defaults(
    prepared: Sequence[PreparedVariant], options: Mapping[str, Sequence[Any]]
) -> list[dict[str, str]]:
    """Return, for each variant, the options that seqgen chose and that differ between variants.

    They distinguish the variants as much as the requested options. Options of some cells only are
    left out, and the number of layers if units are requested.
    """
    excluded = {
        *options, *BUDGETS, *cell_options(), CELL_OPTIONS,
        *(("layers",) if options.get("units") else ()),
    }  # fmt: skip
    differing: list[dict[str, str]] = [{} for _ in prepared]
    resolved = [
        {"layers": run.model.layers, **vars(run.model), **vars(run.training)}
        for run in (each.run for each in prepared)
    ]
    for name in (name for name in resolved[0] if name not in excluded):
        values = [each[name] for each in resolved]
        if name == "units":
            values = [value[:1] if len(set(value)) == 1 else value for value in values]
        if len(set(values)) > 1:
            for defaults, value in zip(differing, values, strict=True):
                defaults[name] = format_value(value)
    return differing


def prepare(
    corpus: Corpus,
    options: Mapping[str, Sequence[Any]],
    variants: Sequence[Variant],
    path: Path,
    *,
    overwrite: bool,
) -> Generator[Preparing, None, Comparison]:
    """Create an untrained checkpoint for each variant and the results file.

    Nothing is replaced before all options are checked.

    Raises:
        ConfigError: If options do not suit the text.
        CorpusError: If the text cannot be read.
        CheckpointError: If a checkpoint exists and is not to be replaced.
    """
    checkpoints = [path.with_name(variant.name) for variant in variants]
    for checkpoint in checkpoints:
        _check_free(checkpoint, overwrite)
    with temporary_folder(path) as folder:
        prepared = yield from plan_variants(corpus, variants, folder)
        if overwrite:
            results.results_file(path).unlink(missing_ok=True)
        for checkpoint, each in zip(checkpoints, prepared, strict=True):
            write.create(checkpoint, each.config, each.data.tokenizer, overwrite=True)
            store_dataset(each.data, each.folder, checkpoint, shutil.copyfile)
    comparison = Comparison(
        options=results.format_options(options),
        corpus=corpus.name,
        kind=corpus.kind,
        fingerprint=corpus.fingerprint,
        entries=tuple(
            Entry(each.variant.label, each.variant.name, each.config.parameters, defaults=defaults)
            for each, defaults in zip(prepared, differing_defaults(prepared, options), strict=True)
        ),
    )
    results.save(path, comparison)
    return comparison


def _check_free(path: Path, overwrite: bool) -> None:
    """Raise CheckpointError for a trained checkpoint that is not to be replaced."""
    if not write.is_checkpoint(path):
        write.clear(path, overwrite)
    elif not (overwrite or has_no_run(path)):
        raise CheckpointError(
            f"{path} exists; give `overwrite=True` to replace it, or another `name`"
        )
