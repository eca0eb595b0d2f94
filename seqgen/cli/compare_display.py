"""Displays a running comparison: a table with learning curves, or plain lines."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from seqgen.cli.display import RedrawnDisplay
from seqgen.cli.log_lines import (
    Unit,
    evaluation,
    format_duration,
    format_perplexity,
    lines,
    unit_of,
)
from seqgen.cli.terminal import strip_controls
from seqgen.comparison.events import (
    ComparisonStatus,
    Event,
    VariantEvent,
    VariantFinished,
    VariantStarted,
)
from seqgen.comparison.results import Comparison, Entry, Point
from seqgen.reports.charts import comparison_series, terminal_chart
from seqgen.training.events import Evaluated, Preparing, Recovered, Started, Step

# Of 256 colours, those that are distinct on black and on white.
COLOURS = (33, 208, 35, 197, 135, 178, 44, 244)
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789*+"
PLOT_HEIGHT = 15
BAR = 16


@dataclass
class Row:
    """State of a variant while the comparison runs."""

    entry: Entry
    curve: list[Point] = field(default_factory=list)
    step: Step | None = None
    running: bool = False


class PlainDisplay:
    """Prints a line for each evaluation, and when a variant starts or ends."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.rows: list[Row] = []
        self.unit = Unit()
        self.preparing = ""

    def draw(self, event: Event) -> None:
        for line in self.lines(event):
            self.console.print(Text(strip_controls(line)), soft_wrap=True)

    def lines(self, event: Event) -> list[str]:
        match event:
            case Preparing(what) if what != self.preparing:
                self.preparing = what
                return [what]
            case ComparisonStatus() if not self.rows:
                self.rows = rows(event.comparison)
                return introduction(event)
            case VariantStarted():
                entry = self.rows[event.index].entry
                verb = "continues" if event.curve else "starts"
                return [f"{entry.label} {verb}: {entry.parameters:,} parameters"]
            case VariantEvent(_, Started() as started):
                self.unit = unit_of(started)
            case VariantEvent(index, Evaluated() as measured):
                return [f"{self.rows[index].entry.label}  {evaluation(measured, self.unit)}"]
            case VariantEvent(index, Recovered() as recovered):
                label = self.rows[index].entry.label
                return [f"{label}  {line}" for line in lines(recovered, False, self.unit)]
            case VariantFinished():
                return [ending(event.entry)]
        return []


class LiveDisplay(RedrawnDisplay):
    """Redraws a table of all variants and a chart of their curves."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self.rows: list[Row] = []
        self.timed = True
        self.curves = Text()

    def draw(self, event: Event) -> None:
        match event:
            case Preparing():
                self.prepare(event)
            case ComparisonStatus() if not self.rows:
                self.stop()
                for line in introduction(event):
                    self.console.print(Text(strip_controls(line)))
                self.rows, self.timed = rows(event.comparison), event.comparison.timed
                self.draw_curves()
                self.start()
            case ComparisonStatus():
                if self.live:
                    self.live.transient = True  # the results follow
            case VariantStarted():
                row = self.rows[event.index]
                row.curve, row.running = list(event.curve), True
                self.draw_curves()
            case VariantEvent(index, Step() as step):
                self.rows[index].step = step
            case VariantEvent(index, Evaluated() as measured) if measured.int8_loss is None:
                point = Point(measured.tokens, measured.seconds, measured.validation_loss)
                self.rows[index].curve.append(point)
                self.draw_curves()
            case VariantFinished():
                row = self.rows[event.index]
                row.entry, row.running = event.entry, False

    def draw_curves(self) -> None:
        width = min(100, self.console.width)
        self.curves = draw_curves([row.curve for row in self.rows], self.timed, width, colours=True)

    def picture(self) -> Group:
        room = max(3, self.console.height - PLOT_HEIGHT - 6)
        return Group(self.table(room), self.curves)

    def table(self, room: int) -> Table:
        """Return the variants that fit on the screen, the running one among them."""
        table = Table(box=box.SIMPLE_HEAD)
        for column in ("", "network", "parameters", "nats", "tokens/s", "time", ""):
            right = column in ("parameters", "nats", "tokens/s", "time")
            table.add_column(column, justify="right" if right else "left", no_wrap=True)
        now = next((n for n, row in enumerate(self.rows) if row.running), 0)
        first = max(0, min(now - room // 2, len(self.rows) - room))
        for number, row in list(enumerate(self.rows))[first : first + room]:
            table.add_row(curve_marker(number), Text(row.entry.label), *figures(row))
        if room < len(self.rows):
            table.add_row("", Text(f"{room} of {len(self.rows)}", "dim"))
        return table


def display(console: Console) -> AbstractContextManager[PlainDisplay | LiveDisplay]:
    """Return the display for a terminal, or plain lines for a file or a pipe."""
    return LiveDisplay(console) if console.is_terminal else nullcontext(PlainDisplay(console))


def rows(comparison: Comparison) -> list[Row]:
    return [
        Row(entry, list(entry.result.curve) if entry.result else []) for entry in comparison.entries
    ]


def introduction(event: ComparisonStatus) -> list[str]:
    comparison = event.comparison
    finished = sum(entry.finished for entry in comparison.entries)
    before = f"; {finished} of them finished before" if finished else ""
    return [
        f"comparing {len(comparison.entries)} networks on {comparison.corpus}, "
        f"{comparison.budget}{before}",
        *(f"note: {notice}" for notice in event.notices),
    ]


def ending(entry: Entry) -> str:
    if entry.result is None:
        return f"{entry.label} failed: {entry.failure}"
    result = entry.result
    return (
        f"{entry.label} finished after {format_duration(result.seconds)}: "
        f"{result.nats:.4f} nats/token, perplexity {format_perplexity(result.perplexity)}"
    )


def figures(row: Row) -> Sequence[Any]:
    """Return the cells after the name of a variant while the comparison runs."""
    result, parameters = row.entry.result, f"{row.entry.parameters:,}"
    if result:
        speed = f"{result.tokens_per_second:,.0f}" if result.tokens_per_second else "–"
        return (
            parameters,
            f"{result.nats:.4f}",
            speed,
            format_duration(result.seconds),
            Text("done", "green"),
        )
    if row.entry.failure:
        return (parameters, "–", "–", "–", Text("failed", "red"))
    nats = f"{row.curve[-1].nats:.4f}" if row.curve else "–"
    if not row.running:
        return (parameters, nats, "–", "–", Text("waiting", "dim"))
    if row.step is None:
        return (parameters, nats, "–", "–", Text("preparing", "dim"))
    bar = Table.grid(padding=(0, 1))
    bar.add_row(
        ProgressBar(total=1.0, completed=row.step.progress, width=BAR),
        f"{format_duration(row.step.remaining)} left",
    )
    speed = f"{row.step.tokens_per_second:,.0f}" if row.step.step > 1 else "–"
    return (parameters, nats, speed, format_duration(row.step.seconds), bar)


def curve_marker(number: int, colours: bool = True) -> Text:
    """Return a sample of a curve: its colour, or a letter."""
    if not colours:
        return Text(LETTERS[number % len(LETTERS)])
    return Text("━━", f"color({COLOURS[number % len(COLOURS)]})")


def draw_curves(curves: Sequence[Sequence[Point]], timed: bool, width: int, colours: bool) -> Text:
    """Draw validation loss over seconds, or tokens, of training in characters."""
    if not any(len(curve) > 1 for curve in curves):
        return Text()
    markers: list[tuple[str, int | None]] = [
        ("hd", COLOURS[n % len(COLOURS)]) if colours else (LETTERS[n % len(LETTERS)], None)
        for n in range(len(curves))
    ]
    return terminal_chart(
        comparison_series((("", curve) for curve in curves), timed=timed),
        title="validation loss, nats per token",
        x_label="seconds" if timed else "tokens",
        width=width,
        height=PLOT_HEIGHT,
        markers=markers,
    )
