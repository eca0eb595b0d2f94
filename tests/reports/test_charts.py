from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqgen.comparison.results import Comparison, Entry, Result
from seqgen.comparison.results import Point as ComparisonPoint
from seqgen.errors import SeqgenError
from seqgen.reports.charts import (
    Point,
    Series,
    comparison_series,
    learning_curve,
    save_comparison_plot,
    terminal_chart,
    ticks,
    trim_start,
)


def run(losses: list[Any], every: float = 10.0) -> list[dict[str, Any]]:
    return [
        {"seconds": every * n, "training_loss": loss and loss + 0.1, "validation_loss": loss}
        for n, loss in enumerate(losses)
    ]


def points(metrics: list[dict[str, Any]], name: str) -> list[tuple[float, float]]:
    """Points of a curve, in percent from the left and from the top."""
    chart = learning_curve(metrics)
    assert chart
    return [(float(x), float(y)) for x, y in chart.series[name]]


def comparison(count: int, options: dict[str, tuple[str, ...]] | None = None) -> Comparison:
    """A comparison of several variants, each slightly worse than the previous one."""
    entries = [Entry("broken", "c-broken", 5, failure="the loss was not finite")]
    for n in range(count):
        curve = tuple(ComparisonPoint(100 * t, 3.0 * t, 4 / (1 + t) + 1 + n / 9) for t in range(20))
        result = Result(
            curve[-1].nats, 2.0, None, 4.0, 99, 1900, 57.0, 1000.0 if n else None, curve
        )
        entries.append(Entry(f"network {n}", f"c-{n}", 1000 + n, result))
    return Comparison(options or {"minutes": ("1",)}, "poems", "text", "0f", tuple(entries))


def test_both_losses_are_drawn_to_scale() -> None:
    metrics = run([2.0, 1.5, 1.25, 1.1, 1.0])
    validation, training = points(metrics, "validation"), points(metrics, "training")
    assert [x for x, _ in validation] == [0, 25, 50, 75, 100]
    assert validation[-1][1] == 100
    down = [y for _, y in validation]
    # Equal differences of loss are equal heights.
    assert (down[1] - down[0]) / (down[2] - down[1]) == pytest.approx(2, abs=0.01)
    # The training loss is larger by a tenth, so it is drawn higher.
    assert all(t < v for (_, t), (_, v) in zip(training, validation, strict=True))
    chart = learning_curve(metrics)
    assert chart
    assert chart.last["validation"] == 1.0


def test_the_steep_start_of_a_run_is_left_out() -> None:
    metrics = run([6.0, *(2 - n / 100 for n in range(20))], every=1.0)
    assert len(points(metrics, "validation")) == 20
    # With few evaluations, too little would remain.
    assert len(points(run([6.0, 2.0, 1.9]), "validation")) == 3


def test_the_template_draws_each_series_and_tick() -> None:
    from seqgen.reports.page import _environment

    chart = learning_curve(run([2.0, 1.5, 1.0]))
    assert chart
    module = _environment().get_template("chart.html").module
    html = str(module.line_chart(chart, "Loss", "<caption>"))  # type: ignore[attr-defined]
    assert html.count("<polyline") == 2
    assert html.count("<line ") == len(chart.y_ticks)
    assert html.count("<span style=") == len(chart.x_ticks) + len(chart.y_ticks)
    assert "&lt;caption&gt;" in html


NONSENSE = [{"seconds": "1", "validation_loss": 2.0}, {"seconds": 2, "validation_loss": True}, {}]
NAN = [{"seconds": n, "validation_loss": float("nan")} for n in range(3)]


@pytest.mark.parametrize(
    "metrics",
    [[], run([2.0]), run([None, None]), run([2.0, 2.0], every=0.0), NONSENSE, NAN],
)
def test_a_curve_needs_two_points(metrics: list[dict[str, Any]]) -> None:
    assert learning_curve(metrics) is None


def test_a_level_curve_is_drawn() -> None:
    assert len(points(run([2.0, 2.0, 2.0]), "validation")) == 3


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 10, [0, 2, 4, 6, 8, 10]),
        (1.234, 1.31, [1.24, 1.26, 1.28, 1.3]),
        (0, 0.9, [0, 0.2, 0.4, 0.6, 0.8]),
    ],
)
def test_ticks_are_round_and_within(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high) == pytest.approx(expected)


def test_the_steep_start_is_trimmed_on_either_axis() -> None:
    curve = [
        ComparisonPoint(0, 0.0, 9.0),
        ComparisonPoint(5, 0.5, 8.0),
        ComparisonPoint(10, 1.0, 3.0),
        ComparisonPoint(100, 10.0, 2.0),
    ]
    timed = comparison_series([("a", curve)], timed=True)
    assert timed == [Series("a", (Point(1.0, 3.0), Point(10.0, 2.0)))]
    by_tokens = comparison_series([("a", curve)], timed=False)
    assert by_tokens == [Series("a", (Point(10.0, 3.0), Point(100.0, 2.0)))]
    short = comparison_series([("a", ()), ("b", curve[:1])], timed=True)
    assert short == [Series("a", ()), Series("b", (Point(0.0, 9.0),))]


def test_trimming_leaves_enough_points() -> None:
    series = [Series("a", (Point(0, 9), Point(5, 3), Point(9, 2)))]
    assert len(trim_start(series)[0].points) == 2
    assert trim_start(series, min_points=3) == series


def test_a_terminal_chart_has_a_marker_or_a_legend_for_each_series() -> None:
    series = [
        Series("first", (Point(0, 1), Point(1, 2))),
        Series("empty", ()),
        Series("second", (Point(0, 2), Point(1, 1))),
    ]
    layout: dict[str, Any] = {"title": "t", "x_label": "steps", "width": 50, "height": 12}
    legend = terminal_chart(series, **layout).plain
    assert "first" in legend
    assert "second" in legend
    assert "steps" in legend
    marked = terminal_chart(series, markers=[("a", None), ("b", None), ("c", None)], **layout).plain
    chart = marked.replace("steps", "")
    assert "a" in chart
    assert "c" in chart
    assert "b" not in chart


def pixels(path: Path) -> np.ndarray:
    from matplotlib.image import imread

    return np.asarray(imread(path))


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 3, 30])
def test_each_variant_has_a_line_in_its_colour(tmp_path: Path, count: int) -> None:
    save_comparison_plot(tmp_path / "c.png", comparison(count))
    image = np.round(pixels(tmp_path / "c.png")[..., :3] * 255).astype(int)
    from matplotlib.colors import to_rgb

    for number in range(min(count, 10)):
        colour = np.round(np.array(to_rgb(f"C{number}")) * 255).astype(int)
        assert (np.abs(image - colour).max(-1) <= 2).sum() > 100, number
    assert (image == 255).all(-1).mean() > 0.5


def test_the_plot_is_labelled(tmp_path: Path) -> None:
    from matplotlib import rc_context

    with rc_context({"svg.fonttype": "none"}):
        save_comparison_plot(tmp_path / "c.svg", comparison(2))
        text = (tmp_path / "c.svg").read_text()
        for label in ("poems, 1 minute each", "seconds of training", "network 0: 1.2"):
            assert label in text
        assert "broken" not in text
        save_comparison_plot(tmp_path / "c.svg", comparison(2, {"token_budget": ("1900",)}))
        assert "training tokens" in (tmp_path / "c.svg").read_text()


def test_a_plot_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "c.png").mkdir()
    with pytest.raises(SeqgenError, match=r"c\.png"):
        save_comparison_plot(tmp_path / "c.png", comparison(1))
