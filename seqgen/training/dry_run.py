"""Estimate a run without training: the network, its memory, speed and duration."""

import math
import statistics
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seqgen.config.options import RunOptions
from seqgen.config.resolved import ModelSpec, TrainSpec
from seqgen.data.batching import TBPTTBatches
from seqgen.data.corpora import Corpus
from seqgen.data.corpora.units import summary
from seqgen.data.dataset import prepare
from seqgen.models import cells, tf_runtime
from seqgen.models.architecture import count_parameters, layer_names, select_layer, weight_shapes
from seqgen.training.autoconfig import check_names, resolve
from seqgen.training.memory import memory_bytes, memory_errors

TIMED_STEPS = 5


@dataclass(frozen=True)
class LayerRow:
    """A layer of the model, with the shapes of its output [T, B, width] and weights."""

    name: str
    kind: str
    output: tuple[int, ...]
    weights: dict[str, tuple[int, ...]]
    parameters: int


@dataclass(frozen=True)
class Estimate:
    """What `seqgen train` would do with the same options.

    Attributes:
        minutes: Duration of the whole run on this machine, at the speed of a few steps.
        memory_bytes: Estimated memory.
        notices: What the user should know about the corpus.
    """

    corpus: str
    model: ModelSpec
    training: TrainSpec
    reasons: tuple[str, ...]
    layers: tuple[LayerRow, ...]
    parameters: int
    vocab: int
    tokens_per_epoch: int
    steps_per_epoch: int
    epochs: float
    tokens_per_second: float
    minutes: float
    memory_bytes: int
    notices: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return all fields in JSON types."""
        return asdict(self)


def estimate(corpus: Corpus, options: RunOptions) -> Estimate:
    """Resolve the options of a run on a corpus, and time a few steps of it.

    Raises:
        ConfigError, CorpusError, TrainingError: As training would.
    """
    check_names(options)
    with tempfile.TemporaryDirectory() as folder:
        data = prepare(corpus, options.data, Path(folder))
        vocab = data.tokenizer.size
        run = resolve(options, data)
        model, training = run.model, run.training
        windows = TBPTTBatches(
            data.training, training.batch_size, training.seq_length, training.seed
        )
        speed = measure_speed(model, training, vocab, windows, data.feature_sizes)
    reasons = list(run.reasons)
    if data.held_out and data.unit:
        reasons.insert(0, summary(data.documents, data.unit, data.held_out))
    tokens_per_epoch = windows.steps * training.batch_size * training.seq_length
    minutes = training.minutes_needed(tokens_per_epoch / speed / 60)
    return Estimate(
        corpus=corpus.name,
        model=model,
        training=training,
        reasons=tuple(reasons),
        layers=layer_rows(model, training, vocab, data.feature_sizes),
        parameters=count_parameters(model, vocab, data.feature_sizes),
        vocab=vocab,
        tokens_per_epoch=tokens_per_epoch,
        steps_per_epoch=windows.steps,
        epochs=60 * minutes * speed / tokens_per_epoch,
        tokens_per_second=speed,
        minutes=minutes,
        memory_bytes=memory_bytes(model, training, vocab),
        notices=(*corpus.notices, *data.notices),
    )


def measure_speed(
    model: ModelSpec,
    training: TrainSpec,
    vocab: int,
    windows: TBPTTBatches,
    feature_sizes: tuple[int, ...] = (),
) -> float:
    """Measure training tokens per second: the median of a few steps after the first."""
    tf_runtime.load(training.batch_size, training.threads)
    from seqgen.training.ridge import trainer_for

    seconds = []
    with memory_errors():
        trainer = trainer_for(model)(model, training, vocab, feature_sizes=feature_sizes)
        for _ in range(TIMED_STEPS + 1):
            start_time = time.perf_counter()
            trainer.step(windows.read(0, 0), 1e-6)
            seconds.append(time.perf_counter() - start_time)
    return windows.batch_size * windows.seq_length / statistics.median(seconds[1:])


def layer_rows(
    model: ModelSpec, training: TrainSpec, vocab: int, feature_sizes: tuple[int, ...] = ()
) -> tuple[LayerRow, ...]:
    """Return the layers of the model, bottom to top."""
    kinds = {name: cells.find(model.cell).title for name in layer_names(model)}
    inputs = {"embedding": "Embedding"} | ({"places": "Embedding"} if feature_sizes else {})
    kinds = {**inputs, **kinds, "output": "Dense"}
    widths = (*[model.embedding] * len(inputs), *model.units, vocab)
    shapes = weight_shapes(model, vocab, feature_sizes)
    rows = []
    for (name, kind), width in zip(kinds.items(), widths, strict=True):
        own = select_layer(shapes, name)
        output = (training.seq_length, training.batch_size, width)
        rows.append(LayerRow(name, kind, output, own, sum(map(math.prod, own.values()))))
    return tuple(rows)
