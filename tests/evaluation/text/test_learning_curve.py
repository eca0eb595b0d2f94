import re

import pytest

from seqgen.evaluation.text.learning_curve import learning_curve, ticks


def run(losses, every=10.0):
    return [
        {"seconds": every * n, "training_loss": loss and loss + 0.1, "validation_loss": loss}
        for n, loss in enumerate(losses)
    ]


def drawn(html, name):
    """The points of a curve, percent to the right and down."""
    found = re.search(rf'<polyline class="{name}" points="([^"]*)"', html)
    return [tuple(map(float, pair.split(","))) for pair in found[1].split()]


def test_both_curves_are_drawn_to_scale():
    html = learning_curve(run([2.0, 1.5, 1.25, 1.1, 1.0]))
    points = drawn(html, "held-back")
    assert [x for x, _ in points] == [0, 25, 50, 75, 100]
    assert points[-1][1] == 100
    down = [y for _, y in points]
    # Equal differences of loss are equal heights.
    assert (down[1] - down[0]) / (down[2] - down[1]) == pytest.approx(2, abs=0.01)
    # The training loss is larger by a tenth, so it lies higher.
    assert all(t < h for (_, t), (_, h) in zip(drawn(html, "training"), points, strict=True))
    assert "held back, 1.000 at the end" in html


def test_the_steep_beginning_is_left_out():
    html = learning_curve(run([6.0, *(2 - n / 100 for n in range(20))], every=1.0))
    assert len(drawn(html, "held-back")) == 20
    # In a run of few evaluations there would be nothing left.
    assert len(drawn(learning_curve(run([6.0, 2.0, 1.9])), "held-back")) == 3


NONSENSE = [{"seconds": "1", "validation_loss": 2.0}, {"seconds": 2, "validation_loss": True}, {}]
NAN = [{"seconds": n, "validation_loss": float("nan")} for n in range(3)]


@pytest.mark.parametrize(
    "metrics",
    [[], run([2.0]), run([None, None]), run([2.0, 2.0], every=0.0), NONSENSE, NAN],
)
def test_no_curve_without_two_points(metrics):
    assert learning_curve(metrics) == ""


def test_a_curve_that_is_level_is_no_error():
    assert "polyline" in learning_curve(run([2.0, 2.0, 2.0]))


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 10, [0, 2, 4, 6, 8, 10]),
        (1.234, 1.31, [1.24, 1.26, 1.28, 1.3]),
        (0, 0.9, [0, 0.2, 0.4, 0.6, 0.8]),
    ],
)
def test_ticks_are_round_and_within(low, high, expected):
    assert ticks(low, high) == pytest.approx(expected)
