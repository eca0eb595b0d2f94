"""Resolved options: the data, the model, its training and sampling, after all choices are made.

`seqgen.training.autoconfig.resolve` creates those of a run from the requested options, and
``config.json`` stores them. What is still ``None`` is a feature that is off.
"""

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self, get_type_hints

from seqgen.config.fields import Options, validate
from seqgen.config.options import DataOptions, ModelOptions, SamplingOptions, TrainingOptions
from seqgen.errors import ConfigError

CELL_OPTIONS = "cell_options"


class _Spec:
    """Base of the specs: checks each value against the option of the same name."""

    requested: ClassVar[type[Options]]

    def __post_init__(self) -> None:
        metadata = {f.name: f.metadata for f in fields(self.requested)}  # type: ignore[arg-type]
        hints = get_type_hints(type(self))
        for f in fields(self):  # type: ignore[arg-type]
            if f.name in metadata:
                value = validate(f.name, getattr(self, f.name), hints[f.name], metadata[f.name])
                object.__setattr__(self, f.name, value)

    @classmethod
    def of(cls, options: Options, **chosen: Any) -> Self:
        """Combine the options with what was chosen for those without a value.

        Raises:
            ConfigError: If an option still has no value.
        """
        values = {f.name: getattr(options, f.name) for f in fields(cls)}  # type: ignore[arg-type]
        return cls(**values | chosen)


@dataclass(frozen=True)
class DataSpec(_Spec):
    """How a corpus becomes tokens: `DataOptions` with a tokenizer."""

    requested = DataOptions

    tokenizer: str
    vocab_size: int | None = None
    documents: str = DataOptions.documents
    transpose: str = DataOptions.transpose
    voice: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        DataOptions(documents=self.documents)  # checks that it can separate documents


@dataclass(frozen=True)
class SamplingSpec(_Spec):
    """How the next token is chosen: `SamplingOptions` with a temperature."""

    requested = SamplingOptions

    temperature: float
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    repetition_penalty: float = SamplingOptions.repetition_penalty


@dataclass(frozen=True)
class ModelSpec(_Spec):
    """The network: an embedding, recurrent layers, an output layer.

    The fields are those of `seqgen.config.options.ModelOptions`, with these differences.

    Attributes:
        units: Units of each layer, bottom to top.
        cell_options: The options that belong to this cell alone, by name
            (`seqgen.models.cells.base.Cell.option_defaults`).
        norm: What normalises each layer's input; None for nothing.
    """

    requested = ModelOptions

    cell: str
    units: tuple[int, ...]
    embedding: int
    residual: bool = False
    dense: bool = False
    norm: str | None = None
    tie_embeddings: bool = False
    dropout: float = 0.0
    embedding_dropout: float = 0.0
    variational: bool = False
    recurrent_dropout: float = 0.0
    cell_options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        ModelOptions(
            layers=self.layers,
            residual=self.residual,
            dense=self.dense,
            tie_embeddings=self.tie_embeddings,
        )  # for their bounds and the rules across them
        metadata = {f.name: f.metadata for f in fields(ModelOptions)}
        hints = get_type_hints(ModelOptions)
        checked = {}
        for name, value in self.cell_options.items():
            if name not in metadata:
                raise ConfigError(f"cell_options: there is no option {name!r}")
            checked[name] = validate(name, value, hints[name], metadata[name])
        object.__setattr__(self, "cell_options", checked)

    @property
    def layers(self) -> int:
        """The number of recurrent layers."""
        return len(self.units)

    def flat(self) -> dict[str, Any]:
        """Every option by name, those of the cell among them."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name != CELL_OPTIONS}
        return own | dict(self.cell_options)


@dataclass(frozen=True)
class TrainSpec(_Spec):
    """How the network is trained, and for how long.

    The fields are those of `seqgen.config.options.TrainingOptions`, with these differences.

    Attributes:
        epochs: Maximum number of epochs; None for no limit. The run ends at the first limit.
        minutes: Maximum duration; None for no limit.
        clip_norm: Largest global norm of the gradient; None if `clip_value` clips it instead.
        clip_value: Largest absolute value of a gradient; None if `clip_norm` clips it instead.
        precision: ``"auto"`` follows the machine that trains (`seqgen.models.tf_runtime`).
        threads: None for one per core of the machine that trains.
    """

    requested = TrainingOptions

    preset: str
    seq_length: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    epochs: float | None = None
    minutes: float | None = None
    truncate: str = TrainingOptions.truncate
    weight_averaging: float = TrainingOptions.weight_averaging
    warmup: float = TrainingOptions.warmup
    clip_norm: float | None = None
    clip_value: float | None = None
    patience: int = TrainingOptions.patience
    evaluations: int = TrainingOptions.evaluations
    beta_1: float = TrainingOptions.beta_1
    beta_2: float = TrainingOptions.beta_2
    save_every: float = TrainingOptions.save_every
    precision: str = TrainingOptions.precision
    threads: int | None = None
    seed: int = TrainingOptions.seed

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.epochs is None and self.minutes is None:
            raise ConfigError("a run needs a length: `epochs` or `minutes`")
        if (self.clip_norm is None) == (self.clip_value is None):
            raise ConfigError("exactly one of `clip_norm` and `clip_value` clips the gradient")

    def minutes_needed(self, epoch_minutes: float) -> float:
        """Return the minutes until the first limit, if an epoch takes `epoch_minutes`."""
        by_epochs = None if self.epochs is None else self.epochs * epoch_minutes
        return min(limit for limit in (self.minutes, by_epochs) if limit is not None)
