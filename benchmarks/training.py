"""Training speed of one program at one size.

``python -m benchmarks.training PROGRAM CELL LAYERS UNITS EMBEDDING WINDOW BATCH`` prints tokens per
second: the median over steps after warm-up. Programs: seqgen, keras (stock layers and ``fit``),
torch-float32, torch-bfloat16 (autocast). Each uses the GPU if there is one.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np

VOCAB = 65
WARM_UP, TIMED = 3, 8


@dataclass(frozen=True)
class Size:
    """Sizes of a network and of its batches."""

    cell: str
    layers: int
    units: int
    embedding: int
    window: int
    batch: int

    def __str__(self) -> str:
        return (
            f"{self.cell.upper()} {self.layers}×{self.units}, embedding {self.embedding}, "
            f"window {self.window}, batch {self.batch}"
        )

    @property
    def arguments(self) -> tuple[object, ...]:
        """Arguments of a benchmark for this size."""
        return (self.cell, self.layers, self.units, self.embedding, self.window, self.batch)

    @property
    def flops_per_token(self) -> int:
        """FLOPs of the matrix products: two per weight forward, four backward."""
        gates = {"lstm": 4, "gru": 3, "rnn": 1}[self.cell]
        weights = sum(gates * self.units * (width + self.units) for width in self.inputs)
        return 6 * (weights + self.units * VOCAB)

    @property
    def inputs(self) -> list[int]:
        """Width of each layer's input."""
        return [self.embedding, *[self.units] * (self.layers - 1)]


def add_size(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of a size, in the order of its fields."""
    for field in fields(Size):
        parser.add_argument(field.name, type=str if field.name == "cell" else int)


def parse_size(args: argparse.Namespace) -> Size:
    return Size(*(getattr(args, field.name) for field in fields(Size)))


def tokens() -> np.ndarray:
    return np.random.default_rng(0).integers(0, VOCAB, 2_000_000).astype(np.uint8)


def timed(step: Callable[[], object], size: Size) -> float:
    """Return the tokens per second of a step."""
    seconds = []
    for _ in range(WARM_UP + TIMED):
        began = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - began)
    return size.batch * size.window / statistics.median(seconds[WARM_UP:])


def seqgen(size: Size) -> float:
    return timed(prepare_step(size), size)


def prepare_step(size: Size) -> Callable[[], object]:
    """Return a training step of seqgen."""
    from seqgen.config.options import RunOptions
    from seqgen.data.batching import TBPTTBatches
    from seqgen.models import tf_runtime
    from seqgen.training.autoconfig import resolve_for

    options = RunOptions.of(
        {
            "cell": size.cell,
            "layers": size.layers,
            "units": (size.units,),
            "embedding": size.embedding,
            "seq_length": size.window,
            "batch_size": size.batch,
            "dropout": 0.0,
        }
    )
    run = resolve_for(options, "char", 10**7, VOCAB)
    tf_runtime.load(size.batch)
    from seqgen.training.trainer import Trainer

    trainer = Trainer(run.model, run.training, VOCAB)
    windows = TBPTTBatches(tokens(), size.batch, size.window, seed=0)
    steps = iter(range(10**6))

    def step() -> None:
        number = next(steps)
        trainer.step(windows.read(0, number), 1e-3)

    return step


def keras(size: Size) -> float:
    import os

    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    from seqgen.privacy import keras_import

    with keras_import():
        import keras
        import tensorflow as tf

    kind = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "rnn": keras.layers.SimpleRNN}
    recurrent = [kind[size.cell](size.units, return_sequences=True) for _ in range(size.layers)]
    model = keras.Sequential(
        [keras.layers.Embedding(VOCAB, size.embedding), *recurrent, keras.layers.Dense(VOCAB)]
    )
    optimiser = keras.optimizers.Adam(1e-3, clipnorm=1.0)
    model.compile(optimiser, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    stream = tokens().astype(np.int32)
    count = size.batch * (size.window + 1) * TIMED
    rows = stream[:count].reshape(-1, size.window + 1)
    data = tf.data.Dataset.from_tensor_slices((rows[:, :-1], rows[:, 1:]))
    data = data.batch(size.batch).prefetch(2)
    model.fit(data.take(WARM_UP), verbose=0, shuffle=False)
    began = time.perf_counter()
    model.fit(data, verbose=0, shuffle=False)
    return size.batch * size.window * TIMED / (time.perf_counter() - began)


def torch(size: Size, autocast: bool) -> float:
    import torch
    from torch import nn

    device = "cuda" if torch.cuda.is_available() else "cpu"
    kind = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[size.cell]
    embedding = nn.Embedding(VOCAB, size.embedding).to(device)
    recurrent = kind(size.embedding, size.units, size.layers).to(device)
    output = nn.Linear(size.units, VOCAB).to(device)
    weights = [*embedding.parameters(), *recurrent.parameters(), *output.parameters()]
    optimiser = torch.optim.Adam(weights, 1e-3)
    stream = torch.from_numpy(tokens().astype(np.int64)).to(device)
    lane = len(stream) // size.batch
    starts = torch.arange(size.batch, device=device) * lane
    rows = torch.arange(size.window + 1, device=device)[:, None] + starts
    state: tuple[torch.Tensor, ...] | torch.Tensor | None = None
    steps = iter(range(10**6))

    def step() -> None:
        nonlocal state
        ids = stream[rows + next(steps) * size.window]
        with torch.autocast(device, torch.bfloat16, enabled=autocast):
            y, state = recurrent(embedding(ids[:-1]), state)
            loss = nn.functional.cross_entropy(output(y).reshape(-1, VOCAB), ids[1:].reshape(-1))
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
        loss.item()

    return timed(step, size)


PROGRAMS: dict[str, Callable[[Size], float]] = {
    "seqgen": seqgen,
    "keras": keras,
    "torch-float32": lambda size: torch(size, autocast=False),
    "torch-bfloat16": lambda size: torch(size, autocast=True),
}


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", choices=PROGRAMS)
    add_size(parser)
    args = parser.parse_args(argv)
    print(PROGRAMS[args.program](parse_size(args)))


if __name__ == "__main__":
    main()
