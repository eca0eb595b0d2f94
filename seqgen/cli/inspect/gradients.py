"""`seqgen inspect NAME gradients`: how the gradient falls or grows on its way back."""

import dataclasses
import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqgen.cli import _common
from seqgen.cli.inspect import _passage
from seqgen.cli.log_lines import pluralize
from seqgen.cli.options import with_options
from seqgen.cli.terminal import strip_controls
from seqgen.config.fields import grouped
from seqgen.inspection.options import GradientOptions, TextOptions
from seqgen.privacy import import_matplotlib

if TYPE_CHECKING:
    from seqgen.inspection.gradients import Curve, Gradients

SHOWN = (1, 2, 5, 10, 20, 50, 100)
SHOWN_OF_MANY = (1, 10, 100, 200, 500, 1000, 5000, 10_000)
LEAST, MOST = 1e-250, 1e250  # that are drawn
# Far more than are needed to spread the places over; a text may be of any length.
CHARACTERS = 1_000_000


@with_options(TextOptions, GradientOptions)
def gradients(
    context: typer.Context,
    given: dict[str, Any],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure how gradients vanish or explode through time.

    Prints the norm of the gradient of the loss at step t with respect to the state at step t - k,
    for each layer, and the spectral radius and largest singular value of its recurrent kernels.
    """
    text, options = grouped(given, TextOptions, GradientOptions)
    _common.check_output(options.plot)
    checkpoint = _common.open_checkpoint(context.obj)
    found = _passage.open_passage(checkpoint, text, CHARACTERS)
    from seqgen.inspection import gradients as library
    from seqgen.models import cells

    with _common.Progress() as progress:
        measured = library.measure(
            checkpoint, found.rows, options, partial(progress, "backpropagating")
        )
    title = cells.find(checkpoint.config.model.cell).title
    if options.plot:
        _common.save_plot(picture(measured, title), options.plot)
    if as_json:
        _common.print_json(facts(measured, checkpoint.config.model.cell, found.source))
        return
    print_kernels(measured, title)
    print_curves(measured)
    print_chart(measured)
    where = pluralize(measured.streams, "place")
    typer.echo(f"read {strip_controls(found.source)}, at {where}, {measured.steps} steps back")


def main(measured: "Gradients") -> list["Curve"]:
    """One curve a layer: of all its states."""
    last = {curve.layer: curve for curve in measured.curves if curve.layer is not None}
    return list(last.values())


def label(curve: "Curve") -> str:
    return "all layers" if curve.layer is None else f"layer {curve.layer}, {curve.state}"


def print_chart(measured: "Gradients") -> None:
    """Draw the logarithm of each layer's median gradient norm over the steps."""
    from rich.console import Console

    from seqgen.reports.charts import Point, Series, terminal_chart

    series = [
        Series(
            label(curve),
            tuple(
                Point(step, math.log10(norm))
                for step, norm in enumerate(curve.median, 1)
                if norm > 0 and math.isfinite(norm)
            ),
        )
        for curve in main(measured)
    ]
    if any(each.points for each in series):
        chart = terminal_chart(
            series,
            title="log10 of the gradient's norm, median",
            x_label="k, steps back",
            width=78,
            height=18,
        )
        Console().print(chart, "")  # rich leaves the colours out where there is no terminal


def print_kernels(measured: "Gradients", title: str) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not measured.kernels:
        typer.echo(f"{title}: no recurrent kernel multiplies its state\n")
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("recurrent kernel")
    for column in ("spectral radius", "largest singular value"):
        table.add_column(column, justify="right")
    for kernel in measured.kernels:
        name = Text(f"layer {kernel.layer}, {kernel.name}")
        table.add_row(name, f"{kernel.radius:.3f}", f"{kernel.norm:.3f}")
    Console(highlight=False).print(table, "")


def print_curves(measured: "Gradients") -> None:
    """The norms at a few k: the median over the places, and below it the mean."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column("steps back")
    every = SHOWN if measured.steps <= SHOWN[-1] else SHOWN_OF_MANY
    shown = [k for k in every if k <= measured.steps]
    for k in shown:
        table.add_column(str(k), justify="right")
    table.add_column("a step", justify="right", style="bold")
    for curve in measured.curves:
        factor = "–" if curve.per_step is None else f"× {curve.per_step:.3f}"
        cells = [short(curve.median[k - 1]) for k in shown]
        table.add_row(Text(label(curve)), *cells, factor)
        cells = [short(curve.mean[k - 1]) for k in shown]
        table.add_row(Text("  mean", "dim"), *(Text(cell, "dim") for cell in cells), "")
    Console(highlight=False).print(table, "")


def short(value: float) -> str:
    """A number in six characters: 0.42, 1.3e-5."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "–"
    if 0.01 <= value < 100:
        return f"{value:.2g}"
    digits, power = f"{value:.0e}".split("e")
    return f"{digits}e{int(power)}"


def facts(measured: "Gradients", cell: str, source: str) -> dict[str, Any]:
    return {
        "cell": cell,
        "source": source,
        "steps": measured.steps,
        "places": measured.streams,
        "kernels": [
            {
                "layer": kernel.layer,
                "name": kernel.name,
                "spectral_radius": kernel.radius,
                "largest_singular_value": kernel.norm,
            }
            for kernel in measured.kernels
        ],
        "curves": [
            {**dataclasses.asdict(curve), "per_step": curve.per_step} for curve in measured.curves
        ],
    }


def picture(measured: "Gradients", title: str) -> Any:
    """A line a layer on a logarithmic scale; a band holds the middle four fifths of the places."""
    import numpy as np

    import_matplotlib()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.add_subplot()
    steps = range(1, measured.steps + 1)
    for number, curve in enumerate(main(measured)):
        colour = f"C{number}"
        factor = "" if curve.per_step is None else f": × {curve.per_step:.3f} a step"
        axes.plot(steps, drawn(curve.median), color=colour, label=f"layer {curve.layer}{factor}")
        axes.fill_between(
            steps, drawn(curve.low), drawn(curve.high), color=colour, alpha=0.15, lw=0
        )
        own = [kernel for kernel in measured.kernels if kernel.layer == curve.layer]
        if len(own) == 1 and curve.median[0] > 0:
            with np.errstate(over="ignore", under="ignore"):
                alone = curve.median[0] * np.power(own[0].radius, np.arange(measured.steps))
            text = f"spectral radius {own[0].radius:.3f} alone"
            axes.plot(steps, drawn(alone.tolist()), color=colour, ls=":", lw=1, label=text)
    axes.set_yscale("log", nonpositive="mask")
    # What the spectral radius alone would do may lie far beyond, and is cut off there.
    seen = [v for c in main(measured) for v in (*c.low, *c.high) if LEAST < v < MOST]
    if seen:
        axes.set_ylim(min(seen) / 10, max(seen) * 100)
    axes.set_xlabel("k, steps back")
    axes.set_ylabel("norm of the gradient of L(t) by the state at t − k")
    axes.set_title(f"{title}: gradient on its way back\n{stretches(measured)}", fontsize=11)
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def drawn(values: Sequence[float]) -> list[float]:
    """A logarithmic scale has neither 0 nor infinity, and needs room at both ends."""
    return [value if LEAST < value < MOST else math.nan for value in values]


def stretches(measured: "Gradients") -> str:
    """The kernels' numbers in a line."""
    if not measured.kernels:
        return "no recurrent kernel"
    radii = [kernel.radius for kernel in measured.kernels]
    norms = [kernel.norm for kernel in measured.kernels]
    return f"recurrent kernel: spectral radius {span(radii)}, largest singular value {span(norms)}"


def span(values: list[float]) -> str:
    least, most = f"{min(values):.2f}", f"{max(values):.2f}"
    return least if least == most else f"{least} to {most}"
