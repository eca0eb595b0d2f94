"""What samples of a model of text are like, as a table in the terminal."""

from typing import TYPE_CHECKING

import typer

from seqgen.cli import evaluate_tunes
from seqgen.cli.log_lines import pluralize
from seqgen.cli.terminal import strip_controls

if TYPE_CHECKING:
    from seqgen.evaluation.text.novelty import CopiedText
    from seqgen.evaluation.text.samples import SampleMetrics

SHOWN = 200  # characters of a copy
COLUMNS = {"generated": "written", "real": "real"}
WORDS = 12  # that are named


def print_samples(figures: "SampleMetrics") -> None:
    """The figures of samples beside real text, and what stands out in them."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    count = pluralize(figures.count, "sample")
    typer.echo(f"\n{count}, temperature {figures.temperature:g}, beside as much real text\n")
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for name in COLUMNS.values():
        table.add_column(name, justify="right")
    for row in figures.rows:
        cells = [shown(row.values.get(column), row.unit) for column in COLUMNS]
        table.add_row(Text(f"{row.name}, {row.unit}"), *cells)
    Console(highlight=False).print(table, "")
    for column, name in COLUMNS.items():
        if copy := figures.copies.get(column):
            typer.echo(told(name, copy))
    if figures.loop:
        typer.echo(f"one sample ends in a loop: {one_line(figures.loop)}")
    if figures.unknown_words:
        typer.echo(
            f"words that are not there: {strip_controls(', '.join(figures.unknown_words[:WORDS]))}"
        )


def shown(value: float | None, unit: str) -> str:
    """A share in three digits, a number of characters in full."""
    if value is None or unit != "characters":
        return evaluate_tunes.shown(value, unit)
    return f"{value:,.0f}"


def told(column: str, copy: "CopiedText") -> str:
    where = f"document {copy.document:,}, " if copy.document > 1 else ""
    where += (
        f"line {copy.line:,}"
        if copy.line == copy.last_line
        else (f"lines {copy.line:,} to {copy.last_line:,}")
    )
    return f"longest copy, {column}: {one_line(copy.copied)} ({where} of the training part)"


def one_line(text: str) -> str:
    more = "…" if len(text) > SHOWN else ""
    return strip_controls(text[:SHOWN].replace("\n", " / ")) + more
