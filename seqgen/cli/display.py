"""Draws a training run on standard error: a live picture in a terminal, plain lines elsewhere."""

import math
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TextColumn
from rich.status import Status
from rich.table import Table
from rich.text import Text

from seqgen.checkpoint.find import FOLDER
from seqgen.stack import cells
from seqgen.training.events import (
    Evaluated,
    Event,
    Finished,
    Preparing,
    Recovered,
    Sampled,
    Started,
    Step,
)

SAMPLE_LINES = 6
LINE_EVERY = 10.0  # seconds between two plain lines


class Display(Protocol):
    """Something that draws events as they come."""

    def draw(self, event: Event) -> None: ...


@contextmanager
def display(console: Console, verbose: bool) -> Iterator[Display]:
    """The display that suits where standard error goes."""
    if not console.is_terminal:
        yield PlainDisplay(console, verbose)
        return
    live = LiveDisplay(console, verbose)
    try:
        yield live
    finally:
        live.stop()


class PlainDisplay:
    """Plain lines: for a log file, a pipe, or continuous integration."""

    def __init__(self, console: Console, verbose: bool) -> None:
        self.console = console
        self.verbose = verbose
        self.written_at = -math.inf
        self.characters_per_token = 1.0

    def draw(self, event: Event) -> None:
        if isinstance(event, Started):
            self.characters_per_token = characters_per_token(event)
        if isinstance(event, Step):
            if event.seconds - self.written_at < LINE_EVERY:
                return
            self.written_at = event.seconds
        for line in lines(event, self.verbose, self.characters_per_token):
            self.console.print(Text(line), soft_wrap=True)


class LiveDisplay:
    """A picture that is drawn anew a few times a second: losses, speed, a sample, what is left."""

    def __init__(self, console: Console, verbose: bool) -> None:
        self.console = console
        self.verbose = verbose
        self.status: Status | None = None
        self.live: Live | None = None
        self.step: Step | None = None
        self.evaluations: list[Evaluated] = []
        self.sample: Sampled | None = None
        self.characters_per_token = 1.0
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(None),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[left]}"),
            console=console,
            expand=True,
        )
        self.task = self.progress.add_task("training", total=1.0, left="")

    def draw(self, event: Event) -> None:
        match event:
            case Preparing():
                self.stop()
                self.status = self.console.status(Text(cleaned(event.what)))
                self.status.start()
            case Started():
                self.stop()
                self.characters_per_token = characters_per_token(event)
                self.say(event)
                self.live = Live(
                    get_renderable=self.picture, console=self.console, refresh_per_second=4
                )
                self.live.start()
            case Step():
                self.step = event
                left = f"{clock(event.remaining)} left"
                self.progress.update(self.task, completed=event.progress, left=left)
            case Evaluated():
                self.evaluations.append(event)
            case Sampled():
                self.sample = event
            case Recovered():
                self.say(event)
            case Finished():
                self.progress.update(self.task, completed=1.0, left="done")
                self.stop()
                self.say(event)

    def say(self, event: Event) -> None:
        for line in lines(event, self.verbose, self.characters_per_token):
            self.console.print(Text(line))

    def stop(self) -> None:
        """Leave the last picture standing."""
        for drawn in (self.status, self.live):
            if drawn is not None:
                drawn.stop()
        self.status = self.live = None

    def picture(self) -> Group:
        parts: list[Any] = [self.numbers()]
        if self.sample is not None:
            title = Text(f"what it writes at step {self.sample.step:,}")
            parts.append(Panel(shown(self.sample.text), title=title, title_align="left"))
        return Group(*parts, self.progress)

    def numbers(self) -> Table:
        table = Table.grid(padding=(0, 3))
        for _ in range(4):
            table.add_column()
        step, last = self.step, self.evaluations[-1] if self.evaluations else None
        best = min((e.validation_loss for e in self.evaluations), default=math.nan)
        training = step.loss if step else math.nan
        validation = last.validation_loss if last else math.nan
        table.add_row(
            pair("training", losses(training, self.characters_per_token)),
            pair("step", f"{step.step:,}" if step else "0"),
            pair("tokens/s", number(step.tokens_per_second, ",.0f") if step else "–"),
        )
        table.add_row(
            pair("validation", losses(validation, self.characters_per_token), "bold green"),
            pair("epoch", f"{step.epoch:.2f}" if step else "0"),
            pair("gradient norm", number(step.gradient_norm, ".2f") if step else "–"),
        )
        table.add_row(
            pair("perplexity", number(last.perplexity, ".2f") if last else "–"),
            pair("best", number(best, ".3f")),
            pair("step size", f"{step.learning_rate:.1e}" if step else "–"),
        )
        return table


def lines(event: Event, verbose: bool, characters_per_token: float) -> list[str]:
    """An event in plain lines, safe for a terminal."""
    return [cleaned(line) for line in told(event, verbose, characters_per_token)]


def told(event: Event, verbose: bool, characters_per_token: float) -> list[str]:
    match event:
        case Preparing():
            return [event.what]
        case Started():
            return introduction(event, verbose)
        case Step():
            return [
                f"step {event.step}  epoch {event.epoch:.2f}  {event.progress:4.0%}  "
                f"training {losses(event.loss, characters_per_token)}  "
                f"gradient norm {event.gradient_norm:.2f}  "
                f"{number(event.tokens_per_second, ',.0f')} tokens/s  "
                f"{clock(event.remaining)} left"
            ]
        case Evaluated():
            return evaluation(event, characters_per_token)
        case Sampled():
            return ["  | " + line for line in first_lines(event.text)]
        case Recovered():
            return [
                f"step {event.step}: the loss is not finite; back to the last good weights "
                f"with half the step size (time {event.times})"
            ]
        case Finished():
            return conclusion(event)
    return []


def introduction(event: Started, verbose: bool) -> list[str]:
    config = event.config
    stack, corpus, training = config.stack, config.corpus, config.training
    widths = " + ".join(str(width) for width in stack.widths)
    text = [
        f"{'going on with' if event.resumed else 'learning'} {corpus.name}: "
        f"{corpus.training_characters:,} characters, {corpus.validation_characters:,} held back, "
        f"{corpus.documents:,} document{'s' * (corpus.documents != 1)}, "
        f"{config.vocab:,} {config.tokens.tokens} tokens",
        f"{cells.find(stack.cell).title}, {widths} units, embedding {stack.embedding}, dropout "
        f"{stack.dropout:g}: {event.parameters:,} parameters; window {training.window}, "
        f"batch {training.batch}, {event.steps:,} steps an epoch",
    ]
    if training.minutes:
        text.append(f"{training.minutes:g} minutes of training, into {event.path}")
    else:
        text.append(f"{training.epochs:.3g} epochs of training, into {event.path}")
    reasons = event.reasons if verbose else event.reasons[-1:]
    text += [f"chosen: {reason}" for reason in reasons]
    return text + [f"note: {notice}" for notice in event.notices]


def conclusion(event: Finished) -> list[str]:
    result, name = event.result, spoken(event.path)
    why = "no better for a while" if event.reason == "patience" else "done"
    return [
        f"{why} after {clock(result.seconds)}: {result.validation_loss:.4f} nats a token, "
        f"{result.bits_per_character:.3f} bits per character, perplexity {result.perplexity:.2f} "
        "on the whole validation part",
        f"saved in {event.path}",
        f"next:  seqgen sample {name}",
        f"       seqgen train --resume {name} --minutes {longer(result.seconds)}",
    ]


def longer(seconds: float) -> int:
    """A budget in minutes that doubles the training so far."""
    return max(1, math.ceil(seconds / 30))


def evaluation(event: Evaluated, characters_per_token: float) -> list[str]:
    part = "" if event.whole else " (of a part)"
    return [
        f"step {event.step}  {clock(event.seconds)}  "
        f"training {losses(event.training_loss, characters_per_token)}  "
        f"validation{part} {losses(event.validation_loss, characters_per_token)}  "
        f"perplexity {number(event.perplexity, '.2f')}{'  best so far' if event.best else ''}"
    ]


def spoken(path: Path) -> str:
    """What to call a checkpoint on the command line: its name, or its path where that is needed."""
    return shlex.quote(path.name if path.parent == FOLDER else str(path))


def characters_per_token(event: Started) -> float:
    corpus = event.config.corpus
    return corpus.validation_characters / max(1, corpus.validation_tokens - 1)


def losses(nats: float, characters: float) -> str:
    bits = nats / characters / math.log(2)
    return f"{number(nats, '.3f')} nats  {number(bits, '.3f')} bits/char"


def pair(name: str, value: str, style: str = "bold") -> Text:
    return Text.assemble((f"{name} ", "dim"), (value, style))


def number(value: float, form: str) -> str:
    return "–" if math.isnan(value) else format(value, form)


def clock(seconds: float) -> str:
    """A length of time as a person says it: 45 s, 2:05, 1:02:03."""
    if not math.isfinite(seconds):
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    if minutes == 0:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def shown(text: str) -> Text:
    """The first lines of a sample, one row each, never read as markup."""
    first = first_lines(text)
    first += [""] * (SAMPLE_LINES - len(first))
    return Text("\n".join(first), no_wrap=True, overflow="ellipsis")


def first_lines(text: str) -> list[str]:
    return cleaned(text).split("\n")[:SAMPLE_LINES]


def cleaned(text: str) -> str:
    """The text without control characters, which could drive the reader's terminal."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)
