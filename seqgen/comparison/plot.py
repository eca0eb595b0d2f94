"""The learning curves of a comparison as a picture."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from seqgen.comparison.results import Comparison, Point, loss
from seqgen.errors import SeqgenError
from seqgen.privacy import import_matplotlib

SUFFIXES = (".png", ".svg", ".pdf")
INCHES = (9.0, 5.5)
DOTS_AN_INCH = 130
STROKES = ("-", "--", ":", "-.")  # once the colours are used up
BESIDE = 12  # variants in a legend within the picture; more stand beside it

Line = tuple[list[float], list[float]]


def draw(path: Path, comparison: Comparison) -> None:
    """Write the learning curves into a file, validation loss over time, or tokens, of training.

    path: its suffix says which kind of picture it is, one of `SUFFIXES`.
    Raises SeqgenError if it cannot be written.
    """
    import_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=INCHES, dpi=DOTS_AN_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    entries = [entry for entry in comparison.entries if entry.result]
    curves = [entry.result.curve for entry in entries if entry.result]
    drawn = list(enumerate(zip(entries, lines(curves, comparison.timed), strict=True)))
    for number, (entry, (x, y)) in sorted(drawn, key=lambda each: loss(each[1][0])):
        axes.plot(
            x,
            y,
            STROKES[number // 10 % len(STROKES)],
            color=f"C{number % 10}",
            marker=".",
            label=f"{entry.label}: {loss(entry):.3f}",
        )
    axes.set_title(f"{comparison.corpus}, {budget(comparison)}")
    axes.set_xlabel("seconds of training" if comparison.timed else "tokens learned from")
    axes.set_ylabel("validation loss, nats a token")
    axes.grid(alpha=0.3)
    if len(entries) > BESIDE:
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize="small")
    elif entries:
        axes.legend(loc="best")
    try:
        figure.savefig(path)
    except OSError as error:
        raise SeqgenError(f"cannot write {path}: {error.strerror or error}") from error


def lines(curves: Iterable[Sequence[Point]], timed: bool) -> list[Line]:
    """x and y of each curve without its steep beginning, which would flatten all the rest.

    timed: whether x is seconds of training; else it is tokens.
    """
    points = [
        [(point.seconds if timed else float(point.tokens), point.nats) for point in curve]
        for curve in curves
    ]
    last = max((x for curve in points for x, _ in curve), default=0.0)
    top = max((y for curve in points for x, y in curve if x >= last / 10), default=0.0)
    kept = [[(x, y) for x, y in curve if y <= top] for curve in points]
    return [([x for x, _ in curve], [y for _, y in curve]) for curve in kept]


def budget(comparison: Comparison) -> str:
    """How long each variant learns, in words: "2 minutes each"."""
    for option, unit in (("minutes", "minute"), ("epochs", "epoch"), ("token_budget", "token")):
        if option in comparison.asked:
            values = comparison.asked[option]
            return f"{' or '.join(values)} {unit}{'s' * (values != ('1',))} each"
    return ""
