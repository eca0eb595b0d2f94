"""Prints what came of a comparison, or what would come: a table, or JSON; on standard output."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from seqgen.cli.compare_display import drawn, sign
from seqgen.cli.log_lines import format_duration, shown_perplexity
from seqgen.cli.terminal import strip_controls
from seqgen.comparison.dry_run import EstimatedVariant, estimate
from seqgen.comparison.results import Comparison, Entry
from seqgen.config.fields import flag_name
from seqgen.tasks import TASKS

# Where nobody's screen bounds it.
WIDTH = 120


def console() -> Console:
    screen = Console(highlight=False)
    return screen if screen.is_terminal else Console(highlight=False, width=WIDTH)


def show(comparison: Comparison, as_json: bool) -> None:
    """The results: a table, best first, and the learning curves; or all of them as JSON."""
    if as_json:
        best = comparison.best.name if comparison.best else None
        print(json.dumps(comparison.to_json() | {"best": best}, indent=2, ensure_ascii=False))
        return
    screen = console()
    colours = screen.is_terminal and screen.color_system is not None
    screen.print(table(comparison, colours))
    for entry in comparison.entries:
        if entry.failure:
            screen.print(
                Text(strip_controls(f"{entry.label} failed: {entry.failure}")), soft_wrap=True
            )
    curves = [entry.result.curve if entry.result else () for entry in comparison.entries]
    screen.print(drawn(curves, comparison.timed, min(100, screen.width), colours))
    show_choices(screen, comparison.entries)


def table(comparison: Comparison, colours: bool) -> Table:
    """The variants, best first, each with the sign of its curve."""
    unit = f"bits/{TASKS.load(comparison.kind).unit_label}"
    made = headed("", "network", "parameters", "nats", unit, "perplexity", "tokens/s", "time")
    order = sorted(range(len(comparison.entries)), key=lambda n: comparison.entries[n].loss)
    for number in order:
        entry = comparison.entries[number]
        best = entry is comparison.best
        label = Text(f"{entry.label} ★" if best else entry.label, "bold" if best else "")
        made.add_row(sign(number, colours), label, f"{entry.parameters:,}", *figures(entry))
    return made


def headed(*columns: str) -> Table:
    """A table with these columns, of numbers all but the first two."""
    made = Table(box=box.SIMPLE_HEAD, collapse_padding=True)
    for number, column in enumerate(columns):
        made.add_column(column, justify="right" if number > 1 else "left")
    return made


def figures(entry: Entry) -> list[str]:
    result = entry.result
    if result is None:
        return ["failed"]
    bits = result.bits_per_note or result.bits_per_character
    speed = f"{result.tokens_per_second:,.0f}" if result.tokens_per_second else "–"
    return [
        f"{result.nats:.4f}", f"{bits:.3f}", shown_perplexity(result.perplexity), speed,
        format_duration(result.seconds),
    ]  # fmt: skip


def show_estimate(corpus: Any, given: dict[str, Any], name: str, as_json: bool) -> None:
    """What would be compared, and how long it would take."""
    found = estimate(corpus, given, name)
    minutes = sum(each.minutes for each in found)
    if as_json:
        print(json.dumps({"variants": [asdict(e) for e in found], "minutes": minutes}, indent=2))
        return
    made = headed("network", "checkpoint", "parameters", "time")
    for each in found:
        made.add_row(
            each.label, each.name, f"{each.parameters:,}", format_duration(60 * each.minutes)
        )
    screen = console()
    screen.print(made)
    screen.print(f"{len(found)} networks, about {format_duration(60 * minutes)} of training in all")
    show_choices(screen, found)


def show_choices(screen: Console, found: Sequence[Entry | EstimatedVariant]) -> None:
    """Return a line for each option that was not given and differs between variants."""
    for option in found[0].defaults or ():
        values = [(each.defaults or {}).get(option) for each in found]
        told = ", ".join(
            f"{value} ({each.label})" for value, each in zip(values, found, strict=True)
        )
        line = f"chosen as in train: {flag_name(option)} {told}"
        screen.print(Text(strip_controls(line)), soft_wrap=True)
