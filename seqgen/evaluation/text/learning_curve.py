"""A run's learning curve as HTML: lines that stretch with the page, letters that do not."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeGuard

# What is measured, and how it is called.
LINES = (("training_loss", "training"), ("validation_loss", "held back"))
TICKS = 5
FEW = 5  # points
UNITS = ((3600.0, "hours"), (60.0, "minutes"), (1.0, "seconds"))


class Point(NamedTuple):
    seconds: float
    nats: float


@dataclass(frozen=True)
class Axes:
    """What of a run is in the picture: all of its time, and losses between two."""

    last: float
    lowest: float
    highest: float

    def x(self, seconds: float) -> str:
        """How far to the right, in percent."""
        return f"{100 * seconds / self.last:.2f}"

    def y(self, nats: float) -> str:
        """How far down, in percent."""
        return f"{100 * (self.highest - nats) / (self.highest - self.lowest):.2f}"


def learning_curve(metrics: Sequence[Mapping[str, Any]]) -> str:
    """Loss over time, of both parts; "" where there are no two evaluations to draw.

    metrics: what `Checkpoint.metrics` returns; anybody's, so that what is no number is left out.
    """
    curves = drawn({name: points(metrics, key) for key, name in LINES})
    if not curves:
        return ""
    nats = [point.nats for curve in curves.values() for point in curve]
    last = max(curve[-1].seconds for curve in curves.values())
    marks = ticks(min(nats), max(nats))
    axes = Axes(last, min(marks[0], *nats), max(marks[-1], *nats))
    unit, word = next((each for each in UNITS if last >= 2 * each[0]), UNITS[-1])
    y = "".join(f'<span style="top:{axes.y(mark)}%">{mark:g}</span>' for mark in marks)
    x = "".join(
        f'<span style="left:{axes.x(time * unit)}%">{time:g}</span>'
        for time in ticks(0, last / unit)
    )
    keys = "".join(
        f'<span class="{css(name)}"><b></b>{name}, {curve[-1].nats:.3f} at the end</span>'
        for name, curve in curves.items()
    )
    return (
        f'<figure><div class="keys">{keys}</div>'
        f'<div class="chart" role="img" aria-label="Learning curve">'
        f'<div class="y">{y}</div><div class="plot">{plot(curves, axes, marks)}</div>'
        f'<div class="x">{x}</div></div>'
        f"<figcaption>Nats a token over {word} of training</figcaption></figure>"
    )


def drawn(curves: Mapping[str, list[Point]]) -> dict[str, list[Point]]:
    """The curves without their steep beginning, which would flatten all the rest.

    Where few points would be left, it stays.
    """
    last = max((point.seconds for curve in curves.values() for point in curve), default=0.0)
    later = [p.nats for curve in curves.values() for p in curve if p.seconds >= last / 10]
    cut = {name: [p for p in curve if p.nats <= max(later)] for name, curve in curves.items()}
    kept = cut if max(map(len, cut.values())) >= FEW else curves
    shown = {name: curve for name, curve in kept.items() if len(curve) > 1}
    nats = {point.nats for curve in shown.values() for point in curve}
    return shown if last and len(nats) > 1 else {}


def plot(curves: Mapping[str, list[Point]], axes: Axes, marks: Sequence[float]) -> str:
    """The lines, and a dot at the end of each."""
    rules = "".join(f'<line x2="100" y1="{axes.y(m)}" y2="{axes.y(m)}"/>' for m in marks)
    lines = "".join(
        f'<polyline class="{css(name)}" points="'
        + " ".join(f"{axes.x(p.seconds)},{axes.y(p.nats)}" for p in curve)
        + '"/>'
        for name, curve in curves.items()
    )
    dots = "".join(
        f'<b class="{css(name)}" style="left:{axes.x(curve[-1].seconds)}%;'
        f'top:{axes.y(curve[-1].nats)}%"></b>'
        for name, curve in curves.items()
    )
    return f'<svg viewBox="0 0 100 100" preserveAspectRatio="none">{rules}{lines}</svg>{dots}'


def css(name: str) -> str:
    """The class of a curve."""
    return name.replace(" ", "-")


def points(metrics: Sequence[Mapping[str, Any]], key: str) -> list[Point]:
    """A curve, in the order of the run."""
    pairs = [(metric.get("seconds"), metric.get(key)) for metric in metrics]
    return sorted(Point(float(x), float(y)) for x, y in pairs if number(x) and number(y))


def number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def ticks(low: float, high: float) -> list[float]:
    """Round numbers from just above ``low`` to just below ``high``, about five."""
    span = max(high - low, 1e-9 * max(1.0, abs(high)))
    rough = span / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(factor for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    count = math.floor(high / step + 1e-9) - first + 1
    digits = max(0, -math.floor(math.log10(step)))
    return [round((first + n) * step, digits) for n in range(count)] or [round(low, digits)]
