"""The state of a run for an exact resume, stored in one file."""

import dataclasses
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from seqgen.checkpoint.config import Config
from seqgen.checkpoint.layout import EXPORT, RESUME, STATE
from seqgen.checkpoint.upgrade import RENAMED_STATE
from seqgen.config.resolved import TrainSpec
from seqgen.errors import CheckpointError
from seqgen.io.arrays import SPARE_BYTES, read_arrays, write_arrays
from seqgen.models.architecture import state_shapes


@dataclass
class TrainState:
    """The progress of a run, in JSON types; its weights and moments are stored beside it.

    Attributes:
        step: Number of steps done.
        epoch, window: The next batch.
        seconds: Time of training so far.
        lr_scale: Factor of the learning rate due to recoveries.
        recoveries: Number of recoveries.
        best: Lowest validation loss so far.
        evals_since_best: Number of evaluations since then.
        evaluations: Number of evaluations.
        evaluated_at: Time of the latest evaluation, in seconds of training.
        eval_seconds: Duration of an evaluation; 0 if unknown.
        mean_loss: Smoothed training loss.
        metrics, samples: Bytes written to ``metrics.jsonl`` and ``samples.txt``.
        epochs, minutes: Maximum length of the run, infinite for no limit (null in JSON). `epochs`
            becomes infinite once `minutes` is known to be the shorter.
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
    epochs: float = math.inf
    minutes: float = math.inf

    @classmethod
    def start(cls, training: TrainSpec) -> Self:
        """Return the state before the first step of a run."""
        state = cls()
        state.set_length(training)
        return state

    def set_length(self, training: TrainSpec) -> None:
        """Take the length of the run from its options."""
        self.epochs = math.inf if training.epochs is None else training.epochs
        self.minutes = math.inf if training.minutes is None else training.minutes


def save(path: Path, position: TrainState, arrays: dict[str, np.ndarray]) -> None:
    """Write the state of a run into its checkpoint; raise CheckpointError if that fails."""
    numbers = dataclasses.asdict(position).items()
    data = {name: None if value == math.inf else value for name, value in numbers}
    write_arrays(path / RESUME / STATE, arrays, {"position": json.dumps(data)})


def resumable(path: Path) -> bool:
    """Return whether a checkpoint contains the state of a run."""
    return (path / RESUME / STATE).exists()


def most_bytes(config: Config) -> int:
    """Return the largest size of a run's state."""
    model, vocab = config.model, config.vocab
    # Weights, averages and two moments; the states of all streams; the sums of a ridge readout.
    states = config.training.batch_size * sum(map(math.prod, state_shapes(model).values()))
    inputs = 1 + sum(model.units) + model.embedding
    ridge = 2 * inputs * (inputs + vocab) if model.cell_options.get("readout") == "ridge" else 0
    return 4 * (4 * config.parameters + states + ridge) + SPARE_BYTES


def read(path: Path, config: Config | None = None) -> tuple[TrainState, dict[str, np.ndarray]]:
    """Read the state of a run.

    Args:
        path: The checkpoint.
        config: Its configuration, by which the size of the file is bounded before it is read.

    Raises:
        CheckpointError: If the checkpoint has no state, or a damaged one.
    """
    file = path / RESUME / STATE
    if not resumable(path):
        if (path / EXPORT).exists():
            raise CheckpointError(
                f"{path} is an exported copy, which has no training state to resume; "
                "train a new model with `seqgen train SOURCE`"
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
    """Parse a state from JSON. Raises ValueError or TypeError for a value of another type."""
    data = dict(data)
    for old, new in RENAMED_STATE.items():
        if old in data:
            data[new] = data.pop(old)
    # Earlier versions stored a limit that seqgen chose under another name.
    max_minutes = data.pop("most_minutes", None)
    if max_minutes is not None:
        data["minutes"] = max_minutes
    for name in ("epochs", "minutes"):
        if data.get(name) is None:
            data[name] = math.inf
    state = TrainState(**data)
    for field in dataclasses.fields(TrainState):
        value, default = getattr(state, field.name), field.default
        if isinstance(default, int):
            valid = type(value) is int
        else:
            valid = value in (None, default) or math.isfinite(value)
        if not valid or (value is not None and value < 0):
            raise ValueError(f"{field.name} is {value!r}")
    return state
