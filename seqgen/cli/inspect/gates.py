"""`seqgen inspect NAME gates`: how often each gate is open, shut or between."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqgen.cli import _common
from seqgen.cli.inspect import _passage
from seqgen.cli.options import with_options
from seqgen.config.fields import grouped
from seqgen.inspection.options import GateOptions, TextOptions
from seqgen.privacy import import_matplotlib

if TYPE_CHECKING:
    from seqgen.inspection.gates import Gate

WIDTH = 60  # characters of a bar


@with_options(TextOptions, GateOptions)
def gates(
    context: typer.Context,
    given: dict[str, Any],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Count how often each gate is open (> 0.9) or shut (< 0.1)."""
    text, options = grouped(given, TextOptions, GateOptions)
    _common.check_output(options.plot)
    checkpoint = _common.open_checkpoint(context.obj)
    passage = _passage.open_passage(checkpoint, text, options.characters)
    from seqgen.inspection import gates as library
    from seqgen.models import cells

    with _common.Progress() as progress:
        found = library.measure(checkpoint, passage, partial(progress, "reading"))
    cell = cells.find(checkpoint.config.model.cell)
    if options.plot and found:
        _common.save_plot(picture(found, cell.title), options.plot)
    if as_json:
        _common.print_json(facts(found, cell.name, passage.source))
        return
    if not found:
        typer.echo(f"the cell of this network ({cell.title}) has no gates")
        return
    print_gates(found)
    print_bars(found)
    typer.echo(f"{cell.title}: {first_line(cell)}")
    typer.echo(f"read {_passage.describe(passage)}")


def first_line(cell: Any) -> str:
    """The equation of a cell, which its description begins with."""
    return (cell.__doc__ or "").split("\n")[0]


def print_gates(found: Sequence["Gate"]) -> None:
    """Shares of all units and steps, and how many units hardly ever do anything else."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column("gate")
    for column in ("shut", "between", "open", "mean"):
        table.add_column(column, justify="right")
    for column in ("stay shut", "stay open"):
        table.add_column(column, justify="right")
    for gate in found:
        shares = [f"{share:.1%}" for share in (gate.shut, gate.between, gate.open)]
        table.add_row(
            Text(f"layer {gate.layer}, {gate.name}"),
            *shares,
            f"{gate.mean:.2f}",
            *(stay(units) for units in (gate.units_shut, gate.units_open)),
        )
    Console(highlight=False).print(table, "")


def print_bars(found: Sequence["Gate"]) -> None:
    """The same as a picture."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for gate in found:
        shut, open = round(WIDTH * gate.shut), round(WIDTH * gate.open)
        parts = ("█" * shut, "blue"), ("░" * (WIDTH - shut - open), "dim"), ("▓" * open, "red")
        console.print(Text.assemble(f"{f'layer {gate.layer}, {gate.name}':<16}", *parts))
    legend = ("█ shut  ", "blue"), ("░ between  ", "dim"), ("▓ open", "red")
    console.print(Text.assemble(" " * 16, *legend), "")


def stay(units: Sequence[float]) -> str:
    """How many units are so at more than nine steps of ten, of how many."""
    return f"{sum(share > 0.9 for share in units)} of {len(units)}"


def facts(found: Sequence["Gate"], cell: str, source: str) -> dict[str, Any]:
    return {
        "cell": cell,
        "source": source,
        "gates": [
            {
                "layer": gate.layer,
                "gate": gate.name,
                "open": gate.open,
                "shut": gate.shut,
                "between": gate.between,
                "mean": gate.mean,
                "units_open": gate.units_open,
                "units_shut": gate.units_shut,
            }
            for gate in found
        ],
    }


def picture(found: Sequence["Gate"], title: str) -> Any:
    """A panel a gate: each unit by how often it was open and how often shut, a colour a layer."""
    import_matplotlib()
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(gate.name for gate in found))
    figure = Figure(figsize=(3.6 * len(names) + 0.6, 4.6), layout="compressed")
    panels = figure.subplots(1, len(names), sharex=True, sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, names, strict=True):
        for gate in found:
            if gate.name == name:
                axes.scatter(
                    gate.units_open, gate.units_shut, s=12, alpha=0.5, lw=0,
                    color=f"C{gate.layer - 1}", label=f"layer {gate.layer}",
                )  # fmt: skip
        axes.plot([0, 1], [1, 0], color="0.7", lw=1, zorder=0)  # never between
        axes.set(title=f"gate {name}", xlabel="share of steps open (> 0.9)", aspect="equal")
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    panels[0].set_ylabel("share of steps shut (< 0.1)")
    panels[-1].legend(loc="upper right")
    figure.suptitle(f"{title}: how often the gates are open and shut")
    return figure
