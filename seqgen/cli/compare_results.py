"""Prints the results of a comparison, or an estimate, as a table or JSON on standard output."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from seqgen.cli._common import print_json
from seqgen.cli.compare_display import curve_marker, draw_curves
from seqgen.cli.log_lines import format_duration, format_perplexity
from seqgen.cli.terminal import strip_controls
from seqgen.comparison.dry_run import EstimatedVariant, estimate
from seqgen.comparison.results import Comparison, Entry
from seqgen.config.fields import flag_name
from seqgen.tasks import TASKS

# Columns of output that is not a terminal.
WIDTH = 120


def console() -> Console:
    screen = Console(highlight=False)
    return screen if screen.is_terminal else Console(highlight=False, width=WIDTH)


def print_results(comparison: Comparison, as_json: bool) -> None:
    """Print a table, best first, and the learning curves; or everything as JSON."""
    if as_json:
        print_json(comparison.to_json() | {"best": comparison.best and comparison.best.name})
        return
    screen = console()
    colours = screen.is_terminal and screen.color_system is not None
    screen.print(table(comparison, colours))
    for entry in comparison.entries:
        if entry.failure:
            line = f"{entry.label} failed: {entry.failure}"
            screen.print(Text(strip_controls(line)), soft_wrap=True)
    curves = [entry.result.curve if entry.result else () for entry in comparison.entries]
    screen.print(draw_curves(curves, comparison.timed, min(100, screen.width), colours))
    print_defaults(screen, comparison.entries)


def table(comparison: Comparison, colours: bool) -> Table:
    """Return the variants, best first, each with the marker of its curve."""
    unit = f"bits/{TASKS.load(comparison.kind).unit_label}"
    rows = empty_table("", "network", "parameters", "nats", unit, "perplexity", "tokens/s", "time")
    order = sorted(range(len(comparison.entries)), key=lambda n: comparison.entries[n].loss)
    for number in order:
        entry = comparison.entries[number]
        best = entry is comparison.best
        label = Text(f"{entry.label} ★" if best else entry.label, "bold" if best else "")
        cells = (curve_marker(number, colours), label, f"{entry.parameters:,}")
        if (result := entry.result) is None:
            rows.add_row(*cells, "failed")
            continue
        bits = result.bits_per_note or result.bits_per_character
        speed = f"{result.tokens_per_second:,.0f}" if result.tokens_per_second else "–"
        rows.add_row(
            *cells, f"{result.nats:.4f}", f"{bits:.3f}", format_perplexity(result.perplexity),
            speed, format_duration(result.seconds),
        )  # fmt: skip
    return rows


def empty_table(*columns: str) -> Table:
    """Return a table whose columns after the first two hold numbers."""
    rows = Table(box=box.SIMPLE_HEAD, collapse_padding=True)
    for number, column in enumerate(columns):
        rows.add_column(column, justify="right" if number > 1 else "left")
    return rows


def print_estimate(corpus: Any, given: dict[str, Any], name: str, as_json: bool) -> None:
    """Print what would be compared, and how long it would take."""
    variants = estimate(corpus, given, name)
    minutes = sum(each.minutes for each in variants)
    if as_json:
        print_json({"variants": [asdict(each) for each in variants], "minutes": minutes})
        return
    rows = empty_table("network", "checkpoint", "parameters", "time")
    for each in variants:
        duration = format_duration(60 * each.minutes)
        rows.add_row(each.label, each.name, f"{each.parameters:,}", duration)
    screen = console()
    screen.print(rows)
    total = format_duration(60 * minutes)
    screen.print(f"{len(variants)} networks, about {total} of training in all")
    print_defaults(screen, variants)


def print_defaults(screen: Console, variants: Sequence[Entry | EstimatedVariant]) -> None:
    """Print each option that was not given and differs between variants."""
    for option in variants[0].defaults or ():
        values = ", ".join(
            f"{(each.defaults or {}).get(option)} ({each.label})" for each in variants
        )
        line = f"chosen as in train: {flag_name(option)} {values}"
        screen.print(Text(strip_controls(line)), soft_wrap=True)
