"""Every option of seqgen: its name, type, default, bounds and help, written here and nowhere else.

The command line, the ``--config`` file, the library's keyword arguments and the checkpoint's
``config.json`` are all derived from these dataclasses. ``None`` means that seqgen chooses, from
the size of the data and the speed of the machine (`seqgen.training.autoconfig`).
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

# What one document of a text is; any other word is a line that separates two.
AUTO = "auto"
FILE = "file"
LINE = "line"
BLANK_LINE = "blank-line"
BLANK_LINES = "blank-lines"
UNITS = (AUTO, FILE, LINE, BLANK_LINE, BLANK_LINES)


@dataclass(frozen=True)
class DataOptions(Options):
    """How text becomes tokens."""

    tokenizer: str | None = option(
        None, "What a token is: abc for tunes and char for text, unless said.", names="tokenizers"
    )
    vocab_size: int | None = option(
        None, "Most tokens in a word or subword vocabulary.", least=2, most=1_000_000
    )
    documents: str = option(
        AUTO,
        "What one document of a text is: a file, a line, what stands between blank lines "
        "(blank-line, or blank-lines for two or more), or between lines such as ---.",
    )
    transpose: str = option(
        "common",
        "Keys in which tunes are learned: all with their tonic moved to C, as they are written "
        "(none), or in other keys at each pass (augment).",
        choices=("common", "none", "augment"),
    )
    voice: str | None = option(
        None, "Voice to learn of tunes with several, by its name in V:; else the first."
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
    """The network: an embedding, recurrent layers, an output layer."""

    cell: str = option("lstm", "Recurrent cell.", names="cells")
    layers: int | None = option(None, "Recurrent layers, one above the other.", least=1, most=8)
    units: tuple[int, ...] | None = option(
        None, "Units of each layer: one number, or one a layer (512,256).", least=1, most=16_384
    )
    embedding: int | None = option(
        None, "Width of the vector that stands for a token.", least=1, most=16_384
    )
    residual: bool = option(False, "Add what a layer reads to what it writes, if as wide.")
    dense: bool = option(False, "Let each layer read all layers below it.")
    norm: str | None = option(None, "Normalise what each layer reads.", choices=("layer", "batch"))
    tie_embeddings: bool = option(False, "Let the output layer be the embedding, turned round.")
    bidirectional: bool = option(False, "Refused, since text is written left to right.")
    dropout: float | None = option(
        None, "Share of values dropped between layers while training.", least=0.0, most=0.95
    )
    embedding_dropout: float | None = option(
        None, "Share of an embedding's values dropped; less than --dropout.", least=0.0, most=0.95
    )
    variational: bool = option(False, "Let both drop the same values at all steps of a window.")
    recurrent_dropout: float = option(
        0.0, "Share of recurrent weights dropped, anew in each window.", least=0.0, most=0.95
    )
    activation: str | None = option(
        None,
        "Of rnn, leaky, esn, delay, mingru and minlstm; tanh unless said.",
        choices=("tanh", "sigmoid", "relu", "linear"),
    )
    recurrent_init: str | None = option(
        None,
        "How recurrent weights begin; orthogonal unless said.",
        choices=("orthogonal", "identity", "glorot"),
    )
    forget_bias: float | None = option(
        None,
        "Bias with which the lstm's forget gates begin; 1 unless said, more for a longer memory.",
        least=-20.0,
        most=20.0,
    )
    reset: str | None = option(
        None,
        "Whether the gru resets its state before or after the product; after unless said.",
        choices=("before", "after"),
    )
    tau: str | None = option(
        None,
        "Steps over which leaky units forget: one number, or a range over the units; 1:10 "
        "unless said.",
    )
    learn_tau: bool = option(False, "Learn each leaky unit's --tau, beginning there.")
    delays: tuple[int, ...] | None = option(
        None,
        "How many steps back each connection of the delay cell reaches; 1,4,16,64 unless said.",
        least=1,
        most=1024,
    )
    spectral_radius: float | None = option(
        None, "Of the esn's reservoir, below 1.", above=0.0, most=0.99999
    )
    connectivity: float | None = option(
        None, "Share of the reservoir's connections that there are.", above=0.0, most=1.0
    )
    input_scale: float | None = option(
        None, "Size of what is read, where it enters the reservoir.", above=0.0, most=1000.0
    )
    leak: float | None = option(
        None, "Share of its state that the reservoir renews in a step.", above=0.0, most=1.0
    )
    readout: str | None = option(
        None,
        "How the esn's output layer is found: by gradient, or in closed form in one pass (ridge).",
        choices=("gradient", "ridge"),
    )
    ridge: float | None = option(
        None, "Strength of the ridge of --readout ridge.", above=0.0, most=1e9
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

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of every layer, bottom to top. Raises ConfigError while they are not chosen yet."""
        if self.units is None or self.layers is None:
            raise ConfigError("`units` and `layers` have no values yet")
        return self.units * self.layers if len(self.units) == 1 else self.units


@dataclass(frozen=True)
class TrainingOptions(Options):
    """How the network learns, and for how long."""

    preset: str | None = option(
        None, "Size of network and of steps; by data size and time unless said.", names="presets"
    )
    minutes: float | None = option(
        None,
        "Train for this long by the clock; with --epochs for whichever is shorter.",
        above=0.0,
        most=100_000.0,
    )
    epochs: float | None = option(
        None, "Train for this many passes over the data.", above=0.0, most=1e6
    )
    seq_length: int | None = option(
        None, "Steps of truncated backpropagation through time.", least=1, most=65_536
    )
    truncate: str = option(
        "fixed",
        "Windows all of one length, or of random ones of that mean, whose gradient is unbiased.",
        choices=("fixed", "random"),
    )
    batch_size: int | None = option(
        None, "Streams that are read side by side.", least=1, most=65_536
    )
    learning_rate: float | None = option(None, "Peak step size of Adam.", above=0.0, most=10.0)
    weight_decay: float | None = option(
        None, "Decoupled weight decay (AdamW).", least=0.0, most=10.0
    )
    weight_averaging: float = option(
        0.0,
        "Use the weights' average over about this last share of training; 0 for the last ones.",
        least=0.0,
        most=1.0,
    )
    warmup: float = option(
        0.02, "Share of training over which the step size rises.", least=0.0, most=1.0
    )
    clip_norm: float | None = option(
        None, "Longest gradient, all weights together; 1 unless said.", above=0.0, most=1e9
    )
    clip_value: float | None = option(None, "Largest value in a gradient.", above=0.0, most=1e9)
    patience: int = option(
        8, "Stop after this many evaluations without a better one.", least=1, most=1_000_000
    )
    evaluations: int = option(
        20,
        "How often the validation part is looked at over the whole run.",
        least=1,
        most=100_000,
        flag=False,
    )
    beta_1: float = option(
        0.9, "Adam's decay of the mean gradient.", least=0.0, most=0.9999, flag=False
    )
    beta_2: float = option(
        0.99, "Adam's decay of its square.", least=0.0, most=0.999999, flag=False
    )
    save_every: float = option(
        30.0, "Seconds between two saves of what a resume needs.", least=0.0, most=60.0, flag=False
    )
    precision: str = option(
        "auto",
        "Numbers in products; auto takes bfloat16 where the processor has it.",
        choices=("auto", "float32", "bfloat16"),
    )
    threads: int | None = option(
        None, "Threads to train with; one a core unless said.", least=1, most=1024
    )
    seed: int = option(0, "Seed of every random choice.", least=0, most=2**31 - 1)

    def check(self) -> None:
        if self.clip_norm is not None and self.clip_value is not None:
            raise ConfigError("cannot be combined with `clip_norm`", option="clip_value")


@dataclass(frozen=True)
class ComparisonOptions(Options):
    """How long each network of a comparison learns."""

    token_budget: int | None = option(
        None, "Tokens that each network learns from.", least=1, most=10**15
    )


@dataclass(frozen=True)
class SamplingOptions(Options):
    """How a token is chosen, and how many."""

    length: int | None = option(
        None,
        "New tokens to write; 1000 for text unless said, and whole tunes for tunes.",
        least=1,
        most=10**9,
    )
    temperature: float | None = option(
        None,
        "Softmax temperature, 0 picks the likeliest token; by default 0.8 for text, 1 for lists of "
        "short items and 0.95 for tunes.",
        least=0.0,
        most=100.0,
    )
    top_k: int | None = option(
        None, "Choose among the K likeliest tokens.", least=1, most=1_000_000
    )
    top_p: float | None = option(
        None, "Choose among the fewest tokens whose probability reaches P.", above=0.0, most=1.0
    )
    min_p: float | None = option(
        None, "Leave out tokens less likely than P times the likeliest.", least=0.0, most=1.0
    )
    repetition_penalty: float = option(
        1.0, "Above 1, tokens of the last 64 are made less likely.", above=0.0, most=100.0
    )
    count: int = option(
        1, "How many samples; for tunes, how many whole tunes.", least=1, most=100_000
    )
    novel: bool = option(False, "Leave out documents of the corpus that the model was trained on.")
    unique: bool = option(False, "Leave out documents that were already written.")
    loops: bool = option(
        True,
        "End a sample that repeats the same 40 characters or more three times in a row; without, "
        "the third time is avoided.",
    )
    stop: str | None = option(None, "Stop before this text.")
    lines: int | None = option(None, "Stop after this many lines.", least=1, most=10**9)
    seed: int | None = option(
        None, "Same seed, same sample; drawn and told unless said.", least=0, most=2**63 - 1
    )
    on_unknown: str = option(
        "error", "What to do with a prompt's unknown characters.", choices=("error", "skip")
    )

    def check(self) -> None:
        if self.stop == "":
            raise ConfigError("needs a text", option="stop")


@dataclass(frozen=True)
class TuneOptions(Options):
    """What is asked of a tune."""

    meter: str | None = option(None, "Meter, such as 6/8 or C|; the model chooses unless said.")
    key: str | None = option(None, "Key, such as D, Ador or F#m; drawn as in its book unless said.")
    rhythm: str | None = option(None, "Kind of tune, such as jig or reel, where its book told it.")
    bars: int | None = option(None, "Bars, without pickups and second endings.", least=1, most=1000)
    form: str | None = option(None, "Sections by letters, a doubled one being repeated: AABB, ABC.")
    tonic: bool = option(False, "End on the tonic, if it takes another section.")
    grammar: bool = option(True, "Keep tunes playable by the grammar of ABC tunes.")


@dataclass(frozen=True)
class RenderOptions(Options):
    """How tunes are written down and heard."""

    midi: str | None = option(
        None, "Write the tunes as MIDI, repeats played.", suffixes=(".mid", ".midi")
    )
    score: str | None = option(
        None, "Write the tunes as an engraved score.", suffixes=(".svg", ".png", ".pdf")
    )
    audio: str | None = option(None, "Write the tunes as sound.", suffixes=(".wav",))
    html: str | None = option(
        None, "Write a page with scores, sound and ABC.", suffixes=(".html", ".htm")
    )
    tempo: float | None = option(
        None,
        "Beats a minute, dotted quarters in 6/8, 9/8 and 12/8, halves in 2/2, else quarters; what "
        "the tune says or its rhythm's usual tempo unless said.",
        least=10.0,
        most=500.0,
    )
    instrument: str | None = option(
        None,
        "Instrument of MIDI, sound and page: a name, or a General MIDI number from 1 to 128; harp "
        "by default.",
        names="instruments",
    )
    play: bool = option(False, "Play through the machine's own player.")


@dataclass(frozen=True)
class RunOptions:
    """Everything that `seqgen train` may be told."""

    data: DataOptions = DataOptions()
    model: ModelOptions = ModelOptions()
    training: TrainingOptions = TrainingOptions()

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> "RunOptions":
        """The options by name, whichever group they belong to.

        said: values by field name; ``None`` counts as not said.
        Raises ConfigError for a name that no option has, or a value that its option refuses.
        """
        return cls().with_options(said)

    def with_options(self, said: Mapping[str, Any]) -> "RunOptions":
        """The same options with those that are said replaced. Raises ConfigError as `of` does."""
        groups = {f.name: getattr(self, f.name) for f in fields(self)}
        home = {f.name: group for group, options in groups.items() for f in fields(options)}
        for name in said:
            if name not in home:
                raise unknown_name("option", name, home)
        changed = {
            group: replace(
                options, **{n: v for n, v in said.items() if home[n] == group and v is not None}
            )
            for group, options in groups.items()
        }
        return RunOptions(**changed)
