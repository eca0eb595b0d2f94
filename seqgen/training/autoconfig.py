"""Chooses what the user left open, by the size of the data, the length of the run and the machine.

`resolve` is the only place where options that are ``None`` become values.
"""

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from seqgen.config.options import DataOptions, ModelOptions, RunOptions, TrainingOptions
from seqgen.config.resolved import ModelSpec, TrainSpec
from seqgen.data import tokenizers
from seqgen.errors import ConfigError, unknown_name
from seqgen.models import cells
from seqgen.models.architecture import count_parameters, resolve_model
from seqgen.training.memory import check_memory

if TYPE_CHECKING:
    from seqgen.data.dataset import Dataset


@dataclass(frozen=True)
class Preset:
    """A network and the steps that suit it.

    dropout: share of values dropped; None to let it follow from the run (`fitting_dropout`).
    token_budget: tokens of a run whose length is not given.
    max_epochs: over the data, after which more only learn it by heart.
    max_epochs_of_small_data: as max_epochs, for data so small that MIN_TOKENS_SEEN takes more.
    """

    layers: int
    units: int
    embedding: int
    window: int
    batch: int
    learning_rate: float
    weight_decay: float = 0.1
    dropout: float | None = None
    token_budget: int = 6_000_000
    max_epochs: float = 25.0
    max_epochs_of_small_data: float = 60.0


# Found by measurement (docs/experiments/recipes.md).
PRESETS = {
    "micro": Preset(1, 128, 128, 64, 8, 4e-3, max_epochs=30, max_epochs_of_small_data=30),
    "tiny": Preset(1, 256, 128, 64, 16, 5e-3),
    "small": Preset(1, 384, 128, 64, 32, 4e-3, max_epochs=15),
    "medium": Preset(1, 512, 128, 64, 32, 4e-3),
    "large": Preset(1, 768, 128, 64, 32, 3e-3, max_epochs=14),
    "huge": Preset(1, 1024, 128, 64, 32, 3e-3, 0.2, max_epochs=16),
    # A book of tunes is small, and a network that is told where it stands learns it soon.
    "tunes": Preset(1, 768, 128, 64, 32, 4e-3, 0.2, token_budget=12_000_000, max_epochs=12),
}

# The presets by the floating-point operations of a whole run, for texts and for books of tunes; the
# first that they are not too many for is chosen (docs/experiments/recipes.md). The machine where
# they were searched for did 4e11 a second.
UNTIL_WORK = {
    "text": {"tiny": 2e13, "small": 6e13, "medium": 2.5e14, "large": 1e15, "huge": math.inf},
    "tunes": {"tiny": 2e13, "small": 6e13, "tunes": math.inf},
}
REFERENCE_FLOPS = 4e11
# Of the presets, the one by whose length a run is reckoned that has none of its own.
REFERENCE = {"text": "medium", "tunes": "tunes"}
# A corpus of fewer training tokens has "small", or "tiny" where the time is for up to so many
# operations, and one of a few pages "micro": it is soon read often enough for more. So few tokens
# have few steps in a pass, and more of them are worth more than speed.
SMALL_UNTIL = 300_000
MICRO_UNTIL = 20_000
SMALL_BATCH = 16
TINY_UNTIL_WORK = 3e12
# Operations of a training step for each weight and token: two forward, and four back.
FLOPS_PER_WEIGHT = 6

# How much is dropped, by how often the numbers of the network outdo what each of them is learned
# from: passes times parameters, a token. In between, the share goes with the logarithm.
DROPOUT_CURVE = ((5.0, 0.0), (40.0, 0.5))

# Of the share that is dropped elsewhere. What a layer writes says the same in many ways, but of the
# embedding of a letter nothing is left where it is dropped.
EMBEDDING_DROPOUT = 0.4

# The largest global norm of the gradient.
CLIP_NORM = 1.0

# With neither epochs nor minutes: as many tokens as the preset says, in at least one pass, and
# at most so long.
MAX_MINUTES = 10.0

# A corpus of a few pages is read more often than a preset says, for at least so many tokens.
MIN_TOKENS_SEEN = 1_200_000

# A small corpus is read in at least this many windows a pass and this many streams' lengths.
MIN_WINDOWS = 8
MIN_STEPS = 8


@dataclass(frozen=True)
class ResolvedRun:
    """What a run does, with a sentence for each choice that was made.

    Attributes:
        data: How text becomes tokens.
        model: The network.
        training: How it is trained.
        reasons: Why each value was chosen; the last one is about the length, if that was chosen.
    """

    data: DataOptions
    model: ModelSpec
    training: TrainSpec
    reasons: tuple[str, ...]


def check_names(options: RunOptions) -> None:
    """Raise ConfigError for an unknown cell, tokenizer or preset, or an invalid cell option."""
    own = cells.resolve_options(options.model)
    cells.create(options.model.cell, **own)
    if options.data.tokenizer is not None:
        tokenizers.find(options.data.tokenizer)
    if options.training.preset is not None:
        find_preset(options.training.preset)


def find_preset(name: str) -> Preset:
    """The preset of that name. Raises ConfigError that lists them."""
    if name not in PRESETS:
        raise unknown_name("preset", name, PRESETS)
    return PRESETS[name]


def preset_names() -> tuple[str, ...]:
    """Every preset, smallest first."""
    return tuple(PRESETS)


def depends_on_speed(options: TrainingOptions) -> bool:
    """Whether the run may end by the clock, so that a faster machine trains for more epochs."""
    return options.epochs is None or options.minutes is not None


def resolve(options: RunOptions, data: "Dataset") -> ResolvedRun:
    """Choose every value that the user left open.

    A run whose length is given in epochs alone is resolved alike on every machine. For any other,
    TensorFlow is loaded and the machine measured.

    Args:
        options: What the user asked for.
        data: The tokens.

    Raises:
        ConfigError: If options are unknown or do not fit each other or the data.
        TrainingError: If the run needs more memory than there is.
    """
    sizes = (data.tokenizer.kind, len(data.training), data.tokenizer.size)
    run = resolve_for(options, *sizes)
    check_memory(run.model, run.training, data.tokenizer.size)
    if depends_on_speed(options.training):
        from seqgen.models import tf_runtime, throughput

        batch, threads = run.training.batch_size, run.training.threads
        tf_runtime.load(batch, threads)
        flops = throughput.training_flops(
            tf_runtime.shards(batch, threads), tf_runtime.precision(run.training.precision)
        )
        run = resolve_for(options, *sizes, flops)
        check_memory(run.model, run.training, data.tokenizer.size)
    return run


def resolve_for(
    options: RunOptions, tokenizer: str, tokens: int, vocab: int, flops: float = REFERENCE_FLOPS
) -> ResolvedRun:
    """As `resolve`, for data of a size and a machine of a speed.

    Args:
        options: What the user asked for.
        tokenizer: The name of the tokenizer.
        tokens: Tokens of the training part.
        vocab: Tokens in the vocabulary.
        flops: Floating-point operations a second of the machine in training.

    Raises:
        ConfigError: If options are unknown or do not fit each other or the data.
    """
    training = options.training
    cell_options = cells.resolve_options(options.model)
    reasons = []
    name = training.preset
    if name is None:
        name, why = choose_preset(tokenizer, tokens, vocab, training, flops)
        reasons.append(f"preset {name}, for {why}")
    cell = cells.create(options.model.cell, **cell_options)
    preset = replace(find_preset(name), **cell.preset_overrides)
    model = resolve_model(with_sizes(options.model, preset), cell_options)
    epochs, minutes, why_length = choose_length(preset, tokens, training)
    total = run_flops(model, tokens, vocab, epochs, minutes, flops)
    expected = total / flops_per_token(model, vocab) / tokens
    if epochs is None and expected > max_epochs(preset, tokens):
        epochs = expected = max_epochs(preset, tokens)
        why_length = [f"at most {epochs:.3g} epochs: more would overfit (set `epochs` for more)"]
    if options.model.dropout is None:
        rate, why = preset.dropout, "which suits the cell"
        if rate is None:
            weights = count_parameters(model, vocab)
            rate = choose_dropout(expected * weights / tokens)
            count = "one pass" if expected < 1.5 else f"{expected:.2g} passes"
            why = f"for {weights:,} parameters and about {count} over the data"
        model = replace(model, dropout=rate)
        reasons.append(f"dropout {rate:g}, {why}")
    if options.model.embedding_dropout is None:
        model = replace(model, embedding_dropout=round(EMBEDDING_DROPOUT * model.dropout, 3))
    seq_length, batch_size, why_steps = choose_steps(
        training.seq_length, training.batch_size, preset, tokens
    )
    chosen: dict[str, Any] = {
        "preset": name,
        "epochs": epochs,
        "minutes": minutes,
        "seq_length": seq_length,
        "batch_size": batch_size,
    }
    if training.learning_rate is None:
        chosen["learning_rate"] = preset.learning_rate
    if training.weight_decay is None:
        chosen["weight_decay"] = preset.weight_decay
    if training.clip_norm is None and training.clip_value is None:
        chosen["clip_norm"] = CLIP_NORM
    return ResolvedRun(
        data=replace(options.data, tokenizer=tokenizer),
        model=model,
        training=TrainSpec.of(training, **chosen),
        reasons=(*reasons, *why_steps, *why_length),
    )


def choose_preset(
    tokenizer: str, tokens: int, vocab: int, training: TrainingOptions, flops: float
) -> tuple[str, str]:
    """The name of the preset for so many training tokens, and why."""
    corpus = "tunes" if tokenizer == "abc" else "text"
    preset = PRESETS["small" if tokens < SMALL_UNTIL else REFERENCE[corpus]]
    options = with_sizes(ModelOptions(), preset)
    model = resolve_model(options, cells.resolve_options(options))
    why = f"{tokens:,} training tokens"
    if tokens < MICRO_UNTIL:
        return "micro", why
    if tokens < SMALL_UNTIL:
        epochs, minutes = training.epochs, training.minutes
        expected = run_flops(model, tokens, vocab, epochs, minutes, flops)
        if expected > TINY_UNTIL_WORK:
            return "small", why
        name = "tiny"
    else:
        epochs, minutes, _ = choose_length(preset, tokens, training)
        expected = run_flops(model, tokens, vocab, epochs, minutes, flops)
        name = next(name for name, most in UNTIL_WORK[corpus].items() if expected <= most)
    duration = f"about {expected / flops / 60:.2g} minutes at {flops / 1e9:.0f} GFLOP/s"
    return name, f"{why} and {duration}"


def with_sizes(options: ModelOptions, preset: Preset) -> ModelOptions:
    """The options with layers, units and embedding as the preset has them where not given."""
    layers = options.layers or (len(options.units) if options.units else preset.layers)
    units = options.units or (preset.units,)
    embedding = options.embedding
    if embedding is None:
        embedding = preset.embedding
        if options.tie_embeddings:
            embedding = units[-1]
        elif options.residual:
            embedding = units[0]
    return replace(options, layers=layers, units=units, embedding=embedding)


def choose_length(
    preset: Preset, tokens: int, training: TrainingOptions
) -> tuple[float | None, float | None, list[str]]:
    """Epochs and minutes after which the run ends, whichever comes first, and why."""
    if training.epochs or training.minutes:
        return training.epochs, training.minutes, []
    epochs = min(max_epochs(preset, tokens), max(1.0, preset.token_budget / tokens))
    why = (
        f"{epochs:.3g} epochs, or {MAX_MINUTES:g} minutes if that is shorter "
        "(set `epochs` or `minutes` to change)"
    )
    return epochs, MAX_MINUTES, [why]


def max_epochs(preset: Preset, tokens: int) -> float:
    """The most epochs that are chosen: further ones overfit."""
    return max(preset.max_epochs, min(preset.max_epochs_of_small_data, MIN_TOKENS_SEEN / tokens))


def run_flops(
    model: ModelSpec,
    tokens: int,
    vocab: int,
    epochs: float | None,
    minutes: float | None,
    flops: float,
) -> float:
    """Floating-point operations of a run; infinite where it has no length."""
    by_epochs = math.inf if epochs is None else epochs * tokens * flops_per_token(model, vocab)
    by_clock = math.inf if minutes is None else 60 * minutes * flops
    return min(by_epochs, by_clock)


def flops_per_token(model: ModelSpec, vocab: int) -> float:
    """Floating-point operations of a training step for each token."""
    looked_up = 0 if model.tie_embeddings else vocab * model.embedding
    return FLOPS_PER_WEIGHT * (count_parameters(model, vocab) - looked_up)


def choose_dropout(excess: float) -> float:
    """The dropout rate for epochs × parameters / tokens, from `DROPOUT_CURVE`."""
    (low, smallest), (high, largest) = DROPOUT_CURVE
    position = math.log(max(excess, low) / low) / math.log(high / low)
    return round(min(largest, smallest + (largest - smallest) * position), 2)


def choose_steps(
    window: int | None, batch: int | None, preset: Preset, tokens: int
) -> tuple[int, int, list[str]]:
    """Sequence length and batch size, small enough for a few steps an epoch, and why."""
    if window is not None and window * (batch or 1) > tokens:
        raise ConfigError(
            f"{window} with `batch_size={batch or 1}` needs {window * (batch or 1)} tokens and the "
            f"training part has {tokens}",
            option="seq_length",
        )
    fitting_window = window or min(preset.window, max(1, tokens // MIN_WINDOWS))
    most = min(preset.batch, SMALL_BATCH) if tokens < SMALL_UNTIL else preset.batch
    fitting_batch = batch or min(most, max(1, tokens // (fitting_window * MIN_STEPS)))
    if fitting_window * fitting_batch > tokens:
        raise ConfigError(
            f"{fitting_batch} needs at least {fitting_window * fitting_batch} tokens and the "
            f"training part has {tokens}",
            option="batch_size",
        )
    reasons = []
    if window is None and fitting_window < preset.window:
        reasons.append(f"window {fitting_window} rather than {preset.window}: the corpus is small")
    if batch is None and fitting_batch < preset.batch:
        reasons.append(f"batch {fitting_batch} rather than {preset.batch}: the corpus is small")
    return fitting_window, fitting_batch, reasons
