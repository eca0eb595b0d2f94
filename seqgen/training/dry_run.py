"""What a run would be, without running it: the network, its memory, its speed and its time."""

import math
import statistics
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seqgen.config.options import RunOptions
from seqgen.data.batching import TBPTTBatches
from seqgen.data.corpora import Corpus
from seqgen.data.corpora.units import summary
from seqgen.data.dataset import prepare
from seqgen.models import cells, tf_runtime
from seqgen.models.architecture import layer_names, weight_shapes
from seqgen.training.autoconfig import check_names, memory_bytes, parameters
from seqgen.training.fitted import fitted
from seqgen.training.memory import memory_errors

TIMED_STEPS = 5


@dataclass(frozen=True)
class LayerRow:
    """A layer of the stack: its output's shape [T, B, width] and its weights' shapes by name."""

    name: str
    kind: str
    output: tuple[int, ...]
    weights: dict[str, tuple[int, ...]]
    parameters: int


@dataclass(frozen=True)
class Estimate:
    """What `seqgen train` would do with the same options.

    minutes: how long the whole run would take on this machine, at the speed of a few steps that
        were timed and thrown away.
    memory_bytes: about how much memory it would take.
    notices: what the user should know of the corpus.
    """

    corpus: str
    options: RunOptions
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
        """Everything, in plain JSON types."""
        return asdict(self)


def estimate(corpus: Corpus, options: RunOptions) -> Estimate:
    """Plan a run on a corpus, time a few of its steps, and throw them away.

    Raises ConfigError or CorpusError, as training would.
    """
    check_names(options)
    with tempfile.TemporaryDirectory() as folder:
        data = prepare(corpus, options.data, Path(folder))
        vocab = data.tokenizer.size
        chosen = fitted(options, data)
        training = chosen.options.training
        assert training.batch_size
        assert training.seq_length
        windows = TBPTTBatches(
            data.training, training.batch_size, training.seq_length, training.seed
        )
        speed = measured_speed(chosen.options, vocab, windows, data.feature_sizes)
    cut = []
    if data.held_out and data.unit:
        cut.append(summary(data.documents, data.unit, data.held_out))
    tokens_per_epoch = windows.steps * training.batch_size * training.seq_length
    epochs = math.inf if training.epochs is None else training.epochs
    minutes = epochs * tokens_per_epoch / speed / 60
    if training.minutes is not None:
        minutes = min(minutes, training.minutes)
    return Estimate(
        corpus=corpus.name,
        options=chosen.options,
        reasons=(*cut, *chosen.reasons),
        layers=layer_rows(chosen.options, vocab, data.feature_sizes),
        parameters=parameters(chosen.options.model, vocab, data.feature_sizes),
        vocab=vocab,
        tokens_per_epoch=tokens_per_epoch,
        steps_per_epoch=windows.steps,
        epochs=60 * minutes * speed / tokens_per_epoch,
        tokens_per_second=speed,
        minutes=minutes,
        memory_bytes=memory_bytes(chosen.options, vocab),
        notices=(*corpus.notices, *data.notices),
    )


def measured_speed(
    options: RunOptions, vocab: int, windows: TBPTTBatches, feature_sizes: tuple[int, ...] = ()
) -> float:
    """Training tokens a second on this machine: the median of a few steps after the first."""
    tf_runtime.load(options.training)
    from seqgen.training.ridge import trainer_for

    seconds = []
    with memory_errors():
        learner = trainer_for(options.model)(options, vocab, feature_sizes=feature_sizes)
        for _ in range(TIMED_STEPS + 1):
            began = time.perf_counter()
            learner.step(windows.read(0, 0), 1e-6)
            seconds.append(time.perf_counter() - began)
    return windows.batch_size * windows.seq_length / statistics.median(seconds[1:])


def layer_rows(
    options: RunOptions, vocab: int, feature_sizes: tuple[int, ...] = ()
) -> tuple[LayerRow, ...]:
    """The stack, bottom to top."""
    stack, training = options.model, options.training
    kinds = {name: cells.find(stack.cell).title for name in layer_names(stack)}
    inputs = {"embedding": "Embedding"} | ({"places": "Embedding"} if feature_sizes else {})
    kinds = {**inputs, **kinds, "output": "Dense"}
    widths = (*[stack.embedding or 0] * len(inputs), *stack.widths, vocab)
    shapes = weight_shapes(stack, vocab, feature_sizes)
    rows = []
    for (name, kind), width in zip(kinds.items(), widths, strict=True):
        own = {
            weight.removeprefix(f"{name}/"): shape
            for weight, shape in shapes.items()
            if weight.startswith(f"{name}/")
        }
        output = (training.seq_length or 0, training.batch_size or 0, width)
        rows.append(LayerRow(name, kind, output, own, sum(map(math.prod, own.values()))))
    return tuple(rows)
