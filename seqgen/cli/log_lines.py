"""Formats training events as plain lines, and their figures for the live display."""

import math
import shlex
from pathlib import Path
from typing import NamedTuple

from seqgen.checkpoint.locate import FOLDER
from seqgen.cli.terminal import flags, strip_controls
from seqgen.config.resolved import TrainSpec
from seqgen.data.corpora.units import summary
from seqgen.models import cells
from seqgen.music.abc.fields import FIELD
from seqgen.tasks import TASKS
from seqgen.training.events import (
    Evaluated,
    Event,
    Finished,
    Preparing,
    Recovered,
    Sampled,
    Started,
    Step,
    Unsaved,
)

SAMPLE_LINES = 6


class Unit(NamedTuple):
    """The unit in which losses are printed as well as per token: a character, or a note.

    Attributes:
        name: "char" or "note".
        per_token: Mean number of units per token.
    """

    name: str = "char"
    per_token: float = 1.0


def lines(event: Event, verbose: bool, unit: Unit) -> list[str]:
    """Return the lines of an event, with options as flags and without control characters."""
    return [flags(strip_controls(line)) for line in _event_lines(event, verbose, unit)]


def _event_lines(event: Event, verbose: bool, unit: Unit) -> list[str]:
    match event:
        case Preparing():
            return [event.what]
        case Started():
            return introduction(event, verbose)
        case Step():
            return [
                f"step {event.step}  epoch {event.epoch:.2f}  {event.progress:4.0%}  "
                f"training {losses(event.loss, unit)}  "
                f"gradient norm {event.gradient_norm:.2f}  "
                f"{number(event.tokens_per_second, ',.0f')} tokens/s  "
                f"{format_duration(event.remaining)} left"
            ]
        case Evaluated():
            return [evaluation(event, unit)]
        case Sampled():
            return ["  | " + line for line in first_lines(event.text)]
        case Recovered():
            finite = math.isfinite(event.loss)
            what = f"has exploded to {event.loss:.1f} nats" if finite else "is not finite"
            return [
                f"step {event.step}: the loss {what}; restored the best "
                f"weights and halved the learning rate (recovery {event.times})"
            ]
        case Unsaved():
            return [f"step {event.step}: {event.reason}; training continues and will retry"]
        case Finished():
            return conclusion(event)
    return []


def introduction(event: Started, verbose: bool) -> list[str]:
    config = event.config
    model, corpus, training = config.model, config.corpus, config.training
    widths = " + ".join(str(width) for width in model.units)
    document = TASKS.load(config.task).document_noun
    text = []
    if corpus.learns_ends and corpus.unit:
        text.append(summary(corpus.documents, corpus.unit, corpus.held_out))
    text += [
        f"{'resuming' if event.resumed else 'training on'} {corpus.name}: "
        f"{corpus.training_characters:,} characters, "
        f"{corpus.validation_characters:,} for validation, "
        f"{pluralize(corpus.documents, document)}, "
        f"{config.vocab:,} {config.data.tokenizer} tokens",
        f"{cells.find(model.cell).title}, {widths} units, embedding {model.embedding}, dropout "
        f"{model.dropout:g}: {event.parameters:,} parameters; "
        f"sequence length {training.seq_length}, batch size {training.batch_size}, "
        f"{event.steps:,} steps per epoch",
    ]
    text.append(f"{length(training)}, saved in {event.path}")
    reasons = event.reasons if verbose else event.reasons[-1:]
    text += [f"chosen: {reason}" for reason in reasons]
    return text + [f"note: {notice}" for notice in event.notices]


def length(training: TrainSpec) -> str:
    """Return the length of a run in words."""
    lengths = ((training.epochs, "epoch"), (training.minutes, "minute"))
    first, *rest = [pluralize(value, unit) for value, unit in lengths if value is not None]
    return f"{first} of training" + "".join(f", at most {each}" for each in rest)


def conclusion(event: Finished) -> list[str]:
    result, name = event.result, checkpoint_label(event.path)
    why = "stopped early" if event.reason == "patience" else "finished"
    return [
        f"{why} after {format_duration(result.seconds)}: {result.validation_loss:.4f} "
        f"nats/token, {bits(result)}, perplexity {format_perplexity(result.perplexity)} "
        f"on {'the' if result.whole else f'{result.read:,} tokens of the'} validation data",
        *warning(event),
        f"saved in {event.path}",
        f"next:  seqgen sample {name}",
        f"       seqgen train --resume {name} --minutes {longer(result.seconds)}",
    ]


def warning(event: Finished) -> list[str]:
    """Return the advice for a run that is no better than a unigram model."""
    if not event.result.learned_nothing:
        return []
    return [
        f"the best weights are no better than a unigram model ({event.result.unigram_loss:.4f} "
        "nats/token), which predicts each token by its frequency; to use the last weights:  "
        f"seqgen sample {checkpoint_label(event.path)} --weights last"
    ]


def bits(result: Evaluated) -> str:
    """Return the loss in bits per note or per character, which compares between tokenizers."""
    if result.bits_per_note is not None:
        return f"{result.bits_per_note:.3f} bits per note"
    return f"{result.bits_per_character:.3f} bits per character"


def longer(seconds: float) -> int:
    """Return minutes that double the training so far."""
    return max(1, math.ceil(seconds / 30))


def evaluation(event: Evaluated, unit: Unit) -> str:
    part = "" if event.whole else " (subset)"
    return (
        f"step {event.step}  {format_duration(event.seconds)}  "
        f"training {losses(event.training_loss, unit)}  "
        f"validation{part} {losses(event.validation_loss, unit)}  "
        f"perplexity {format_perplexity(event.perplexity)}{'  best so far' if event.best else ''}"
    )


def checkpoint_label(path: Path) -> str:
    """Return a checkpoint's name for the command line, or its path if it is elsewhere."""
    return shlex.quote(path.name if path.parent == FOLDER else str(path))


def unit_of(event: Started) -> Unit:
    """Return the unit in which the losses of a run compare with those of others."""
    config = event.config
    unit = TASKS.load(config.task).metric_unit(config)
    return Unit(unit.label, unit.total / max(1, config.corpus.validation_tokens - 1))


def losses(nats: float, unit: Unit) -> str:
    bits = nats / unit.per_token / math.log(2)
    return f"{number(nats, '.3f')} nats  {number(bits, '.3f')} bits/{unit.name}"


def pluralize(count: float, what: str) -> str:
    return f"{count:,.4g} {what}{'s' * (count != 1)}" if count < 1000 else f"{count:,.0f} {what}s"


def number(value: float, form: str) -> str:
    return "–" if math.isnan(value) else format(value, form)


def format_perplexity(value: float) -> str:
    """Return a perplexity in a few digits; after divergence it may have hundreds."""
    return number(value, ".2f" if value < 1e6 else ".1e")


def format_duration(seconds: float) -> str:
    """Return a duration such as 45 s, 2:05 or 1:02:03."""
    if not math.isfinite(seconds):
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    if minutes == 0:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def first_lines(text: str) -> list[str]:
    """Return the first lines of a sample; of a tune its title and its music."""
    lines = strip_controls(text).split("\n")
    if lines[0].startswith("%abc"):
        lines = [line for line in lines[1:] if line.startswith("T:") or not FIELD.match(line)]
    return lines[:SAMPLE_LINES]
