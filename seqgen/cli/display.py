"""Displays a training run on standard error: live in a terminal, as plain lines elsewhere."""

import math
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TextColumn
from rich.status import Status
from rich.table import Table
from rich.text import Text

from seqgen.cli.log_lines import (
    SAMPLE_LINES,
    Unit,
    first_lines,
    format_duration,
    lines,
    losses,
    number,
    unit_of,
)
from seqgen.cli.terminal import strip_controls
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

LINE_EVERY = 10.0  # seconds between two plain lines


class Display(Protocol):
    """Displays events."""

    def draw(self, event: Event) -> None: ...


def display(console: Console, verbose: bool) -> AbstractContextManager[Display]:
    """Return a live display in a terminal, else plain lines."""
    if console.is_terminal:
        return LiveDisplay(console, verbose)
    return nullcontext(PlainDisplay(console, verbose))


class RedrawnDisplay:
    """A status line during preparations, then a picture that is redrawn four times a second."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.status: Status | None = None
        self.live: Live | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def prepare(self, event: Preparing) -> None:
        if self.status is None:
            self.status = self.console.status("")
            self.status.start()
        done = f", {event.share:.0%}" if event.share else ""
        self.status.update(Text(strip_controls(event.what) + done))

    def start(self) -> None:
        """Start to redraw the picture."""
        self.live = Live(get_renderable=self.picture, console=self.console, refresh_per_second=4)
        self.live.start()

    def stop(self) -> None:
        """Stop redrawing; the last state stays on the screen."""
        for part in (self.status, self.live):
            if part is not None:
                part.stop()
        self.status = self.live = None

    def picture(self) -> Group:
        raise NotImplementedError


class PlainDisplay:
    """Plain lines: for a log file, a pipe, or continuous integration."""

    def __init__(self, console: Console, verbose: bool) -> None:
        self.console = console
        self.verbose = verbose
        self.written_at = -math.inf
        self.unit = Unit()

    def draw(self, event: Event) -> None:
        if isinstance(event, Started):
            self.unit = unit_of(event)
        if isinstance(event, Preparing) and event.share:
            return
        if isinstance(event, Step):
            if event.seconds - self.written_at < LINE_EVERY:
                return
            self.written_at = event.seconds
        for line in lines(event, self.verbose, self.unit):
            self.console.print(Text(line), soft_wrap=True)


class LiveDisplay(RedrawnDisplay):
    """Redraws losses, speed, a sample and the remaining time."""

    def __init__(self, console: Console, verbose: bool) -> None:
        super().__init__(console)
        self.verbose = verbose
        self.step: Step | None = None
        self.evaluations: list[Evaluated] = []
        self.sample: Sampled | None = None
        self.unit = Unit()
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
                self.prepare(event)
            case Started():
                self.stop()
                self.unit = unit_of(event)
                self.print_lines(event)
                self.start()
            case Step():
                self.step = event
                left = f"{format_duration(event.remaining)} left"
                self.progress.update(self.task, completed=event.progress, left=left)
            case Evaluated():
                self.evaluations.append(event)
            case Sampled():
                self.sample = event
            case Recovered() | Unsaved():
                self.print_lines(event)
            case Finished():
                self.progress.update(self.task, completed=1.0, left="done")
                self.stop()
                self.print_lines(event)

    def print_lines(self, event: Event) -> None:
        for line in lines(event, self.verbose, self.unit):
            self.console.print(Text(line))

    def picture(self) -> Group:
        parts: list[Any] = [self.numbers()]
        if self.sample is not None:
            title = Text(f"sample at step {self.sample.step:,}")
            parts.append(Panel(sample_text(self.sample.text), title=title, title_align="left"))
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
            pair("training", losses(training, self.unit)),
            pair("step", f"{step.step:,}" if step else "0"),
            pair("tokens/s", number(step.tokens_per_second, ",.0f") if step else "–"),
        )
        table.add_row(
            pair("validation", losses(validation, self.unit), "bold green"),
            pair("epoch", f"{step.epoch:.2f}" if step else "0"),
            pair("gradient norm", number(step.gradient_norm, ".2f") if step else "–"),
        )
        table.add_row(
            pair("perplexity", number(last.perplexity, ".2f") if last else "–"),
            pair("best", number(best, ".3f")),
            pair("learning rate", f"{step.learning_rate:.1e}" if step else "–"),
        )
        return table


def pair(name: str, value: str, style: str = "bold") -> Text:
    return Text.assemble((f"{name} ", "dim"), (value, style))


def sample_text(text: str) -> Text:
    """Return the first lines of a sample, one row each, without markup."""
    first = first_lines(text)
    first += [""] * (SAMPLE_LINES - len(first))
    return Text("\n".join(first), no_wrap=True, overflow="ellipsis")
