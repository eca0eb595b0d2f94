"""`seqgen train`: train on a corpus, and display the progress."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from seqgen.cli._common import open_sources
from seqgen.cli.completion import complete_checkpoint, complete_corpus
from seqgen.cli.options import with_options
from seqgen.config.options import DataOptions, ModelOptions, RunOptions, TrainingOptions
from seqgen.errors import ConfigError
from seqgen.training.events import Event, Started, Step

Sources = Annotated[
    list[str] | None,
    typer.Argument(
        help="Files, folders, glob patterns, corpora, or -.",
        autocompletion=complete_corpus,
        show_default=False,
    ),
]
Name = Annotated[
    str | None, typer.Option(help="Name of the checkpoint.", show_default="the corpus's")
]
CheckpointsDir = Annotated[Path, typer.Option(help="Folder of checkpoints.")]
Encoding = Annotated[
    str | None, typer.Option(help="Encoding of the files.", show_default="UTF-8 or BOM")
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
    sources: Sources = None,
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
    if resume is not None:
        check_resume_conflicts(
            sources=sources, name=name, encoding=encoding, overwrite=overwrite, dry_run=dry_run
        )
        watch(_resume(resume, checkpoints_dir, given, ignore_corpus_changes), verbose)
    elif ignore_corpus_changes:
        raise ConfigError("needs `resume`", option="ignore_corpus_changes")
    elif not sources:
        raise ConfigError(
            "no corpus given; name files, folders or built-in corpora (seqgen train sonnets), or "
            "a checkpoint to `resume`"
        )
    elif dry_run:
        show_estimate(sources, encoding, RunOptions.of(given), as_json)
    else:
        options = RunOptions.of(given)
        watch(_start(sources, encoding, options, name, checkpoints_dir, overwrite), verbose)


def check_resume_conflicts(**given: Any) -> None:
    """Raise ConfigError for arguments that a resumed run would ignore."""
    for name, value in given.items():
        if value:
            what = "a corpus" if name == "sources" else f"`{name}`"
            raise ConfigError(f"cannot be combined with {what}", option="resume")


def _resume(
    name: str, checkpoints_dir: Path, given: dict[str, Any], ignore_corpus_changes: bool
) -> Iterator[Event]:
    from seqgen.checkpoint.locate import find_checkpoint
    from seqgen.training.run import resume_run

    return resume_run(
        find_checkpoint(name, checkpoints_dir), given, ignore_corpus_changes=ignore_corpus_changes
    )


def _start(
    sources: list[str],
    encoding: str | None,
    options: RunOptions,
    name: str | None,
    checkpoints_dir: Path,
    overwrite: bool,
) -> Iterator[Event]:
    from seqgen.checkpoint.locate import validate_name
    from seqgen.training.run import start_run

    corpus = open_sources(sources, encoding)
    return start_run(
        corpus,
        options,
        checkpoints_dir / (corpus.name if name is None else validate_name(name)),
        overwrite=overwrite,
    )


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
    """Return what to print for an interrupted run: how to resume it, if it can be.

    Args:
        path: Its checkpoint; None before the run has started.
    """
    from seqgen.cli.log_lines import checkpoint_label
    from seqgen.training.train_state import resumable

    if path is None or not resumable(path):
        return "interrupted before the first step; nothing was saved"
    return f"interrupted and saved; resume with:  seqgen train --resume {checkpoint_label(path)}"


def show_estimate(
    sources: list[str], encoding: str | None, options: RunOptions, as_json: bool
) -> None:
    from seqgen.cli.dry_run import print_estimate
    from seqgen.training.dry_run import estimate

    result = estimate(open_sources(sources, encoding), options)
    if as_json:
        print(json.dumps(result.to_json(), indent=2))
    else:
        print_estimate(result)
