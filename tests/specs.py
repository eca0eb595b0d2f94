"""Model and training specs for tests."""

from typing import Any

from seqgen.config.options import ModelOptions
from seqgen.config.resolved import ModelSpec, TrainSpec
from seqgen.models import cells
from seqgen.models.architecture import resolve_model


def model_spec(**options: Any) -> ModelSpec:
    """Spec of a network, by default one layer of 8 units on an embedding of 6."""
    given = ModelOptions(**{"units": (8,), "embedding": 6, **options})
    return resolve_model(given, cells.resolve_options(given))


def train_spec(**options: Any) -> TrainSpec:
    """Training spec, by default without weight decay."""
    defaults: dict[str, Any] = {
        "preset": "small", "seq_length": 8, "batch_size": 2, "learning_rate": 0.01,
        "weight_decay": 0.0, "epochs": 1.0,
    }  # fmt: skip
    if "clip_value" not in options:
        defaults["clip_norm"] = 1.0
    if "minutes" in options:
        del defaults["epochs"]
    return TrainSpec(**defaults | options)


def specs(**options: Any) -> tuple[ModelSpec, TrainSpec]:
    """Both specs, from options of either."""
    training = {n: v for n, v in options.items() if n in TrainSpec.__dataclass_fields__}
    return (
        model_spec(**{n: v for n, v in options.items() if n not in training}),
        train_spec(**training),
    )
