"""`seqgen checkpoints`: what has been trained, or comes with seqgen, and how well."""

import dataclasses
import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from seqgen.checkpoint import layout
from seqgen.checkpoint.locate import (
    find_checkpoint,
    is_shipped,
    list_checkpoints,
    shipped_checkpoints,
)
from seqgen.cli.completion import complete_checkpoint
from seqgen.cli.export import export
from seqgen.cli.help import Command, Group
from seqgen.cli.terminal import print_notice, strip_controls, write_stdout
from seqgen.cli.upgrade import upgrade
from seqgen.errors import CheckpointError, SeqgenError
from seqgen.io.atomic import MAX_TEXT_BYTES, read_bytes

app = typer.Typer(
    cls=Group, help="List, show, export and upgrade checkpoints.", add_completion=False
)
app.command(cls=Command)(export)
app.command(cls=Command)(upgrade)

SAMPLE_LINES = 12

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback(invoke_without_command=True)
def checkpoints(context: typer.Context, as_json: AsJson = False) -> None:
    """List, show, export and upgrade checkpoints."""
    if context.invoked_subcommand is not None:
        return
    own = list_checkpoints()
    rows = [summary(path) for path in (*own, *shipped_checkpoints())]
    if as_json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    if rows:
        print_table(rows)
    if not own:
        print_notice("none of your own here yet; train one with `seqgen train SOURCE`")


@app.command(cls=Command)
def show(
    name: Annotated[
        str,
        typer.Argument(
            help="Name of a checkpoint, or path of its folder.",
            autocompletion=complete_checkpoint,
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Show options, metrics, learning curve and a sample."""
    path = find_checkpoint(name)
    from seqgen.checkpoint.model_card import data_rows, network_rows, training_rows
    from seqgen.checkpoint.read import best_metric, open_checkpoint

    checkpoint = open_checkpoint(path)
    config, metrics = checkpoint.config, checkpoint.metrics()
    if as_json:
        facts = summary(path) | {"config": config.to_json(), "metrics": metrics}
        print(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    print_facts(f"{path}", [*data_rows(config), *network_rows(config)])
    best = best_metric(metrics) or {}
    measured = [(name, f"{v:.5g}" if type(v) is float else str(v)) for name, v in best.items()]
    print_facts("training", [*training_rows(config, metrics), *option_rows(config.training)])
    print_facts("at its best", measured or [("not measured yet", "")])
    print_curve(metrics)
    print_sample(path / layout.SAMPLES)


def summary(path: Path) -> dict[str, Any]:
    """What the list says of a checkpoint; where it is damaged, why."""
    from seqgen.checkpoint.read import best_metric, open_checkpoint
    from seqgen.models import cells

    try:
        checkpoint = open_checkpoint(path)
        config, best = checkpoint.config, best_metric(checkpoint.metrics()) or {}
        return {
            "name": path.name,
            "path": str(path),
            "cell": cells.find(config.model.cell).title,
            "units": list(config.model.units),
            "parameters": config.parameters,
            "corpus": config.corpus.name,
            "bits_per_character": best.get("bits_per_character"),
            "age_seconds": max(0.0, round(time.time() - changed(path), 1)),
            "shipped": is_shipped(path),
            "damaged": None,
        }
    except SeqgenError as error:
        facts = {"name": path.name, "path": str(path), "shipped": is_shipped(path)}
        return facts | {"damaged": str(error)}


def changed(path: Path) -> float:
    """When the network last got better, or the checkpoint was made."""
    weights = path / layout.WEIGHTS
    return (weights if weights.exists() else path / layout.CONFIG).stat().st_mtime


def print_table(rows: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    for column in ("name", "network", "parameters", "corpus", "bits/char", "age"):
        right = column in ("parameters", "bits/char", "age")
        table.add_column(column, justify="right" if right else "left")
    for row in rows:
        if row["damaged"]:
            table.add_row(Text(strip_controls(row["name"]), "bold"), Text("damaged", "red"))
            continue
        bits = row["bits_per_character"]
        cells = (
            f"{row['cell']} {'+'.join(map(str, row['units']))}",
            f"{row['parameters']:,}",
            row["corpus"],
            f"{bits:.3f}" if isinstance(bits, (int, float)) else "-",
            when(row, rows),
        )
        # Text: a name with brackets is no markup.
        table.add_row(
            Text(strip_controls(row["name"]), "bold"), *map(Text, map(strip_controls, cells))
        )
    Console().print(table)
    for row in rows:
        if row["damaged"]:
            print_notice(f"damaged: {row['damaged']}")


def when(row: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    """How old a checkpoint is, or that it comes with seqgen, and one here goes before it."""
    if not row["shipped"]:
        return age(row["age_seconds"])
    hidden = any(other["name"] == row["name"] and not other["shipped"] for other in rows)
    return "shipped, yours first" if hidden else "shipped"


def age(seconds: float) -> str:
    """A span of time as one says it: 40 s, 12 min, 5 h, 3 days."""
    for unit, size, until in (("s", 1, 60), ("min", 60, 3600), ("h", 3600, 172_800)):
        if seconds < until:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds // 86_400:.0f} days"


def option_rows(options: Any) -> list[tuple[str, str]]:
    values = dataclasses.asdict(options)
    return [(name, str(value)) for name, value in values.items() if value is not None]


def print_facts(title: str, rows: list[tuple[str, str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=Text(strip_controls(title)), title_justify="left", show_header=False, box=None
    )
    for name, value in rows:
        table.add_row(Text(strip_controls(name), "dim"), Text(strip_controls(value)))
    Console().print(table, "")


def print_curve(metrics: list[dict[str, Any]]) -> None:
    """The learning curve, drawn in characters: loss in nats a token over steps."""
    curves = {name: points(metrics, name) for name in ("training_loss", "validation_loss")}
    if max(map(len, curves.values())) < 2:
        return
    import plotext
    from rich.console import Console
    from rich.text import Text

    figure = plotext.figure
    figure.clear()
    figure.theme("simple")
    figure.plot_size(78, 18)
    figure.title("loss, nats a token")
    figure.label("step", "x")
    figure.legend(x=50)  # at the right: the curves begin high at the left
    for name, curve in curves.items():
        line = figure.signal(list(curve), list(curve.values()))
        figure.draw(line.lines().label(name.replace("_", " ")))
    # Through rich, which leaves the colours out where there is no terminal.
    Console().print(Text.from_ansi(str(figure.build())), "")


def points(metrics: list[dict[str, Any]], name: str) -> dict[float, float]:
    """A value by step, where both are numbers; the first if a step was measured twice."""
    found: dict[float, float] = {}
    for metric in metrics:
        step, value = metric.get("step"), metric.get(name)
        if isinstance(step, (int, float)) and isinstance(value, (int, float)):
            found.setdefault(step, value)
    return found


def print_sample(path: Path) -> None:
    """The end of what the network wrote while it learned."""
    try:
        text = read_bytes(path, MAX_TEXT_BYTES).decode("utf-8", "replace")
    except CheckpointError:
        return
    print("latest sample")
    write_stdout("\n".join(text.rstrip("\n").split("\n")[-SAMPLE_LINES:]) + "\n")
