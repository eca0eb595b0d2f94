"""`seqgen inspect NAME gradients`: how gradients vanish or explode through time."""

import dataclasses
import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import typer

from seqgen.cli import _common
from seqgen.cli.log_lines import pluralize
from seqgen.cli.options import AsJson, with_options
from seqgen.cli.terminal import strip_controls
from seqgen.config.fields import group_options
from seqgen.inspection.options import GradientOptions, TextOptions
from seqgen.privacy import import_matplotlib

if TYPE_CHECKING:
    from seqgen.inspection.gradients import Curve, Gradients
    from seqgen.inspection.kernels import Kernel

# Values of k that the table has, for up to 100 steps and for more.
COLUMNS = (1, 2, 5, 10, 20, 50, 100)
COLUMNS_OF_MANY = (1, 10, 100, 200, 500, 1000, 5000, 10_000)
MIN_PLOTTED, MAX_PLOTTED = 1e-250, 1e250
# Enough to spread the positions over; a text may have any length.
CHARACTERS = 1_000_000


@with_options(TextOptions, GradientOptions)
def gradients(context: typer.Context, given: dict[str, Any], as_json: AsJson = False) -> None:
    """Measure how gradients vanish or explode through time.

    Prints the norm of the gradient of the loss at step t with respect to the state at step t - k,
    for each layer, and the spectral radius and largest singular value of its recurrent kernels.
    """
    text, options = group_options(given, TextOptions, GradientOptions)
    _common.check_output(options.plot)
    checkpoint = _common.open_checkpoint(context.obj)
    passage = _common.open_passage(checkpoint, text, CHARACTERS)
    from seqgen.inspection.gradients import measure
    from seqgen.models import cells

    with _common.Progress() as progress:
        measured = measure(checkpoint, passage.rows, options, partial(progress, "backpropagating"))
    cell = cells.find(checkpoint.config.model.cell)
    if options.plot:
        _common.save_plot(plot(measured, cell.title), options.plot)
    if as_json:
        _common.print_json(to_json(measured, cell.name, passage.source))
        return
    print_kernels(measured.kernels, cell.title)
    print_curves(measured)
    print_chart(measured)
    where = pluralize(measured.streams, "position")
    typer.echo(f"read {strip_controls(passage.source)}, at {where}, {measured.steps} steps back")


def layer_curves(measured: "Gradients") -> list["Curve"]:
    """Return the curve of all states together for each layer."""
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
        for curve in layer_curves(measured)
    ]
    if any(each.points for each in series):
        title = "log10 of the gradient's norm, median"
        chart = terminal_chart(series, title=title, x_label="k, steps back", width=78, height=18)
        Console().print(chart, "")  # rich removes the colours where there is no terminal


def print_kernels(kernels: Sequence["Kernel"], title: str) -> None:
    from rich.console import Console
    from rich.text import Text

    if not kernels:
        typer.echo(f"{title}: no recurrent kernel multiplies its state\n")
        return
    table = _common.borderless_table(
        "recurrent kernel", "spectral radius", "largest singular value"
    )
    for kernel in kernels:
        name = Text(f"layer {kernel.layer}, {kernel.name}")
        table.add_row(name, f"{kernel.radius:.3f}", f"{kernel.norm:.3f}")
    Console(highlight=False).print(table, "")


def print_curves(measured: "Gradients") -> None:
    """Print the median of the norms at some k, and below it the mean."""
    from rich.console import Console
    from rich.text import Text

    columns = COLUMNS if measured.steps <= COLUMNS[-1] else COLUMNS_OF_MANY
    steps = [k for k in columns if k <= measured.steps]
    table = _common.borderless_table("steps back", *map(str, steps), "per step")
    table.columns[-1].style = "bold"
    for curve in measured.curves:
        factor = "–" if curve.per_step is None else f"× {curve.per_step:.3f}"
        medians = [format_norm(curve.median[k - 1]) for k in steps]
        means = [Text(format_norm(curve.mean[k - 1]), "dim") for k in steps]
        table.add_row(Text(label(curve)), *medians, factor)
        table.add_row(Text("  mean", "dim"), *means, "")
    Console(highlight=False).print(table, "")


def format_norm(value: float) -> str:
    """Format a number in at most six characters: 0.42, 1.3e-5."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "–"
    if 0.01 <= value < 100:
        return f"{value:.2g}"
    digits, power = f"{value:.0e}".split("e")
    return f"{digits}e{int(power)}"


def to_json(measured: "Gradients", cell: str, source: str) -> dict[str, Any]:
    return {
        "cell": cell,
        "source": source,
        "steps": measured.steps,
        "streams": measured.streams,
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


def plot(measured: "Gradients", title: str) -> Any:
    """Plot the median per layer on a logarithmic scale, with a band from 10% to 90%."""
    import numpy as np

    import_matplotlib()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.add_subplot()
    steps = range(1, measured.steps + 1)
    curves = layer_curves(measured)
    for number, curve in enumerate(curves):
        colour = f"C{number}"
        factor = "" if curve.per_step is None else f": × {curve.per_step:.3f} per step"
        axes.plot(
            steps, plottable(curve.median), color=colour, label=f"layer {curve.layer}{factor}"
        )
        band = plottable(curve.low), plottable(curve.high)
        axes.fill_between(steps, *band, color=colour, alpha=0.15, lw=0)
        own = [kernel for kernel in measured.kernels if kernel.layer == curve.layer]
        if len(own) == 1 and curve.median[0] > 0:
            with np.errstate(over="ignore", under="ignore"):
                alone = curve.median[0] * np.power(own[0].radius, np.arange(measured.steps))
            text = f"spectral radius {own[0].radius:.3f} alone"
            axes.plot(steps, plottable(alone.tolist()), color=colour, ls=":", lw=1, label=text)
    axes.set_yscale("log", nonpositive="mask")
    # The curve of the spectral radius alone may be far outside and is cut off.
    values = [v for c in curves for v in (*c.low, *c.high) if MIN_PLOTTED < v < MAX_PLOTTED]
    if values:
        axes.set_ylim(min(values) / 10, max(values) * 100)
    axes.set_xlabel("k, steps back")
    axes.set_ylabel("norm of the gradient of L(t) by the state at t − k")
    axes.set_title(f"{title}: gradient through time\n{summarise(measured.kernels)}", fontsize=11)
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def plottable(values: Sequence[float]) -> list[float]:
    """Replace values that a logarithmic scale cannot show by NaN."""
    return [value if MIN_PLOTTED < value < MAX_PLOTTED else math.nan for value in values]


def summarise(kernels: Sequence["Kernel"]) -> str:
    """Return the range of the kernels' numbers in a line."""
    if not kernels:
        return "no recurrent kernel"

    def extent(values: list[float]) -> str:
        low, high = f"{min(values):.2f}", f"{max(values):.2f}"
        return low if low == high else f"{low} to {high}"

    radius, norm = extent([k.radius for k in kernels]), extent([k.norm for k in kernels])
    return f"recurrent kernel: spectral radius {radius}, largest singular value {norm}"
