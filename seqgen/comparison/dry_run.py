"""Estimate the variants of a comparison, their size and their time without training them."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqgen.comparison.prepare import (
    PreparedVariant,
    differing_defaults,
    plan_variants,
    tokens_per_epoch,
)
from seqgen.comparison.variants import expand_variants
from seqgen.data.batching import TBPTTBatches
from seqgen.data.corpora import Corpus
from seqgen.training.dry_run import measure_speed


@dataclass(frozen=True)
class EstimatedVariant:
    """The label, checkpoint, size and expected training time of a variant, as in `Entry`."""

    label: str
    name: str
    parameters: int
    minutes: float
    defaults: dict[str, str]


def estimate(
    corpus: Corpus, options: Mapping[str, Sequence[Any]], name: str
) -> tuple[EstimatedVariant, ...]:
    """Plan every variant; unless the budget is a time, measure a few training steps of each."""
    variants = expand_variants(options, name)
    with tempfile.TemporaryDirectory() as folder:
        progress = plan_variants(corpus, variants, Path(folder))
        while True:
            try:
                next(progress)
            except StopIteration as end:
                prepared = end.value
                return tuple(map(_estimate, prepared, differing_defaults(prepared, options)))


def _estimate(prepared: PreparedVariant, defaults: dict[str, str]) -> EstimatedVariant:
    training, config = prepared.config.training, prepared.config
    epoch_minutes = 0.0  # not used with a time budget
    if training.epochs is not None:
        batches = TBPTTBatches(
            prepared.data.training, training.batch_size, training.seq_length, training.seed
        )
        speed = measure_speed(config.model, training, config.vocab, batches, config.feature_sizes)
        epoch_minutes = tokens_per_epoch(prepared.data, training) / speed / 60
    return EstimatedVariant(
        prepared.variant.label,
        prepared.variant.name,
        config.parameters,
        training.minutes_needed(epoch_minutes),
        defaults,
    )
