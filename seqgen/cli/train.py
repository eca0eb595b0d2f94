"""`seqgen train`: train on a corpus, and display the progress."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from seqgen.cli._common import open_sources, print_json
from seqgen.cli.completion import complete_checkpoint
from seqgen.cli.options import SOURCES, CheckpointsDir, Encoding, with_options
from seqgen.config.options import DataOptions, ModelOptions, RunOptions, TrainingOptions
from seqgen.errors import ConfigError
from seqgen.training.events import Event, Started, Step

Name = Annotated[
    str | None, typer.Option(help="Name of the checkpoint.", show_default="the corpus's")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an existing checkpoint.")]
Resume = Annotated[
    str | None,
    typer.Option(
        help="Resume a checkpoint; --minutes, --epochs extend it.",
        metavar="NAME",
        autocompletion=complete_checkpoint,
    ),
]
IgnoreCorpusChanges = Annotated[
    bool,
    typer.Option(
        "--ignore-corpus-changes",
        help="Resume with the stored text if files have changed.",
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print the model, memory and time; do not train.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the dry run as JSON.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Print why each default was chosen.")
]


@with_options(DataOptions, ModelOptions, TrainingOptions)
def train(
    given: dict[str, Any],
    sources: Annotated[list[str] | None, SOURCES] = None,
    name: Name = None,
    checkpoints_dir: CheckpointsDir = Path("checkpoints"),
    encoding: Encoding = None,
    overwrite: Overwrite = False,
    resume: Resume = None,
    ignore_corpus_changes: IgnoreCorpusChanges = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Train a network on a text or a tune book.

    Options that are not given are chosen from the size of the data and the speed of the machine,
    and printed.
    """
    if as_json and not dry_run:
        raise ConfigError("needs `dry_run=True`", option="json")
    from seqgen.checkpoint.locate import find_checkpoint, validate_name
    from seqgen.training.run import resume_run, start_run

    if resume is not None:
        for what, value in {
            "a corpus": sources, "`name`": name, "`encoding`": encoding, "`overwrite`": overwrite,
            "`dry_run`": dry_run,
        }.items():  # fmt: skip
            if value:
                raise ConfigError(f"cannot be combined with {what}", option="resume")
        path = find_checkpoint(resume, checkpoints_dir)
        watch(resume_run(path, given, ignore_corpus_changes=ignore_corpus_changes), verbose)
        return
    if ignore_corpus_changes:
        raise ConfigError("needs `resume`", option="ignore_corpus_changes")
    if not sources:
        raise ConfigError(
            "no corpus given; name files, folders or built-in corpora (seqgen train sonnets), or "
            "a checkpoint to `resume`"
        )
    options = RunOptions.of(given)
    if name is not None:
        validate_name(name)
    corpus = open_sources(sources, encoding)
    if dry_run:
        from seqgen.training.dry_run import estimate

        result = estimate(corpus, options)
        if as_json:
            print_json(result.to_json())
        else:
            from seqgen.cli.dry_run import print_estimate

            print_estimate(result)
        return
    path = checkpoints_dir / (name or corpus.name)
    watch(start_run(corpus, options, path, overwrite=overwrite), verbose)


def watch(events: Iterator[Event], verbose: bool) -> None:
    """Display a run; save it before an interruption ends the command with 128 + signal."""
    from seqgen.cli.display import display
    from seqgen.cli.signals import Interruption, console, print_message

    path: Path | None = None
    with (
        console() as screen,
        display(screen, verbose) as drawing,
        Interruption() as interruption,
    ):
        for event in events:
            drawing.draw(event)
            if isinstance(event, Started):
                path = event.path
            interruption.may_wait = interruption.may_wait or isinstance(event, Step)
            if interruption.signal:
                events.close()  # type: ignore[attr-defined]
                break
    if interruption.signal:
        print_message(interruption_message(path))
        raise typer.Exit(128 + interruption.signal)


def interruption_message(path: Path | None) -> str:
    """Return what to print for a run that was interrupted, perhaps before it had a checkpoint."""
    from seqgen.cli.log_lines import checkpoint_label
    from seqgen.training.train_state import resumable

    if path is None or not resumable(path):
        return "interrupted before the first step; nothing was saved"
    return f"interrupted and saved; resume with:  seqgen train --resume {checkpoint_label(path)}"
