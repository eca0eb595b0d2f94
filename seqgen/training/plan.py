"""What seqgen chooses where the user said nothing, by the size of the data and the time."""

import math
from dataclasses import dataclass, replace

from seqgen import tokenizers
from seqgen.config import RunOptions, StackOptions, TrainingOptions
from seqgen.errors import ConfigError, unknown_name
from seqgen.stack import cells
from seqgen.stack.shapes import check_layers, weight_shapes


@dataclass(frozen=True)
class Preset:
    """A network and the steps that suit it.

    dropout: share of values dropped, by how many passes over the data there are to be at least.
    speed: training tokens a second, on the two cores where the recipes were searched for.
    seen: tokens that a run sees in all unless its length is said.
    """

    layers: int
    units: int
    embedding: int
    dropout: tuple[tuple[float, float], ...]
    window: int
    batch: int
    learning_rate: float
    speed: float
    weight_decay: float = 0.1
    seen: int = 6_000_000


# Found by measurement: docs/recipes.md tells what else was tried, and what each thing was worth.
PRESETS = {
    "small": Preset(1, 384, 128, ((0, 0.1), (10, 0.3), (25, 0.5)), 64, 16, 4e-3, 80_000),
    "medium": Preset(1, 512, 128, ((0, 0.1), (10, 0.3), (25, 0.5)), 64, 32, 4e-3, 47_000),
    "large": Preset(1, 768, 128, ((0, 0.1), (3, 0.3), (10, 0.5)), 64, 32, 3e-3, 25_000),
    "huge": Preset(1, 1024, 128, ((0, 0.1), (3, 0.3), (10, 0.6)), 64, 32, 3e-3, 13_000, 0.2),
    # A book of tunes is small, and a network that is told where it stands learns it soon.
    "tunes": Preset(1, 768, 128, ((0, 0.45),), 64, 32, 4e-3, 22_000, seen=12_000_000),
}

# Training tokens below which a text has the preset "small", and a book of tunes too, which above
# has "tunes". A longer text has the first of the others whose time a run does not exceed.
SMALL_UNTIL = 300_000
UNTIL_MINUTES = {"medium": 5.0, "large": 20.0, "huge": math.inf}

# Of the share that is dropped elsewhere. What a layer writes says the same in many ways, but of the
# embedding of a letter nothing is left where it is dropped.
EMBEDDING_DROPOUT = 0.4

# With neither --epochs nor --minutes: as many tokens as the preset says, in at least one and at
# most so many passes, and at most so long.
MOST_EPOCHS = 60.0
MOST_MINUTES = 10.0

# A small corpus is read in at least this many windows a pass and this many streams' lengths.
LEAST_WINDOWS = 8
LEAST_STEPS = 4


@dataclass(frozen=True)
class Plan:
    """Options with nothing left open, and a sentence for each choice that was made.

    most_minutes: a bound on the time that the chosen number of epochs may take, where seqgen chose
        it; the speed of the machine decides.
    """

    options: RunOptions
    reasons: tuple[str, ...]
    most_minutes: float | None = None


def check_names(options: RunOptions) -> None:
    """Raise ConfigError for a cell, a tokenizer or a preset that there is none of."""
    cells.of(cells.chosen(options.stack))
    if options.tokens.tokens is not None:
        tokenizers.find(options.tokens.tokens)
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


def plan(options: RunOptions, kind: str, tokens: int) -> Plan:
    """Fill in what the user left open.

    kind: the tokenizer that was used.
    tokens: of the training part.
    Raises ConfigError for an unknown preset, or a window that the data cannot fill.
    """
    training, stack = options.training, options.stack
    reasons = []
    name = training.preset
    if name is None:
        name, suiting = fitting_preset(kind, tokens, training)
        reasons.append(f"preset {name}, for {suiting}")
    preset = replace(find_preset(name), **cells.of(stack).suits)
    layers = stack.layers or (len(stack.units) if stack.units else preset.layers)
    passes = expected_minutes(preset, tokens, training) * 60 * preset.speed / tokens
    if stack.dropout is None:
        stack = replace(stack, dropout=fitting_dropout(preset, passes))
        often = "one pass" if passes < 1.5 else f"{passes:.2g} passes"
        reasons.append(f"dropout {stack.dropout:g}, for about {often} over the data")
    if stack.embedding_dropout is None:
        assert stack.dropout is not None
        stack = replace(stack, embedding_dropout=round(EMBEDDING_DROPOUT * stack.dropout, 3))
    stack = replace(stack, layers=layers, units=stack.units or (preset.units,) * layers)
    stack = cells.chosen(replace(stack, embedding=stack.embedding or fitting_width(stack, preset)))
    check_layers(stack)
    window, batch, why = fit_steps(training.window, training.batch, preset, tokens)
    reasons += why
    epochs, most_minutes = training.epochs, None
    if epochs is None and training.minutes is None:
        epochs = chosen_epochs(preset, tokens)
        most_minutes = MOST_MINUTES
        reasons.append(
            f"{epochs:.3g} epochs, or {MOST_MINUTES:g} minutes if that is shorter "
            "(--epochs or --minutes to choose)"
        )
    training = replace(
        training,
        preset=name,
        window=window,
        batch=batch,
        epochs=epochs,
        learning_rate=training.learning_rate or preset.learning_rate,
        weight_decay=(
            preset.weight_decay if training.weight_decay is None else training.weight_decay
        ),
        clip_norm=training.clip_norm or (None if training.clip_value else 1.0),
    )
    chosen = RunOptions(replace(options.tokens, tokens=kind), stack, training)
    return Plan(chosen, tuple(reasons), most_minutes)


def fitting_preset(kind: str, tokens: int, training: TrainingOptions) -> tuple[str, str]:
    """The name of the preset for so many training tokens of a kind, and what it was chosen by."""
    why = f"{tokens:,} training tokens"
    if tokens < SMALL_UNTIL:
        return "small", why
    if kind == "abc":
        return "tunes", why
    minutes = expected_minutes(PRESETS["medium"], tokens, training)
    name = next(name for name, most in UNTIL_MINUTES.items() if minutes <= most)
    return name, f"{why} and about {minutes:.2g} minutes"


def expected_minutes(preset: Preset, tokens: int, training: TrainingOptions) -> float:
    """How long a run would be, on the machine that the preset knows the speed of."""
    if training.minutes is not None:
        return training.minutes
    epochs = training.epochs or chosen_epochs(preset, tokens)
    minutes = epochs * tokens / preset.speed / 60
    return minutes if training.epochs else min(minutes, MOST_MINUTES)


def chosen_epochs(preset: Preset, tokens: int) -> float:
    return min(MOST_EPOCHS, max(1.0, preset.seen / tokens))


def fitting_dropout(preset: Preset, passes: float) -> float:
    return next(share for least, share in reversed(preset.dropout) if passes >= least)


def fitting_width(stack: StackOptions, preset: Preset) -> int:
    """Width of the embedding: where something asks for it that of a layer, else the preset's."""
    if stack.tie:
        return stack.widths[-1]
    return stack.widths[0] if stack.residual else preset.embedding


def fit_steps(
    window: int | None, batch: int | None, preset: Preset, tokens: int
) -> tuple[int, int, list[str]]:
    """Window and batch that leave a small corpus a few steps in each pass."""
    if window is not None and window * (batch or 1) > tokens:
        raise ConfigError(
            f"--window {window} with --batch {batch or 1} needs {window * (batch or 1)} tokens "
            f"and the training part has {tokens}"
        )
    fitting_window = window or min(preset.window, max(1, tokens // LEAST_WINDOWS))
    fitting_batch = batch or min(preset.batch, max(1, tokens // (fitting_window * LEAST_STEPS)))
    if fitting_window * fitting_batch > tokens:
        raise ConfigError(
            f"--batch {fitting_batch} needs at least {fitting_window * fitting_batch} tokens "
            f"and the training part has {tokens}"
        )
    reasons = []
    if window is None and fitting_window < preset.window:
        reasons.append(f"window {fitting_window} rather than {preset.window}: the corpus is small")
    if batch is None and fitting_batch < preset.batch:
        reasons.append(f"batch {fitting_batch} rather than {preset.batch}: the corpus is small")
    return fitting_window, fitting_batch, reasons


def parameters(stack: StackOptions, vocab: int, places: tuple[int, ...] = ()) -> int:
    """How many numbers the network learns."""
    return sum(map(math.prod, weight_shapes(stack, vocab, places).values()))


def memory_bytes(options: RunOptions, vocab: int) -> int:
    """About how much memory training takes: TensorFlow, weights, and a window's activations."""
    stack, training = options.stack, options.training
    assert training.window
    assert training.batch
    tensorflow = 700_000_000
    # Itself, gradient, two moments, the best; what was saved of them, and while it saves, is saved.
    weights = parameters(stack, vocab) * 4 * 11
    # A gated cell keeps about a dozen numbers a unit, the loss three a token of the vocabulary.
    step = 12 * sum(stack.widths) + 2 * (stack.embedding or 0) + 3 * vocab
    return tensorflow + weights + 4 * step * training.window * training.batch
