"""What an exact resume needs, in one file that is replaced whole."""

import dataclasses
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seqgen.checkpoint.config import Config
from seqgen.checkpoint.layout import EXPORT, RESUME, STATE
from seqgen.checkpoint.upgrade import RENAMED_STATE
from seqgen.errors import CheckpointError
from seqgen.io.arrays import SPARE_BYTES, read_arrays, write_arrays
from seqgen.models.architecture import state_shapes


@dataclass
class TrainState:
    """Where a run stands, beside its arrays; plain numbers, so that it is JSON.

    seconds: of training so far, by the clock. epoch, window: what is read next.
    lr_scale: what recoveries have made of the step size. recoveries: how many there were.
    best: lowest validation loss so far. evals_since_best: evaluations since then.
    evaluations: how many there were. cost: seconds that one takes, once that is known.
    mean_loss: training loss, smoothed.
    metrics, samples: bytes of the two files that were written until then.
    epochs, minutes: how long the run is; of both, the epochs as long as they are shorter.
    """

    step: int = 0
    epoch: int = 0
    window: int = 0
    seconds: float = 0.0
    lr_scale: float = 1.0
    recoveries: int = 0
    best: float | None = None
    evals_since_best: int = 0
    evaluations: int = 0
    evaluated_at: float = 0.0
    eval_seconds: float = 0.0
    mean_loss: float | None = None
    metrics: int | None = None
    samples: int | None = None
    epochs: float | None = None
    minutes: float | None = None


def save(path: Path, position: TrainState, arrays: dict[str, np.ndarray]) -> None:
    """Write the state of a run into its checkpoint. Raises CheckpointError if it cannot be."""
    words = {"position": json.dumps(dataclasses.asdict(position))}
    write_arrays(path / RESUME / STATE, arrays, words)


def resumable(path: Path) -> bool:
    """Whether a checkpoint holds the state of a run."""
    return (path / RESUME / STATE).exists()


def most_bytes(config: Config) -> int:
    """That the state of such a run may take."""
    model, vocab = config.model, config.vocab
    # Weights, their average, two moments; the states of all streams; the sums of a ridge readout.
    states = config.training.batch_size * sum(map(math.prod, state_shapes(model).values()))
    inputs = 1 + sum(model.units) + model.embedding
    ridge = 2 * inputs * (inputs + vocab) if model.cell_options.get("readout") == "ridge" else 0
    return 4 * (4 * config.parameters + states + ridge) + SPARE_BYTES


def read(path: Path, config: Config | None = None) -> tuple[TrainState, dict[str, np.ndarray]]:
    """Read what `save` wrote.

    config: by which its size is bounded before it is read.
    Raises CheckpointError if the checkpoint holds no such state, or a damaged one.
    """
    file = path / RESUME / STATE
    if not resumable(path):
        if (path / EXPORT).exists():
            raise CheckpointError(
                f"{path} is a copy to sample from, without the state that a run goes on from; "
                "train one of your own with `seqgen train SOURCE`"
            )
        raise CheckpointError(
            f"{path} has no training state to resume; start over with `overwrite=True`"
        )
    arrays, words = read_arrays(file, max_bytes=most_bytes(config) if config else None)
    try:
        return position(json.loads(words["position"])), arrays
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{file} is damaged ({error}); start over with `overwrite=True`"
        ) from error


def position(data: Any) -> TrainState:
    """A position from JSON, each number of its type. Raises ValueError or TypeError."""
    data = dict(data)
    for old, new in RENAMED_STATE.items():
        if old in data:
            data[new] = data.pop(old)
    # A run that an earlier version began held the bound on the length that seqgen chose apart.
    most = data.pop("most_minutes", None)
    if most is not None:
        data["minutes"] = most
    found = TrainState(**data)
    for field in dataclasses.fields(TrainState):
        value, default = getattr(found, field.name), field.default
        whole = isinstance(default, int)
        right = type(value) is int if whole else value is None or math.isfinite(value)
        if not right or (value is not None and value < 0):
            raise ValueError(f"{field.name} is {value!r}")
    return found
