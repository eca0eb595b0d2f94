"""What a comparison would be, without training: its variants, their size and their time."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqgen.comparison.prepare import PreparedVariant, chosen_apart, planned, tokens_an_epoch
from seqgen.comparison.variants import variants
from seqgen.data.batching import TBPTTBatches
from seqgen.data.corpora import Corpus
from seqgen.training.dry_run import measured_speed


@dataclass(frozen=True)
class Expected:
    """A variant that was not trained. minutes: how long its training would take.

    chosen: as of `seqgen.comparison.results.Entry`.
    """

    label: str
    name: str
    parameters: int
    minutes: float
    chosen: dict[str, str]


def estimate(corpus: Corpus, asked: Mapping[str, Sequence[Any]], name: str) -> tuple[Expected, ...]:
    """Plan every variant, and where the budget is one of tokens, time a few steps of each.

    asked: as `seqgen.comparison.runner.compare` takes it. name: of the comparison.
    Raises ConfigError or CorpusError, as the comparison would.
    """
    found = variants(asked, name)
    with tempfile.TemporaryDirectory() as folder:
        steps = planned(corpus, found, Path(folder))
        while True:
            try:
                next(steps)
            except StopIteration as end:
                laid = end.value
                return tuple(map(expected, laid, chosen_apart(laid, asked)))


def expected(laid: PreparedVariant, chosen: dict[str, str]) -> Expected:
    """What to expect of a variant."""
    training = laid.config.training
    epoch_minutes = 0.0  # which does not matter to a run by the clock
    if training.epochs is not None:
        windows = TBPTTBatches(
            laid.data.training, training.batch_size, training.seq_length, training.seed
        )
        config = laid.config
        speed = measured_speed(config.model, training, config.vocab, windows, config.feature_sizes)
        epoch_minutes = tokens_an_epoch(laid.data, training) / speed / 60
    minutes = training.minutes_needed(epoch_minutes)
    return Expected(laid.variant.label, laid.variant.name, laid.config.parameters, minutes, chosen)
