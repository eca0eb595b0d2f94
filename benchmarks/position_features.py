"""Effect of position features on a model of tunes.

    python -m benchmarks.position_features CORPUS EPOCHS [--features NAME ...] [--units 512]

trains the same network on the same tunes with several sets of position features
(`seqgen.music.normal.position_features`), and prints bits per note on the validation tunes.
"""

import argparse
import math
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from seqgen.config.options import RunOptions
from seqgen.data.batching import TBPTTBatches
from seqgen.data.corpora import open_corpus
from seqgen.data.dataset import Dataset, prepare
from seqgen.data.tokenizers.base import END
from seqgen.models import tf_runtime
from seqgen.music.normal.position_features import LAGS
from seqgen.training.autoconfig import PRESETS, resolve_for
from seqgen.training.schedule import learning_rate


def feature_sets(count: int) -> dict[str, list[int]]:
    """Return the columns of each set of features, by its name."""
    back = range(count - len(LAGS), count)
    position = list(range(count - len(LAGS)))
    four, eight = back[LAGS.index(4)], back[LAGS.index(8)]
    return {
        "none": [],
        "position": position,
        "position, token 4 bars before": [*position, four],
        "position, tokens 4 and 8 bars before": [*position, four, eight],
        "tokens 1, 2, 4 and 8 bars before": list(back),
        "all": list(range(count)),
    }


def bits_per_note(data: Dataset, columns: list[int], epochs: int, units: int | None) -> float:
    """Train a network for a number of epochs; return its bits per note on the validation tunes."""
    from seqgen.training.trainer import Trainer

    kept = [0, *(1 + column for column in columns)]
    training, validation = (
        np.ascontiguousarray(part[:, kept] if columns else part[:, 0])
        for part in (data.training, data.validation)
    )
    own_options = {"units": (units,)} if units else {}
    requested = RunOptions.of({"epochs": float(epochs), **own_options})
    vocab = data.tokenizer.size
    run = resolve_for(requested, "abc", len(training), vocab)
    options = run.training
    feature_sizes = tuple(data.feature_sizes[column] for column in columns)
    trainer = Trainer(run.model, options, vocab, END, feature_sizes)
    batches = TBPTTBatches(training, options.batch_size, options.seq_length, 0)
    for epoch in range(epochs):
        for step in range(batches.steps):
            number = epoch * batches.steps + step
            done = number / batches.steps / epochs
            rate = learning_rate(done, number, options.learning_rate, options.warmup)
            trainer.step(batches.read(epoch, step), rate)
        trainer.reset()
    loss, tokens = trainer.measure(validation)
    assert data.facts
    return loss * tokens / data.facts.validation_notes / math.log(2)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus")
    parser.add_argument("epochs", type=int)
    parser.add_argument("--features", nargs="+", help="names of feature sets; all by default")
    parser.add_argument("--units", type=int, help="of each layer; chosen by seqgen by default")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        options = RunOptions()
        data = prepare(open_corpus([args.corpus]), options.data, Path(folder))
        tf_runtime.load(PRESETS["tunes"].batch_size)
        print(f"| features | bits per note, {args.corpus}, {args.epochs} epochs |")
        print("|---|---|")
        for name, columns in feature_sets(len(data.feature_sizes)).items():
            if args.features is None or name in args.features:
                bits = bits_per_note(data, columns, args.epochs, args.units)
                print(f"| {name} | {bits:.3f} |", flush=True)


if __name__ == "__main__":
    main()
