"""What seqgen chooses where the user said nothing, by the size of the data and the time."""

import math
from dataclasses import dataclass, replace

from seqgen.config.options import ModelOptions, RunOptions, TrainingOptions
from seqgen.data import tokenizers
from seqgen.errors import ConfigError, unknown_name
from seqgen.models import cells
from seqgen.models.architecture import check_layers, weight_shapes


@dataclass(frozen=True)
class Preset:
    """A network and the steps that suit it.

    dropout: share of values dropped; None to let it follow from the run (`fitting_dropout`).
    token_budget: tokens that a run sees in all unless its length is said.
    max_epochs: over the data, after which more only learn it by heart.
    max_epochs_of_small_data: over data of a few pages, which are read until LEAST_SEEN tokens are.
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
WORK = 6

# How much is dropped, by how often the numbers of the network outdo what each of them is learned
# from: passes times parameters, a token. In between, the share goes with the logarithm.
DROPOUT_CURVE = ((5.0, 0.0), (40.0, 0.5))

# Of the share that is dropped elsewhere. What a layer writes says the same in many ways, but of the
# embedding of a letter nothing is left where it is dropped.
EMBEDDING_DROPOUT = 0.4

# With neither epochs nor minutes: as many tokens as the preset says, in at least one pass, and
# at most so long.
MOST_MINUTES = 10.0

# A corpus of a few pages is read more often than a preset says, for at least so many tokens.
LEAST_SEEN = 1_200_000

# A small corpus is read in at least this many windows a pass and this many streams' lengths.
LEAST_WINDOWS = 8
LEAST_STEPS = 8


@dataclass(frozen=True)
class Plan:
    """Options with nothing left open, and a sentence for each choice that was made.

    The last one tells how long the run is to be, where seqgen chose that.
    """

    options: RunOptions
    reasons: tuple[str, ...]


def check_names(options: RunOptions) -> None:
    """Raise ConfigError for a cell, a tokenizer or a preset that there is none of."""
    cells.of(cells.chosen(options.model))
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


def plan(
    options: RunOptions, kind: str, tokens: int, vocab: int, flops: float = REFERENCE_FLOPS
) -> Plan:
    """Fill in what the user left open.

    kind: the tokenizer that was used. vocab: how many tokens it knows.
    tokens: of the training part.
    flops: of this machine (`seqgen.models.throughput`), which matters for a run by the clock.
    Raises ConfigError for an unknown preset, or a window that the data cannot fill.
    """
    training, stack = options.training, options.model
    reasons = []
    name = training.preset
    if name is None:
        name, suiting = fitting_preset(kind, tokens, vocab, training, flops)
        reasons.append(f"preset {name}, for {suiting}")
    preset = replace(find_preset(name), **cells.of(stack).preset_overrides)
    stack = fitting_network(stack, preset)
    lasting, why_so_long = fitting_length(preset, tokens, training)
    total = expected_work(stack, tokens, vocab, lasting, flops)
    passes = total / flops_per_token(stack, vocab) / tokens
    if lasting.epochs is None and passes > max_epochs(preset, tokens):
        passes = max_epochs(preset, tokens)
        lasting = replace(lasting, epochs=passes)
        why_so_long = [f"at most {passes:.3g} epochs: more would overfit (set `epochs` for more)"]
    if stack.dropout is None:
        share, why_so_much = preset.dropout, "which suits the cell"
        if share is None:
            learned = parameters(stack, vocab)
            share = fitting_dropout(passes * learned / tokens)
            often = "one pass" if passes < 1.5 else f"{passes:.2g} passes"
            why_so_much = f"for {learned:,} parameters and about {often} over the data"
        stack = replace(stack, dropout=share)
        reasons.append(f"dropout {share:g}, {why_so_much}")
    if stack.embedding_dropout is None:
        assert stack.dropout is not None
        stack = replace(stack, embedding_dropout=round(EMBEDDING_DROPOUT * stack.dropout, 3))
    window, batch, why = fit_steps(training.seq_length, training.batch_size, preset, tokens)
    training = replace(
        lasting,
        preset=name,
        seq_length=window,
        batch_size=batch,
        learning_rate=training.learning_rate or preset.learning_rate,
        weight_decay=(
            preset.weight_decay if training.weight_decay is None else training.weight_decay
        ),
        clip_norm=training.clip_norm or (None if training.clip_value else 1.0),
    )
    chosen = RunOptions(replace(options.data, tokenizer=kind), stack, training)
    return Plan(chosen, (*reasons, *why, *why_so_long))


def fitting_preset(
    kind: str, tokens: int, vocab: int, training: TrainingOptions, flops: float
) -> tuple[str, str]:
    """The name of the preset for so many training tokens of a kind, and what it was chosen by."""
    corpus = "tunes" if kind == "abc" else "text"
    preset = PRESETS["small" if tokens < SMALL_UNTIL else REFERENCE[corpus]]
    network = fitting_network(ModelOptions(), preset)
    why = f"{tokens:,} training tokens"
    if tokens < MICRO_UNTIL:
        return "micro", why
    if tokens < SMALL_UNTIL:
        expected = expected_work(network, tokens, vocab, training, flops)
        if expected > TINY_UNTIL_WORK:
            return "small", why
        name = "tiny"
    else:
        lasting, _ = fitting_length(preset, tokens, training)
        expected = expected_work(network, tokens, vocab, lasting, flops)
        name = next(name for name, most in UNTIL_WORK[corpus].items() if expected <= most)
    minutes = f"about {expected / flops / 60:.2g} minutes at {flops / 1e9:.0f} GFLOP/s"
    return name, f"{why} and {minutes}"


def fitting_network(stack: ModelOptions, preset: Preset) -> ModelOptions:
    """The stack with its layers and widths chosen. Raises ConfigError where they do not fit."""
    layers = stack.layers or (len(stack.units) if stack.units else preset.layers)
    stack = replace(stack, layers=layers, units=stack.units or (preset.units,) * layers)
    stack = cells.chosen(replace(stack, embedding=stack.embedding or fitting_width(stack, preset)))
    check_layers(stack)
    return stack


def fitting_length(
    preset: Preset, tokens: int, training: TrainingOptions
) -> tuple[TrainingOptions, list[str]]:
    """For how many passes or how long to train, whichever is over first; and why."""
    if training.epochs or training.minutes:
        return training, []
    epochs = min(max_epochs(preset, tokens), max(1.0, preset.token_budget / tokens))
    why = (
        f"{epochs:.3g} epochs, or {MOST_MINUTES:g} minutes if that is shorter "
        "(set `epochs` or `minutes` to change)"
    )
    return replace(training, epochs=epochs, minutes=MOST_MINUTES), [why]


def max_epochs(preset: Preset, tokens: int) -> float:
    """Over the data, unless the user says more: what comes after them is learned by heart."""
    return max(preset.max_epochs, min(preset.max_epochs_of_small_data, LEAST_SEEN / tokens))


def expected_work(
    stack: ModelOptions, tokens: int, vocab: int, training: TrainingOptions, flops: float
) -> float:
    """Floating-point operations of a run whose length is known."""
    epochs = math.inf if training.epochs is None else training.epochs
    seconds = math.inf if training.minutes is None else 60 * training.minutes
    return min(epochs * tokens * flops_per_token(stack, vocab), seconds * flops)


def flops_per_token(stack: ModelOptions, vocab: int) -> float:
    """Floating-point operations of training, a token."""
    assert stack.embedding
    looked_up = 0 if stack.tie_embeddings else vocab * stack.embedding
    return WORK * (parameters(stack, vocab) - looked_up)


def fitting_dropout(excess: float) -> float:
    """The share that DROPPED has for passes times parameters, a token."""
    (low, least), (high, most) = DROPOUT_CURVE
    place = math.log(max(excess, low) / low) / math.log(high / low)
    return round(min(most, least + (most - least) * place), 2)


def fitting_width(stack: ModelOptions, preset: Preset) -> int:
    """Width of the embedding: where something asks for it that of a layer, else the preset's."""
    if stack.tie_embeddings:
        return stack.widths[-1]
    return stack.widths[0] if stack.residual else preset.embedding


def fit_steps(
    window: int | None, batch: int | None, preset: Preset, tokens: int
) -> tuple[int, int, list[str]]:
    """Window and batch that leave a small corpus a few steps in each pass."""
    if window is not None and window * (batch or 1) > tokens:
        raise ConfigError(
            f"{window} with `batch_size={batch or 1}` needs {window * (batch or 1)} tokens and the "
            f"training part has {tokens}",
            option="seq_length",
        )
    fitting_window = window or min(preset.window, max(1, tokens // LEAST_WINDOWS))
    most = min(preset.batch, SMALL_BATCH) if tokens < SMALL_UNTIL else preset.batch
    fitting_batch = batch or min(most, max(1, tokens // (fitting_window * LEAST_STEPS)))
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


def parameters(stack: ModelOptions, vocab: int, feature_sizes: tuple[int, ...] = ()) -> int:
    """How many numbers the network learns."""
    return sum(map(math.prod, weight_shapes(stack, vocab, feature_sizes).values()))


def memory_bytes(options: RunOptions, vocab: int) -> int:
    """About how much memory training takes: TensorFlow, weights, and a window's activations."""
    stack, training = options.model, options.training
    assert training.seq_length
    assert training.batch_size
    tensorflow = 700_000_000
    # Itself, gradient, two moments, the best; what was saved of them, and while it saves, is saved.
    weights = parameters(stack, vocab) * 4 * 11
    # A gated cell keeps about a dozen numbers a unit, the loss three a token of the vocabulary.
    step = 12 * sum(stack.widths) + 2 * (stack.embedding or 0) + 3 * vocab
    return tensorflow + weights + 4 * step * training.seq_length * training.batch_size
