"""Draws what `seqgen train --dry-run` found."""

from rich.console import Console
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from seqgen.cli.log_lines import format_duration
from seqgen.cli.terminal import strip_controls
from seqgen.training.dry_run import Estimate


def print_estimate(found: Estimate) -> None:
    """Print the stack as a table, then what a run would take; on standard output."""
    training = found.training
    table = Table(title=f"the network for {found.corpus}", title_justify="left")
    table.add_column("layer")
    table.add_column("kind")
    table.add_column("output (steps, streams, width)")
    table.add_column("weights")
    table.add_column("parameters", justify="right")
    for row in found.layers:
        weights = ", ".join(f"{name} {sides(shape)}" for name, shape in row.weights.items())
        table.add_row(row.name, row.kind, sides(row.output), weights, f"{row.parameters:,}")
    table.add_section()
    table.add_row("all", "", "", "", f"{found.parameters:,}")
    console = Console(highlight=False)
    console.print(table)
    console.print(
        f"{found.tokens_per_epoch:,} tokens an epoch in {found.steps_per_epoch:,} steps; "
        f"{found.epochs:.3g} epochs at {found.tokens_per_second:,.0f} tokens/s take about "
        f"{format_duration(60 * found.minutes)}\n"
        f"about {decimal(found.memory_bytes)} of memory; step size up to "
        f"{training.learning_rate:g}, dropout {found.model.dropout:g}, "
        f"gradients clipped at {training.clip_norm or training.clip_value:g}"
    )
    for reason in found.reasons:
        console.print(f"chosen: {reason}")
    for notice in found.notices:
        # Text: a path with brackets is no markup.
        console.print(Text(f"note: {strip_controls(notice)}"))


def sides(shape: tuple[int, ...]) -> str:
    return "×".join(str(length) for length in shape)
