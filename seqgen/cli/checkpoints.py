"""`seqgen checkpoints`: list, show, export and upgrade checkpoints."""

import time
from functools import partial
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
from seqgen.cli._common import open_checkpoint, print_json
from seqgen.cli.completion import complete_checkpoint
from seqgen.cli.help import Command, Group
from seqgen.cli.options import AsJson, CheckpointName
from seqgen.cli.terminal import print_notice, strip_controls, write_stdout
from seqgen.errors import CheckpointError, ConfigError, SeqgenError
from seqgen.io.atomic import MAX_TEXT_BYTES, read_bytes

app = typer.Typer(
    cls=Group, help="List, show, export and upgrade checkpoints.", add_completion=False
)

SAMPLE_LINES = 12


@app.callback(invoke_without_command=True)
def checkpoints(context: typer.Context, as_json: AsJson = False) -> None:
    """List, show, export and upgrade checkpoints."""
    if context.invoked_subcommand is not None:
        return
    own = list_checkpoints()
    rows = [summarise(path) for path in (*own, *shipped_checkpoints())]
    if as_json:
        print_json(rows)
        return
    if rows:
        print_table(rows)
    if not own:
        print_notice("you have no checkpoints here yet; train one with `seqgen train SOURCE`")


@app.command(cls=Command)
def export(
    name: CheckpointName,
    folder: Annotated[Path, typer.Argument(help="Folder of the copy; must not exist.")],
    half: Annotated[bool, typer.Option(help="Store weights in half precision.")] = True,
) -> None:
    """Copy a checkpoint without its training state, to share it."""
    from seqgen.checkpoint import export
    from seqgen.evaluation.export_metrics import measure

    original = open_checkpoint(name)
    info = export.export(original, folder, half=half, measure=partial(measure, original, half=half))
    size = sum(file.stat().st_size for file in folder.iterdir())
    print_notice(f"{folder}: {size / 1e6:.1f} MB")
    unit = "nats per token on the validation part"
    if info.halving is not None:
        print_notice(f"half precision: {info.halving:+.6f} {unit}")
    for precision, nats in info.validation.items():
        print_notice(f"{precision}: {nats:.4f} {unit}")


@app.command(cls=Command)
def upgrade(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME...",
            help="Names of checkpoints, or paths of their folders.",
            autocompletion=complete_checkpoint,
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Upgrade all of your checkpoints.")] = False,
) -> None:
    """Rewrite checkpoints of an earlier format in the current format."""
    if names and every:
        raise ConfigError("cannot be combined with names of checkpoints", option="all")
    if not names and not every:
        raise ConfigError("name the checkpoints to upgrade, or give `all=True`")
    from seqgen.checkpoint.upgrade import upgrade

    paths = list_checkpoints() if every else [find_checkpoint(name) for name in names or ()]
    failed = False
    for path in paths:
        try:
            state = "upgraded to" if upgrade(path) else "already in"
            print_notice(f"{path}: {state} format {layout.FORMAT}")
        except SeqgenError as error:
            print_notice(str(error))
            failed = True
    if failed:
        raise typer.Exit(SeqgenError.status)


@app.command(cls=Command)
def show(name: CheckpointName, as_json: AsJson = False) -> None:
    """Show options, metrics, learning curve and a sample."""
    from seqgen.checkpoint.model_card import data_rows, network_rows, training_rows
    from seqgen.checkpoint.read import best_metric

    checkpoint = open_checkpoint(name)
    path, config, metrics = checkpoint.path, checkpoint.config, checkpoint.metrics()
    if as_json:
        print_json(summarise(path) | {"config": config.to_json(), "metrics": metrics})
        return
    print_facts(f"{path}", [*data_rows(config), *network_rows(config)])
    best = best_metric(metrics) or {}
    figures = [(name, f"{v:.5g}" if type(v) is float else str(v)) for name, v in best.items()]
    options = [(name, str(v)) for name, v in vars(config.training).items() if v is not None]
    print_facts("training", [*training_rows(config, metrics), *options])
    print_facts("best evaluation", figures or [("not evaluated yet", "")])
    print_curve(metrics)
    print_sample(path / layout.SAMPLES)


def summarise(path: Path) -> dict[str, Any]:
    """Return the facts of the list about a checkpoint, or why it is damaged."""
    from seqgen.checkpoint import read
    from seqgen.models import cells

    facts = {"name": path.name, "path": str(path), "shipped": is_shipped(path), "damaged": None}
    try:
        checkpoint = read.open_checkpoint(path)
        config, best = checkpoint.config, read.best_metric(checkpoint.metrics()) or {}
        return facts | {
            "cell": cells.find(config.model.cell).title,
            "units": list(config.model.units),
            "parameters": config.parameters,
            "corpus": config.corpus.name,
            "bits_per_character": best.get("bits_per_character"),
            "age_seconds": max(0.0, round(time.time() - modification_time(path), 1)),
        }
    except SeqgenError as error:
        return facts | {"damaged": str(error)}


def modification_time(path: Path) -> float:
    """Return when the best weights were written, or else when the checkpoint was created."""
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
        name = Text(strip_controls(row["name"]), "bold")
        if row["damaged"]:
            table.add_row(name, Text("damaged", "red"))
            continue
        bits = row["bits_per_character"]
        cells = (
            f"{row['cell']} {'+'.join(map(str, row['units']))}",
            f"{row['parameters']:,}",
            row["corpus"],
            f"{bits:.3f}" if isinstance(bits, (int, float)) else "-",
            format_origin(row, rows),
        )
        # Text: a name with brackets is no markup.
        table.add_row(name, *map(Text, map(strip_controls, cells)))
    Console().print(table)
    for row in rows:
        if row["damaged"]:
            print_notice(f"damaged: {row['damaged']}")


def format_origin(row: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    """Return the age of a checkpoint, or that it is shipped and perhaps hidden by another."""
    if not row["shipped"]:
        return format_age(row["age_seconds"])
    hidden = any(other["name"] == row["name"] and not other["shipped"] for other in rows)
    return "shipped, hidden by yours" if hidden else "shipped"


def format_age(seconds: float) -> str:
    """Return a duration in its largest unit: 40 s, 12 min, 5 h, 3 days."""
    for unit, size, limit in (("s", 1, 60), ("min", 60, 3600), ("h", 3600, 172_800)):
        if seconds < limit:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds // 86_400:.0f} days"


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
    """Draw the learning curve in characters."""
    from rich.console import Console

    from seqgen.reports.charts import Point, Series, terminal_chart

    series = []
    for name in ("training_loss", "validation_loss"):
        points: dict[float, Point] = {}  # the first if a step was measured twice
        for metric in metrics:
            step, loss = metric.get("step"), metric.get(name)
            if isinstance(step, (int, float)) and isinstance(loss, (int, float)):
                points.setdefault(step, Point(step, loss))
        series.append(Series(name.replace("_", " "), tuple(points.values())))
    if any(len(each.points) > 1 for each in series):
        title = "loss, nats per token"
        chart = terminal_chart(
            series, title=title, x_label="step", width=78, height=18, legend_x=50
        )
        Console().print(chart, "")  # rich removes the colours where there is no terminal


def print_sample(path: Path) -> None:
    """Print the end of the samples that were drawn during training."""
    try:
        text = read_bytes(path, MAX_TEXT_BYTES).decode("utf-8", "replace")
    except CheckpointError:
        return
    print("latest sample")
    write_stdout("\n".join(text.rstrip("\n").split("\n")[-SAMPLE_LINES:]) + "\n")
