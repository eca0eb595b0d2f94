"""`seqgen inspect NAME gates`: how often each gate is open, closed or between."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import typer

from seqgen.cli import _common
from seqgen.cli.options import AsJson, with_options
from seqgen.config.fields import group_options
from seqgen.inspection.options import GateOptions, TextOptions
from seqgen.privacy import import_matplotlib

if TYPE_CHECKING:
    from seqgen.inspection.gates import Gate

WIDTH = 60  # characters of a bar


@with_options(TextOptions, GateOptions)
def gates(context: typer.Context, given: dict[str, Any], as_json: AsJson = False) -> None:
    """Count how often each gate is open (> 0.9) or closed (< 0.1)."""
    text, options = group_options(given, TextOptions, GateOptions)
    _common.check_output(options.plot)
    checkpoint = _common.open_checkpoint(context.obj)
    passage = _common.open_passage(checkpoint, text, options.characters)
    from seqgen.inspection.gates import measure
    from seqgen.models import cells

    with _common.Progress() as progress:
        measured = measure(checkpoint, passage, partial(progress, "reading"))
    cell = cells.find(checkpoint.config.model.cell)
    if options.plot and measured:
        _common.save_plot(plot(measured, cell.title), options.plot)
    if as_json:
        _common.print_json(
            {"cell": cell.name, "source": passage.source, "gates": list(map(to_json, measured))}
        )
        return
    if not measured:
        typer.echo(f"the cell of this network ({cell.title}) has no gates")
        return
    print_gates(measured)
    equation = (cell.__doc__ or "").split("\n")[0]
    typer.echo(f"{cell.title}: {equation}")
    typer.echo(f"read {_common.describe_passage(passage)}")


def print_gates(measured: Sequence["Gate"]) -> None:
    """Print statistics over units and steps as a table, then as bars."""
    from rich.console import Console
    from rich.text import Text

    table = _common.borderless_table(
        "gate", "closed", "between", "open", "mean", "stay closed", "stay open"
    )
    bars = []
    for gate in measured:
        name = f"layer {gate.layer}, {gate.name}"
        table.add_row(
            Text(name), f"{gate.closed:.1%}", f"{gate.between:.1%}", f"{gate.open:.1%}",
            f"{gate.mean:.2f}", count_constant(gate.units_closed), count_constant(gate.units_open),
        )  # fmt: skip
        closed, open = round(WIDTH * gate.closed), round(WIDTH * gate.open)
        parts = ("█" * closed, "blue"), ("░" * (WIDTH - closed - open), "dim"), ("▓" * open, "red")
        bars.append(Text.assemble(f"{name:<16}", *parts))
    legend = ("█ closed  ", "blue"), ("░ between  ", "dim"), ("▓ open", "red")
    console = Console(highlight=False)
    console.print(table, "", *bars, Text.assemble(" " * 16, *legend), "", sep="\n")


def count_constant(units: Sequence[float]) -> str:
    """Return how many units are in a state at more than 90% of the steps: ``3 of 512``."""
    return f"{sum(share > 0.9 for share in units)} of {len(units)}"


def to_json(gate: "Gate") -> dict[str, Any]:
    return {
        "layer": gate.layer,
        "gate": gate.name,
        "open": gate.open,
        "closed": gate.closed,
        "between": gate.between,
        "mean": gate.mean,
        "units_open": gate.units_open,
        "units_closed": gate.units_closed,
    }


def plot(measured: Sequence["Gate"], title: str) -> Any:
    """Plot a panel per gate: how often each unit was open and closed, one colour per layer."""
    import_matplotlib()
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(gate.name for gate in measured))
    figure = Figure(figsize=(3.6 * len(names) + 0.6, 4.6), layout="compressed")
    panels = figure.subplots(1, len(names), sharex=True, sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, names, strict=True):
        for gate in measured:
            if gate.name == name:
                axes.scatter(
                    gate.units_open, gate.units_closed, s=12, alpha=0.5, lw=0,
                    color=f"C{gate.layer - 1}", label=f"layer {gate.layer}",
                )  # fmt: skip
        axes.plot([0, 1], [1, 0], color="0.7", lw=1, zorder=0)  # never between
        axes.set(title=f"gate {name}", xlabel="fraction of steps open (> 0.9)", aspect="equal")
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    panels[0].set_ylabel("fraction of steps closed (< 0.1)")
    panels[-1].legend(loc="upper right")
    figure.suptitle(f"{title}: how often the gates are open and closed")
    return figure
