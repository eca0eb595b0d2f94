"""Curves over time as HTML, as characters in a terminal and as a picture file.

All three share the series, the rule that leaves out a steep start, and the tick positions.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

from seqgen.errors import SeqgenError
from seqgen.privacy import import_matplotlib

if TYPE_CHECKING:
    from rich.text import Text

    from seqgen.comparison.results import Comparison
    from seqgen.comparison.results import Point as ComparisonPoint

PLOT_SUFFIXES = (".png", ".svg", ".pdf")

_RUN_SERIES = (("training_loss", "training"), ("validation_loss", "validation"))
_TICK_COUNT = 5
_MIN_POINTS = 5  # of the learning curve of a single run
_TIME_UNITS = ((3600.0, "hours"), (60.0, "minutes"), (1.0, "seconds"))

_PLOT_INCHES = (9.0, 5.5)
_PLOT_DPI = 130
_LINE_STYLES = ("-", "--", ":", "-.")  # matplotlib has ten colours
_MAX_INNER_LEGEND = 12


class Point(NamedTuple):
    """A point of a curve; y is a loss in nats per token in a learning curve."""

    x: float
    y: float


@dataclass(frozen=True)
class Series:
    """A named curve, in ascending order of x."""

    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Tick:
    """A label of an axis. position: in percent from the left or from the top."""

    position: str
    label: str


@dataclass(frozen=True)
class HtmlChart:
    """A chart for ``templates/chart.html``, in percent of its width and height.

    Attributes:
        series: x and y of each point by the name of the curve, from the left and from the top.
        last: Final y of each curve.
        time_unit: Unit of the x axis.
    """

    series: Mapping[str, Sequence[tuple[str, str]]]
    last: Mapping[str, float]
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    time_unit: str


def learning_curve(metrics: Sequence[Mapping[str, Any]]) -> HtmlChart | None:
    """Lay out the training and validation loss of a run over time.

    Values of ``metrics.jsonl`` that are no finite numbers are skipped. None if there are fewer than
    two different points.
    """
    series = [Series(name, _run_points(metrics, key)) for key, name in _RUN_SERIES]
    series = [each for each in trim_start(series, _MIN_POINTS) if len(each.points) > 1]
    if len({point.y for each in series for point in each.points}) < 2:
        return None
    end = max(each.points[-1].x for each in series)
    if not end:
        return None
    losses = [point.y for each in series for point in each.points]
    y_values = ticks(min(losses), max(losses))
    low, high = min(y_values[0], *losses), max(y_values[-1], *losses)
    seconds, unit = next((each for each in _TIME_UNITS if end >= 2 * each[0]), _TIME_UNITS[-1])

    def x_percent(x: float) -> str:
        return f"{100 * x / end:.2f}"

    def y_percent(y: float) -> str:
        return f"{100 * (high - y) / (high - low):.2f}"

    return HtmlChart(
        series={e.name: [(x_percent(p.x), y_percent(p.y)) for p in e.points] for e in series},
        last={each.name: each.points[-1].y for each in series},
        x_ticks=[Tick(x_percent(t * seconds), f"{t:g}") for t in ticks(0, end / seconds)],
        y_ticks=[Tick(y_percent(y), f"{y:g}") for y in y_values],
        time_unit=unit,
    )


def comparison_series(
    curves: Iterable[tuple[str, Sequence["ComparisonPoint"]]], *, timed: bool
) -> list[Series]:
    """Convert learning curves over seconds, or tokens, of training, without their steep start."""
    series = [
        Series(
            label,
            tuple(Point(p.seconds if timed else float(p.tokens), p.nats) for p in curve),
        )
        for label, curve in curves
    ]
    return trim_start(series)


def trim_start(series: Sequence[Series], min_points: int = 0) -> list[Series]:
    """Drop points above every value of the last nine tenths, which would flatten the rest.

    The curves are returned as they are if none would keep ``min_points``.
    """
    end = max((point.x for each in series for point in each.points), default=0.0)
    later = (point.y for each in series for point in each.points if point.x >= end / 10)
    top = max(later, default=0.0)
    trimmed = [
        Series(each.name, tuple(point for point in each.points if point.y <= top))
        for each in series
    ]
    longest = max((len(each.points) for each in trimmed), default=0)
    return trimmed if longest >= min_points else list(series)


def ticks(low: float, high: float) -> list[float]:
    """About five round numbers between two bounds; at least one."""
    span = max(high - low, 1e-9 * max(1.0, abs(high)))
    rough = span / _TICK_COUNT
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(factor for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    count = math.floor(high / step + 1e-9) - first + 1
    digits = max(0, -math.floor(math.log10(step)))
    return [round((first + n) * step, digits) for n in range(count)] or [round(low, digits)]


def terminal_chart(
    series: Iterable[Series],
    *,
    title: str,
    x_label: str,
    width: int,
    height: int,
    legend_x: int | None = None,
    markers: Sequence[tuple[str, int | None]] | None = None,
) -> "Text":
    """Draw curves in characters.

    Args:
        series: Curves; empty ones are skipped.
        title: Line above the chart.
        x_label: Line below it.
        width: Columns.
        height: Lines.
        legend_x: Column of the legend; by default at the left.
        markers: plotext's marker and colour code of each curve. Without them plotext chooses both,
            and the chart has a legend.
    """
    import plotext
    from rich.text import Text

    figure = plotext.figure
    figure.clear()
    figure.theme("simple")
    figure.plot_size(width, height)
    figure.title(title)
    figure.label(x_label, "x")
    if legend_x is not None:
        figure.legend(x=legend_x)
    for number, each in enumerate(series):
        if not each.points:
            continue
        x, y = [point.x for point in each.points], [point.y for point in each.points]
        if markers is None:
            figure.draw(figure.signal(x, y).lines().label(each.name))
        else:
            character, color = markers[number]
            marker = plotext.marker(*((character,) if color is None else (character, color)))
            figure.draw(figure.signal(x, y, marker=marker).lines())
    return Text.from_ansi(str(figure.build()))


def save_comparison_plot(path: Path, comparison: "Comparison") -> None:
    """Plot the validation loss of each trained variant over seconds, or tokens, of training.

    Raises SeqgenError if the file, whose suffix is one of `PLOT_SUFFIXES`, cannot be written.
    """
    import_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=_PLOT_INCHES, dpi=_PLOT_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    results = [(entry.label, entry.result) for entry in comparison.entries if entry.result]
    curves = ((label, result.curve) for label, result in results)
    series = comparison_series(curves, timed=comparison.timed)
    for number in sorted(range(len(series)), key=lambda n: results[n][1].nats):
        each = series[number]
        axes.plot(
            [point.x for point in each.points],
            [point.y for point in each.points],
            _LINE_STYLES[number // 10 % len(_LINE_STYLES)],
            color=f"C{number % 10}",
            marker=".",
            label=f"{each.name}: {results[number][1].nats:.3f}",
        )
    axes.set_title(f"{comparison.corpus}, {comparison.budget}")
    axes.set_xlabel("seconds of training" if comparison.timed else "training tokens")
    axes.set_ylabel("validation loss, nats per token")
    axes.grid(alpha=0.3)
    if len(series) > _MAX_INNER_LEGEND:
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize="small")
    elif series:
        axes.legend(loc="best")
    try:
        figure.savefig(path)
    except OSError as error:
        raise SeqgenError(f"cannot write {path}: {error.strerror or error}") from error


def _run_points(metrics: Sequence[Mapping[str, Any]], key: str) -> tuple[Point, ...]:
    pairs = [(metric.get("seconds"), metric.get(key)) for metric in metrics]
    points = (Point(float(x), float(y)) for x, y in pairs if _is_finite(x) and _is_finite(y))
    return tuple(sorted(points))


def _is_finite(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
