"""`seqgen compare`: train several networks under the same budget and compare them."""

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqgen.cli._common import open_sources
from seqgen.cli.options import SOURCES, CheckpointsDir, Encoding, with_options
from seqgen.config.options import ComparisonOptions, DataOptions, ModelOptions, TrainingOptions
from seqgen.errors import ConfigError
from seqgen.io.atomic import check_writable

if TYPE_CHECKING:
    from seqgen.comparison.events import Event
    from seqgen.comparison.results import Comparison

Name = Annotated[
    str | None,
    typer.Option(help="Name of the comparison.", show_default="CORPUS-compare"),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an existing comparison.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print models, sizes and time; do not train.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print all results as JSON.")]
Plot = Annotated[
    Path | None,
    typer.Option(help="Plot the learning curves.", metavar=".png|.svg|.pdf"),
]


@with_options(DataOptions, ModelOptions, TrainingOptions, ComparisonOptions, several=True)
def compare(
    given: dict[str, Any],
    sources: Annotated[list[str], SOURCES],
    name: Name = None,
    checkpoints_dir: CheckpointsDir = Path("checkpoints"),
    encoding: Encoding = None,
    overwrite: Overwrite = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    plot: Plot = None,
) -> None:
    """Train several networks under the same budget and compare them.

    Every option takes a list, as in --cells lstm,gru --layers 1,2 --minutes 2: all combinations
    are trained. The same command continues an interrupted comparison.
    """
    from seqgen.checkpoint.locate import validate_name
    from seqgen.cli import compare_results
    from seqgen.comparison import runner

    if dry_run and plot:
        raise ConfigError("has no effect with `dry_run`", option="plot")
    check_plot(plot)
    corpus = open_sources(sources, encoding)
    path = checkpoints_dir / (f"{corpus.name}-compare" if name is None else validate_name(name))
    if dry_run:
        compare_results.print_estimate(corpus, given, path.name, as_json)
        return
    events = runner.compare(corpus, given, path, overwrite=overwrite)
    comparison = watch(events, path, overwrite)
    compare_results.print_results(comparison, as_json)
    if plot:
        from seqgen.reports.charts import save_comparison_plot

        save_comparison_plot(plot, comparison)
    if comparison.best is None:
        raise typer.Exit(1)


def check_plot(plot: Path | None) -> None:
    """Raise ConfigError or CheckpointError if a plot cannot be written."""
    from seqgen.reports.charts import PLOT_SUFFIXES

    if plot is None:
        return
    if plot.suffix.lower() not in PLOT_SUFFIXES:
        suffixes = " or ".join(PLOT_SUFFIXES)
        raise ConfigError(f"{str(plot)!r} does not end in {suffixes}", option="plot")
    if not plot.parent.is_dir():
        raise ConfigError(f"folder {plot.parent} does not exist", option="plot")
    check_writable(plot)


def watch(events: "Generator[Event, None, None]", path: Path, overwrite: bool) -> "Comparison":
    """Display a comparison; an interruption saves it and ends the command."""
    from seqgen.cli.compare_display import display
    from seqgen.cli.signals import Interruption, console, print_message
    from seqgen.comparison.events import ComparisonStatus, VariantEvent, VariantStarted
    from seqgen.training.events import Step

    comparison: Comparison | None = None
    with (
        console() as screen,
        display(screen) as drawing,
        Interruption() as interruption,
    ):
        for event in events:
            drawing.draw(event)
            if isinstance(event, ComparisonStatus):
                comparison = event.comparison
            if isinstance(event, VariantStarted):
                interruption.may_wait = False
            elif isinstance(event, VariantEvent) and isinstance(event.event, Step):
                interruption.may_wait = True
            if interruption.signal:
                break
        events.close()
    if interruption.signal:
        print_message(interruption_message(path, overwrite))
        raise typer.Exit(128 + interruption.signal)
    assert comparison
    return comparison


def interruption_message(path: Path, overwrite: bool) -> str:
    """Return what to print for an interrupted comparison: how to continue it."""
    from seqgen.comparison.results import results_file

    if not results_file(path).exists():
        return "interrupted before the first step; nothing was saved"
    same = "the same command without --overwrite" if overwrite else "the same command"
    return f"interrupted and saved; continue with {same}"
