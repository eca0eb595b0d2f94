"""Prints the result of `seqgen train --dry-run`."""

from rich.console import Console
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from seqgen.cli.log_lines import format_duration
from seqgen.cli.terminal import strip_controls
from seqgen.training.dry_run import Estimate


def print_estimate(estimate: Estimate) -> None:
    """Print the layers as a table, then memory and time, on standard output."""
    training = estimate.training
    table = Table(title=f"model for {estimate.corpus}", title_justify="left")
    table.add_column("layer")
    table.add_column("kind")
    table.add_column("output (steps, streams, width)")
    table.add_column("weights")
    table.add_column("parameters", justify="right")
    for row in estimate.layers:
        weights = ", ".join(f"{name} {sides(shape)}" for name, shape in row.weights.items())
        table.add_row(row.name, row.kind, sides(row.output), weights, f"{row.parameters:,}")
    table.add_section()
    table.add_row("all", "", "", "", f"{estimate.parameters:,}")
    console = Console(highlight=False)
    console.print(table)
    console.print(
        f"{estimate.tokens_per_epoch:,} tokens per epoch in {estimate.steps_per_epoch:,} steps; "
        f"{estimate.epochs:.3g} epochs at {estimate.tokens_per_second:,.0f} tokens/s take about "
        f"{format_duration(60 * estimate.minutes)}\n"
        f"about {decimal(estimate.memory_bytes)} of memory; peak learning rate "
        f"{training.learning_rate:g}, dropout {estimate.model.dropout:g}, "
        f"gradients clipped at {training.clip_norm or training.clip_value:g}"
    )
    for reason in estimate.reasons:
        console.print(f"chosen: {reason}")
    for notice in estimate.notices:
        # Text: a path with brackets is no markup.
        console.print(Text(f"note: {strip_controls(notice)}"))


def sides(shape: tuple[int, ...]) -> str:
    return "×".join(str(length) for length in shape)
