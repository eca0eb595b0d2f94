"""The learning curves as a picture."""

from pathlib import Path

import numpy as np
import pytest

from seqgen.comparison.plot import budget, draw, lines
from seqgen.comparison.results import Comparison, Entry, Point, Result
from seqgen.errors import SeqgenError


def made(count: int, asked: dict | None = None) -> Comparison:
    """A comparison of so many variants, each a little worse than the one before."""
    entries = [Entry("broken", "c-broken", 5, failure="the loss was not finite")]
    for n in range(count):
        curve = tuple(Point(100 * t, 3.0 * t, 4 / (1 + t) + 1 + n / 9) for t in range(20))
        result = Result(
            curve[-1].nats, 2.0, None, 4.0, 99, 1900, 57.0, 1000.0 if n else None, curve
        )
        entries.append(Entry(f"network {n}", f"c-{n}", 1000 + n, result))
    return Comparison(asked or {"minutes": ("1",)}, "poems", "text", "0f", tuple(entries))


def pixels(path: Path) -> np.ndarray:
    from matplotlib.image import imread

    return imread(path)


@pytest.mark.parametrize("count", [1, 3, 30])
def test_each_variant_has_a_line_of_its_colour(tmp_path: Path, count: int) -> None:
    draw(tmp_path / "c.png", made(count))
    image = np.round(pixels(tmp_path / "c.png")[..., :3] * 255).astype(int)
    from matplotlib.colors import to_rgb

    for number in range(min(count, 10)):
        colour = np.round(np.array(to_rgb(f"C{number}")) * 255).astype(int)
        assert (np.abs(image - colour).max(-1) <= 2).sum() > 100, number
    assert (image == 255).all(-1).mean() > 0.5


def test_the_text_of_the_picture_says_what_is_seen(tmp_path: Path) -> None:
    from matplotlib import rc_context

    with rc_context({"svg.fonttype": "none"}):
        draw(tmp_path / "c.svg", made(2))
        text = (tmp_path / "c.svg").read_text()
        for word in (
            "poems, 1 minute each",
            "seconds of training",
            "nats a token",
            "network 0: 1.2",
        ):
            assert word in text
        assert "broken" not in text
        draw(tmp_path / "c.svg", made(2, {"token_budget": ("1900",)}))
        assert "tokens learned from" in (tmp_path / "c.svg").read_text()


def test_it_says_where_it_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "c.png").mkdir()
    with pytest.raises(SeqgenError, match=r"cannot write .*c\.png"):
        draw(tmp_path / "c.png", made(1))


def test_the_steep_beginning_is_left_out() -> None:
    curve = [Point(0, 0.0, 9.0), Point(5, 0.5, 8.0), Point(10, 1.0, 3.0), Point(100, 10.0, 2.0)]
    assert lines([curve], timed=True) == [([1.0, 10.0], [3.0, 2.0])]
    assert lines([curve], timed=False) == [([10.0, 100.0], [3.0, 2.0])]
    assert lines([(), curve[:1]], timed=True) == [([], []), ([0.0], [9.0])]


def test_the_budget_is_said_in_words() -> None:
    assert budget(made(1, {"minutes": ("2",)})) == "2 minutes each"
    assert budget(made(1, {"epochs": ("1",)})) == "1 epoch each"
    assert budget(made(1, {"token_budget": ("100", "200")})) == "100 or 200 tokens each"
