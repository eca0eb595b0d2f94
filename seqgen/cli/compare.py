"""`seqgen compare`: networks trained one after the other under one budget, side by side."""

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqgen.cli.completion import complete_corpus
from seqgen.cli.options import with_options
from seqgen.cli.train import CheckpointsDir, Encoding, opened
from seqgen.config.options import ComparisonOptions, DataOptions, ModelOptions, TrainingOptions
from seqgen.errors import ConfigError
from seqgen.io.atomic import check_writable

if TYPE_CHECKING:
    from seqgen.comparison.events import Event
    from seqgen.comparison.results import Comparison

Sources = Annotated[
    list[str],
    typer.Argument(
        help="Files, folders, patterns, known corpora (seqgen corpora), or - for standard input.",
        autocompletion=complete_corpus,
        show_default=False,
    ),
]
Name = Annotated[
    str | None,
    typer.Option(help="Name of the comparison; the corpus's and -compare unless said."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace one of that name.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="List the networks, their size and time; train nothing.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print all figures and curves as JSON.")]
Plot = Annotated[
    Path | None,
    typer.Option(help="Draw the learning curves into this file: .png, .svg or .pdf."),
]


@with_options(DataOptions, ModelOptions, TrainingOptions, ComparisonOptions, several=True)
def compare(
    said: dict[str, Any],
    sources: Sources,
    name: Name = None,
    checkpoints_dir: CheckpointsDir = Path("checkpoints"),
    encoding: Encoding = None,
    overwrite: Overwrite = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    plot: Plot = None,
) -> None:
    """Train several networks, each for as long as the others, and set them side by side.

    Every option takes a list, as in --cells lstm,gru --layers 1,2 --minutes 2: every combination
    is trained. Started again with the same words, it goes on where it was.
    """
    from seqgen.checkpoint.locate import validate_name
    from seqgen.cli import compare_results
    from seqgen.comparison.runner import compare as comparing

    check_plot(plot)
    corpus = opened(sources, encoding)
    path = checkpoints_dir / (f"{corpus.name}-compare" if name is None else validate_name(name))
    if dry_run:
        compare_results.show_estimate(corpus, said, path.name, as_json)
        return
    comparison = watch(comparing(corpus, said, path, overwrite=overwrite), path, overwrite)
    compare_results.show(comparison, as_json)
    if plot:
        from seqgen.reports.charts import save_comparison_plot

        save_comparison_plot(plot, comparison)
    if comparison.best is None:
        raise typer.Exit(1)


def check_plot(plot: Path | None) -> None:
    """Raise ConfigError for a picture that could not be written, before any time is spent on it."""
    from seqgen.reports.charts import PLOT_SUFFIXES

    if plot and plot.suffix.lower() not in PLOT_SUFFIXES:
        raise ConfigError(f"--plot: {str(plot)!r} does not end in {', '.join(PLOT_SUFFIXES)}")
    if plot and not plot.parent.is_dir():
        raise ConfigError(f"--plot: there is no folder {plot.parent}")
    if plot:
        check_writable(plot)


def watch(events: "Generator[Event, None, None]", path: Path, overwrite: bool) -> "Comparison":
    """Draw a comparison as it goes; an interruption saves it and ends the command."""
    from seqgen.cli.compare_display import display
    from seqgen.cli.signals import Interruption, console, say
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
        say(interruption_message(path, overwrite))
        raise typer.Exit(128 + interruption.signal)
    assert comparison
    return comparison


def interruption_message(path: Path, overwrite: bool) -> str:
    """What to say of an interrupted comparison: how to go on."""
    from seqgen.comparison.results import file_of

    if not file_of(path).exists():
        return "interrupted before anything was learned"
    same = "the same command without --overwrite" if overwrite else "the same command"
    return f"interrupted and saved; {same} goes on with it"
