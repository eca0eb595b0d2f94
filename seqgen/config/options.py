"""All options of seqgen: name, type, default, bounds and help.

The command line, the ``--config`` file, the library's keyword arguments and the checkpoint's
``config.json`` are derived from these dataclasses. With ``None`` seqgen chooses a value by the size
of the data and the speed of the machine (`seqgen.training.autoconfig`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from seqgen.config.fields import Options, option
from seqgen.errors import ConfigError, unknown_name

# Precisions of matrix products in the generation graph.
INT8 = "int8"
FLOAT32 = "float32"
PRECISIONS = (INT8, FLOAT32)

# Units of documents of a text; any other value is a line that separates two.
AUTO = "auto"
FILE = "file"
LINE = "line"
BLANK_LINE = "blank-line"
BLANK_LINES = "blank-lines"
MAX_TITLE = 200
UNITS = (AUTO, FILE, LINE, BLANK_LINE, BLANK_LINES)


@dataclass(frozen=True)
class DataOptions(Options):
    """Data."""

    tokenizer: str | None = option(
        None, "Token type.", names="tokenizers", default_text="abc for tunes, char for text"
    )
    vocab_size: int | None = option(
        None, "Vocabulary size of word and subword tokenizers.", least=2, most=1_000_000
    )
    documents: str = option(AUTO, "Document unit or separator line.", names="documents")
    transpose: str = option(
        "common", "Transposition of training tunes.", choices=("common", "none", "augment")
    )
    voice: str | None = option(
        None, "Voice (V:) to train on.", default_text="the first", advanced=True
    )

    def check(self) -> None:
        separator = self.documents
        if not separator.strip() or separator != separator.strip() or not separator.isprintable():
            raise ConfigError(
                f"{separator!r} cannot separate documents; give the characters of the line "
                "without spaces at its ends",
                option="documents",
            )


@dataclass(frozen=True)
class ModelOptions(Options):
    """Model."""

    cell: str = option("lstm", "Recurrent cell.", names="cells")
    layers: int | None = option(None, "Number of recurrent layers.", least=1, most=8)
    units: tuple[int, ...] | None = option(
        None, "Units per layer: one value, or one for each.", least=1, most=16_384
    )
    embedding: int | None = option(None, "Width of the token embedding.", least=1, most=16_384)
    residual: bool = option(False, "Add the input of each layer to its output.")
    dense: bool = option(False, "Feed each layer the outputs of all layers below.", advanced=True)
    norm: str | None = option(
        None, "Normalise the input of each layer.", choices=("layer", "batch")
    )
    tie_embeddings: bool = option(False, "Share weights of embedding and output layer.")
    bidirectional: bool = option(False, "Rejected: text is generated left to right.", advanced=True)
    dropout: float | None = option(None, "Dropout rate between layers.", least=0.0, most=0.95)
    embedding_dropout: float | None = option(
        None, "Dropout rate of the embedding.", least=0.0, most=0.95, advanced=True
    )
    variational: bool = option(
        False, "Use one dropout mask for all steps of a sequence.", advanced=True
    )
    recurrent_dropout: float = option(
        0.0, "Dropout rate of recurrent weights.", least=0.0, most=0.95, advanced=True
    )
    activation: str | None = option(
        None,
        "Activation function.",
        choices=("tanh", "sigmoid", "relu", "linear"),
        default_text="tanh",
        advanced=True,
    )
    recurrent_init: str | None = option(
        None,
        "Recurrent initialiser.",
        choices=("orthogonal", "identity", "glorot"),
        default_text="orthogonal",
        advanced=True,
    )
    forget_bias: float | None = option(
        None,
        "Initial bias of LSTM forget gates.",
        least=-20.0,
        most=20.0,
        default_text="1",
        advanced=True,
    )
    reset: str | None = option(
        None,
        "When the GRU resets its state.",
        choices=("before", "after"),
        default_text="after",
        advanced=True,
    )
    tau: str | None = option(
        None, "Time constants of leaky units.", default_text="1:10", advanced=True
    )
    learn_tau: bool = option(False, "Train the time constants of leaky units.", advanced=True)
    delays: tuple[int, ...] | None = option(
        None,
        "Delays of the delay cell.",
        least=1,
        most=1024,
        default_text="1,4,16,64",
        advanced=True,
    )
    spectral_radius: float | None = option(
        None, "Spectral radius of the ESN reservoir.", above=0.0, most=0.99999, advanced=True
    )
    connectivity: float | None = option(
        None, "Share of nonzero ESN reservoir weights.", above=0.0, most=1.0, advanced=True
    )
    input_scale: float | None = option(
        None, "Scale of the ESN input weights.", above=0.0, most=1000.0, advanced=True
    )
    leak: float | None = option(
        None, "Leak rate of the ESN reservoir.", above=0.0, most=1.0, advanced=True
    )
    readout: str | None = option(
        None, "Training of the ESN output layer.", choices=("gradient", "ridge"), advanced=True
    )
    ridge: float | None = option(
        None, "Ridge penalty of `readout='ridge'`.", above=0.0, most=1e9, advanced=True
    )

    def check(self) -> None:
        if self.layers and self.units and len(self.units) not in (1, self.layers):
            raise ConfigError(
                f"has {len(self.units)} values for `layers={self.layers}`; give one value, or one "
                "per layer",
                option="units",
            )
        if self.bidirectional:
            raise ConfigError(
                "a bidirectional layer reads the tokens after each token, which do not exist yet "
                "when text is generated left to right; it is for encoders of whole texts, as in "
                "tagging or translation",
                option="bidirectional",
            )
        if self.residual and self.dense:
            raise ConfigError(
                "cannot be combined with `residual`: both are skip connections", option="dense"
            )
        if self.tie_embeddings and self.dense:
            raise ConfigError(
                "cannot be combined with `dense`, where the output layer reads all layers and not "
                "vectors as wide as the embedding",
                option="tie_embeddings",
            )


@dataclass(frozen=True)
class TrainingOptions(Options):
    """Training."""

    preset: str | None = option(None, "Size of the model and its batches.", names="presets")
    minutes: float | None = option(
        None, "Stop after this many minutes of training.", above=0.0, most=100_000.0
    )
    epochs: float | None = option(None, "Stop after this many epochs.", above=0.0, most=1e6)
    seq_length: int | None = option(
        None, "Steps of truncated backpropagation through time.", least=1, most=65_536
    )
    truncate: str = option(
        "fixed", "Fixed or random sequence lengths.", choices=("fixed", "random"), advanced=True
    )
    batch_size: int | None = option(None, "Sequences per batch.", least=1, most=65_536)
    learning_rate: float | None = option(None, "Peak learning rate of Adam.", above=0.0, most=10.0)
    weight_decay: float | None = option(
        None, "Decoupled weight decay (AdamW).", least=0.0, most=10.0, advanced=True
    )
    weight_averaging: float = option(
        0.0, "Average weights over this last share.", least=0.0, most=1.0, advanced=True
    )
    warmup: float = option(
        0.02, "Share of training spent on warm-up.", least=0.0, most=1.0, advanced=True
    )
    clip_norm: float | None = option(
        None, "Maximum global gradient norm.", above=0.0, most=1e9, default_text="1", advanced=True
    )
    clip_value: float | None = option(
        None, "Maximum absolute gradient value.", above=0.0, most=1e9, advanced=True
    )
    patience: int = option(8, "Early stopping: evaluations to wait.", least=1, most=1_000_000)
    evaluations: int = option(
        20, "Number of evaluations in the run.", least=1, most=100_000, flag=False
    )
    beta_1: float = option(
        0.9, "Decay rate of Adam's mean gradient.", least=0.0, most=0.9999, flag=False
    )
    beta_2: float = option(
        0.99, "Decay rate of Adam's mean squared gradient.", least=0.0, most=0.999999, flag=False
    )
    save_every: float = option(
        30.0, "Seconds between saves of the training state.", least=0.0, most=60.0, flag=False
    )
    precision: str = option(
        "auto",
        "Precision of matrix products.",
        choices=("auto", "float32", "bfloat16"),
        advanced=True,
    )
    threads: int | None = option(
        None, "CPU threads.", least=1, most=1024, default_text="one per core"
    )
    seed: int = option(0, "Random seed.", least=0, most=2**31 - 1)

    def check(self) -> None:
        if self.clip_norm is not None and self.clip_value is not None:
            raise ConfigError("cannot be combined with `clip_norm`", option="clip_value")


@dataclass(frozen=True)
class ComparisonOptions(Options):
    """Comparison."""

    token_budget: int | None = option(None, "Training tokens per variant.", least=1, most=10**15)


@dataclass(frozen=True)
class SamplingOptions(Options):
    """Sampling."""

    length: int | None = option(
        None, "New tokens.", least=1, most=10**9, default_text="1000 for text, whole tunes"
    )
    temperature: float | None = option(
        None, "Softmax temperature; 0 is greedy.", least=0.0, most=100.0, default_text="0.8-1.1"
    )
    top_k: int | None = option(
        None, "Sample from the K most likely tokens.", least=1, most=1_000_000
    )
    top_p: float | None = option(
        None, "Sample from the smallest set of probability P.", above=0.0, most=1.0
    )
    min_p: float | None = option(
        None,
        "Drop tokens below P times the highest probability.",
        least=0.0,
        most=1.0,
        advanced=True,
    )
    repetition_penalty: float = option(
        1.0, "Penalty on the last 64 tokens.", above=0.0, most=100.0, advanced=True
    )
    count: int = option(1, "Number of samples or tunes.", least=1, most=100_000)
    novel: bool = option(False, "Reject documents of the training corpus.")
    unique: bool = option(False, "Reject documents that were already sampled.")
    loops: bool = option(True, "Let a sample end in a loop.", advanced=True)
    stop: str | None = option(None, "Stop before this text.")
    lines: int | None = option(None, "Stop after this many lines.", least=1, most=10**9)
    seed: int | None = option(
        None, "Random seed.", least=0, most=2**63 - 1, default_text="drawn and printed"
    )
    on_unknown: str = option(
        "error", "Unknown characters in the prompt.", choices=("error", "skip"), advanced=True
    )

    def check(self) -> None:
        if self.stop == "":
            raise ConfigError("needs a text", option="stop")


@dataclass(frozen=True)
class TuneOptions(Options):
    """Tunes."""

    meter: str | None = option(None, "Meter, such as 6/8 or C|.")
    key: str | None = option(None, "Key, such as D, Ador or F#m.")
    mode: str | None = option(None, "Mode on any tonic, such as minor or dorian.")
    rhythm: str | None = option(None, "Tune type, such as jig or reel.")
    bars: str | None = option(None, "Bars without pickups and 2nd endings: 16, or 16-32.")
    form: str | None = option(None, "Sections, doubled where they repeat: AABB, ABAC.")
    part_bars: str | None = option(None, "Bars of each part: 8, or 8,16.", advanced=True)
    refrain: bool = option(False, "End the last section as the first.", advanced=True)
    range: str | None = option(None, "Lowest and highest note, such as D4:B5.")
    for_: str | None = option(None, "Instrument or voice to suit.", names="instruments")
    tonic: bool = option(False, "End on the tonic.")
    title: str | None = option(None, "Title of the tunes; further ones are numbered.")
    grammar: bool = option(True, "Constrain tunes to the grammar.")

    def __post_init__(self) -> None:
        for name in ("bars", "part_bars"):  # numbers are fine too
            value = getattr(self, name)
            if type(value) is int:
                object.__setattr__(self, name, str(value))
        super().__post_init__()

    def check(self) -> None:
        if self.title is None:
            return
        if not self.title.strip():
            raise ConfigError("is empty", option="title")
        if not self.title.isprintable() or len(self.title) > MAX_TITLE:
            raise ConfigError(
                f"is one line of at most {MAX_TITLE} printable characters", option="title"
            )


@dataclass(frozen=True)
class RewriteOptions(Options):
    """Rewriting."""

    tune: str | None = option(None, "Tune to rewrite bars of: ABC, @FILE, or -.")
    rewrite: str | None = option(None, "Bars to rewrite: 5-8,13-16, or gaps (rests or ?).")
    vary: float | None = option(
        None, "Fraction of the bars to rewrite, drawn by the seed.", above=0.0, most=1.0
    )
    candidates: int = option(1, "Number of versions, the likeliest first.", least=1, most=64)


@dataclass(frozen=True)
class RunOptions:
    """All options of `seqgen train`."""

    data: DataOptions = DataOptions()
    model: ModelOptions = ModelOptions()
    training: TrainingOptions = TrainingOptions()

    @classmethod
    def of(cls, overrides: Mapping[str, Any]) -> "RunOptions":
        """Create options from values by name, whichever group they belong to; None is ignored.

        Raises:
            ConfigError: If a name is unknown or a value invalid.
        """
        return cls().with_options(overrides)

    def with_options(self, overrides: Mapping[str, Any]) -> "RunOptions":
        """Replace some options. Raises ConfigError as `of` does."""
        groups = {f.name: getattr(self, f.name) for f in fields(self)}
        group_of = {f.name: group for group, options in groups.items() for f in fields(options)}
        for name in overrides:
            if name not in group_of:
                raise unknown_name("option", name, group_of)
        changed = {
            group: replace(
                options,
                **{n: v for n, v in overrides.items() if group_of[n] == group and v is not None},
            )
            for group, options in groups.items()
        }
        return RunOptions(**changed)
