"""Resolve options without a value by the size of the data, the length of the run and the machine.

`resolve` is the only place where options that are ``None`` get values.
"""

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from seqgen.config.options import ModelOptions, RunOptions, TrainingOptions
from seqgen.config.resolved import DataSpec, ModelSpec, TrainSpec
from seqgen.data import tokenizers
from seqgen.errors import ConfigError, unknown_name
from seqgen.models import cells
from seqgen.models.architecture import count_parameters, resolve_model
from seqgen.training.memory import check_memory

if TYPE_CHECKING:
    from seqgen.data.dataset import Dataset


@dataclass(frozen=True)
class Preset:
    """Defaults of a network and its training.

    Attributes:
        dropout: Dropout rate; None to choose it by the run (`choose_dropout`).
        token_budget: Training tokens of a run without a given length.
        max_epochs: Maximum number of epochs; more would overfit.
        max_epochs_of_small_data: The same for data that need more for `MIN_TOKENS_SEEN`.
    """

    layers: int
    units: int
    embedding: int
    seq_length: int
    batch_size: int
    learning_rate: float
    weight_decay: float = 0.1
    dropout: float | None = None
    token_budget: int = 6_000_000
    max_epochs: float = 25.0
    max_epochs_of_small_data: float = 60.0


# See docs/experiments/recipes.md.
PRESETS = {
    "micro": Preset(1, 128, 128, 64, 8, 4e-3, max_epochs=30, max_epochs_of_small_data=30),
    "tiny": Preset(1, 256, 128, 64, 16, 5e-3),
    "small": Preset(1, 384, 128, 64, 32, 4e-3, max_epochs=15),
    "medium": Preset(1, 512, 128, 64, 32, 4e-3),
    "large": Preset(1, 768, 128, 64, 32, 3e-3, max_epochs=14),
    "huge": Preset(1, 1024, 128, 64, 32, 3e-3, 0.2, max_epochs=16),
    # A book of tunes is small, and a network with position features needs few epochs.
    "tunes": Preset(1, 768, 128, 64, 32, 4e-3, 0.2, token_budget=12_000_000, max_epochs=12),
}

# Largest number of floating-point operations of a run for each preset, by the family of presets of
# the tokenizer (docs/experiments/recipes.md). The machine of these experiments did 4e11 per second.
MAX_RUN_FLOPS = {
    "text": {"tiny": 2e13, "small": 6e13, "medium": 2.5e14, "large": 1e15, "huge": math.inf},
    "tunes": {"tiny": 2e13, "small": 6e13, "tunes": math.inf},
}
REFERENCE_FLOPS = 4e11
# Preset that determines the length of a run without a given length.
REFERENCE_PRESETS = {"text": "medium", "tunes": "tunes"}
# With fewer training tokens the preset is "small", or "tiny" for a run of few operations; and
# "micro" for a few pages. So small a corpus has few steps per epoch, so that a smaller batch is
# better though slower.
SMALL_CORPUS_TOKENS = 300_000
MICRO_CORPUS_TOKENS = 20_000
SMALL_BATCH = 16
TINY_MAX_FLOPS = 3e12
# Operations of a training step per weight and token: two forward, and four backward.
FLOPS_PER_WEIGHT = 6

# Dropout rate by epochs × parameters / training tokens, logarithmic in between.
DROPOUT_CURVE = ((5.0, 0.0), (40.0, 0.5))

# Fraction of the dropout rate for the embedding, which is less redundant than outputs of layers.
EMBEDDING_DROPOUT = 0.4

CLIP_NORM = 1.0

# Maximum duration of a run without a given length.
MAX_MINUTES = 10.0

# A small corpus is read for more epochs than the preset's, up to this many tokens.
MIN_TOKENS_SEEN = 1_200_000

# Minimum number of windows and of steps per epoch in a small corpus.
MIN_WINDOWS = 8
MIN_STEPS = 8


@dataclass(frozen=True)
class ResolvedRun:
    """Resolved options of a run.

    Attributes:
        data: How text becomes tokens.
        model: The network.
        training: How it is trained.
        reasons: A reason for each chosen value; the last one is that of the length, if any.
    """

    data: DataSpec
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
    """Return the preset of that name; raise ConfigError for an unknown one."""
    if name not in PRESETS:
        raise unknown_name("preset", name, PRESETS)
    return PRESETS[name]


def preset_names() -> tuple[str, ...]:
    """Return the names of all presets, smallest first."""
    return tuple(PRESETS)


def depends_on_speed(options: TrainingOptions) -> bool:
    """Return whether time may limit the run, so that a faster machine trains for more epochs."""
    return options.epochs is None or options.minutes is not None


def resolve(options: RunOptions, data: "Dataset") -> ResolvedRun:
    """Choose a value for every option without one.

    A run whose length is given in epochs alone is resolved alike on every machine. For any other,
    TensorFlow is loaded and the speed of the machine measured.

    Args:
        options: Requested options.
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
    """Resolve options for data of a given size and a machine of a given speed.

    Args:
        options: Requested options.
        tokenizer: Name of the tokenizer.
        tokens: Tokens of the training part.
        vocab: Number of tokens, V.
        flops: Floating-point operations per second of the machine in training.

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
            count = "one epoch" if expected < 1.5 else f"{expected:.2g} epochs"
            why = f"for {weights:,} parameters and about {count}"
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
        data=DataSpec.of(options.data, tokenizer=tokenizer),
        model=model,
        training=TrainSpec.of(training, **chosen),
        reasons=(*reasons, *why_steps, *why_length),
    )


def choose_preset(
    tokenizer: str, tokens: int, vocab: int, training: TrainingOptions, flops: float
) -> tuple[str, str]:
    """Choose a preset; return its name and the reason."""
    family = tokenizers.find(tokenizer).preset_family
    preset = PRESETS["small" if tokens < SMALL_CORPUS_TOKENS else REFERENCE_PRESETS[family]]
    options = with_sizes(ModelOptions(), preset)
    model = resolve_model(options, cells.resolve_options(options))
    why = f"{tokens:,} training tokens"
    if tokens < MICRO_CORPUS_TOKENS:
        return "micro", why
    if tokens < SMALL_CORPUS_TOKENS:
        epochs, minutes = training.epochs, training.minutes
        expected = run_flops(model, tokens, vocab, epochs, minutes, flops)
        if expected > TINY_MAX_FLOPS:
            return "small", why
        name = "tiny"
    else:
        epochs, minutes, _ = choose_length(preset, tokens, training)
        expected = run_flops(model, tokens, vocab, epochs, minutes, flops)
        name = next(name for name, most in MAX_RUN_FLOPS[family].items() if expected <= most)
    duration = f"about {expected / flops / 60:.2g} minutes at {flops / 1e9:.0f} GFLOP/s"
    return name, f"{why} and {duration}"


def with_sizes(options: ModelOptions, preset: Preset) -> ModelOptions:
    """Set layers, units and embedding to those of the preset if they have no value."""
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
    """Choose the maximum of epochs and of minutes; return them and the reasons."""
    if training.epochs or training.minutes:
        return training.epochs, training.minutes, []
    epochs = min(max_epochs(preset, tokens), max(1.0, preset.token_budget / tokens))
    why = (
        f"{epochs:.3g} epochs, or {MAX_MINUTES:g} minutes if that is shorter "
        "(set `epochs` or `minutes` to change)"
    )
    return epochs, MAX_MINUTES, [why]


def max_epochs(preset: Preset, tokens: int) -> float:
    """Return the largest number of epochs that does not overfit."""
    return max(preset.max_epochs, min(preset.max_epochs_of_small_data, MIN_TOKENS_SEEN / tokens))


def run_flops(
    model: ModelSpec,
    tokens: int,
    vocab: int,
    epochs: float | None,
    minutes: float | None,
    flops: float,
) -> float:
    """Compute the floating-point operations of a run; infinite if it has no length."""
    by_epochs = math.inf if epochs is None else epochs * tokens * flops_per_token(model, vocab)
    by_time = math.inf if minutes is None else 60 * minutes * flops
    return min(by_epochs, by_time)


def flops_per_token(model: ModelSpec, vocab: int) -> float:
    """Compute the floating-point operations of training per token."""
    looked_up = 0 if model.tie_embeddings else vocab * model.embedding
    return FLOPS_PER_WEIGHT * (count_parameters(model, vocab) - looked_up)


def choose_dropout(excess: float) -> float:
    """Return the dropout rate for epochs × parameters / tokens, from `DROPOUT_CURVE`."""
    (low, smallest), (high, largest) = DROPOUT_CURVE
    position = math.log(max(excess, low) / low) / math.log(high / low)
    return round(min(largest, smallest + (largest - smallest) * position), 2)


def choose_steps(
    seq_length: int | None, batch_size: int | None, preset: Preset, tokens: int
) -> tuple[int, int, list[str]]:
    """Choose sequence length and batch size for a few steps per epoch; return the reasons too."""
    least = batch_size or 1
    if seq_length is not None and seq_length * least > tokens:
        raise ConfigError(
            f"{seq_length} with `batch_size={least}` needs {seq_length * least} tokens and the "
            f"training part has {tokens}",
            option="seq_length",
        )
    length = seq_length or min(preset.seq_length, max(1, tokens // MIN_WINDOWS))
    small = tokens < SMALL_CORPUS_TOKENS
    most = min(preset.batch_size, SMALL_BATCH) if small else preset.batch_size
    size = batch_size or min(most, max(1, tokens // (length * MIN_STEPS)))
    if length * size > tokens:
        raise ConfigError(
            f"{size} needs at least {length * size} tokens and the training part has {tokens}",
            option="batch_size",
        )
    reasons = [
        f"{name} {value} rather than {default}: the corpus is small"
        for name, option, value, default in (
            ("sequence length", seq_length, length, preset.seq_length),
            ("batch size", batch_size, size, preset.batch_size),
        )
        if option is None and value < default
    ]
    return length, size, reasons
