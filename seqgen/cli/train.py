"""`seqgen train`: learn from a corpus, and show how it goes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from seqgen.cli.completion import complete_checkpoint, complete_corpus
from seqgen.cli.options import with_options
from seqgen.config.fields import flag_name
from seqgen.config.options import DataOptions, ModelOptions, RunOptions, TrainingOptions
from seqgen.errors import ConfigError
from seqgen.training.events import Event, Started, Step

Sources = Annotated[
    list[str] | None,
    typer.Argument(
        help="Files, folders, patterns, known corpora (seqgen corpora), or - for standard input.",
        autocompletion=complete_corpus,
        show_default=False,
    ),
]
Name = Annotated[str | None, typer.Option(help="Name of the checkpoint; the corpus's unless said.")]
CheckpointsDir = Annotated[Path, typer.Option(help="Folder in which the checkpoint is made.")]
Encoding = Annotated[str | None, typer.Option(help="Of the files, where it is not UTF-8.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a checkpoint of that name.")]
Resume = Annotated[
    str | None,
    typer.Option(
        help="Go on with this checkpoint; --minutes or --epochs extend it, all training counted.",
        autocompletion=complete_checkpoint,
    ),
]
IgnoreCorpusChanges = Annotated[
    bool,
    typer.Option(
        "--ignore-corpus-changes",
        help="With --resume, go on with the text as it was, though its files have changed.",
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show the network, its memory and time; train nothing.")
]
AsJson = Annotated[bool, typer.Option("--json", help="With --dry-run, print JSON.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say why each default was chosen.")]


@with_options(DataOptions, ModelOptions, TrainingOptions)
def train(
    said: dict[str, Any],
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
    """Train a network on a text or a book of tunes.

    With no option it chooses by the size of the data, and says what it chose.
    """
    if as_json and not dry_run:
        raise ConfigError("--json prints what --dry-run finds; give both")
    if resume is not None:
        check_resume_conflicts(
            sources=sources, name=name, encoding=encoding, overwrite=overwrite, dry_run=dry_run
        )
        watch(going_on(resume, checkpoints_dir, said, ignore_corpus_changes), verbose)
    elif ignore_corpus_changes:
        raise ConfigError(
            "--ignore-corpus-changes is for a run that goes on; give it with --resume"
        )
    elif not sources:
        raise ConfigError(
            "name what to learn from: files, folders or known corpora, as in "
            "`seqgen train sonnets`, or a checkpoint to --resume"
        )
    elif dry_run:
        show_estimate(sources, encoding, RunOptions.of(said), as_json)
    else:
        options = RunOptions.of(said)
        watch(beginning(sources, encoding, options, name, checkpoints_dir, overwrite), verbose)


def check_resume_conflicts(**given: Any) -> None:
    """Raise ConfigError for what would be passed over in silence."""
    for name, value in given.items():
        if value:
            what = "what to learn from" if name == "sources" else flag_name(name)
            raise ConfigError(f"--resume goes on as the run began; {what} cannot be given with it")


def going_on(
    name: str, checkpoints_dir: Path, said: dict[str, Any], ignore_corpus_changes: bool
) -> Iterator[Event]:
    from seqgen.checkpoint.locate import find_checkpoint
    from seqgen.training.run import resume_run

    return resume_run(
        find_checkpoint(name, checkpoints_dir), said, ignore_corpus_changes=ignore_corpus_changes
    )


def beginning(
    sources: list[str],
    encoding: str | None,
    options: RunOptions,
    name: str | None,
    checkpoints_dir: Path,
    overwrite: bool,
) -> Iterator[Event]:
    from seqgen.checkpoint.locate import validate_name
    from seqgen.training.run import start_run

    corpus = opened(sources, encoding)
    return start_run(
        corpus,
        options,
        checkpoints_dir / (corpus.name if name is None else validate_name(name)),
        overwrite=overwrite,
    )


def opened(sources: list[str], encoding: str | None) -> Any:
    from seqgen.cli.corpora import drawn_downloads
    from seqgen.data.corpora import open_corpus

    with drawn_downloads() as progress:
        return open_corpus(sources, encoding=encoding, progress=progress)


def watch(events: Iterator[Event], verbose: bool) -> None:
    """Draw a run as it goes; an interruption saves it first. Ends the command with 128 + signal."""
    from seqgen.cli.display import display
    from seqgen.cli.signals import Interruption, console, say

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
        say(interruption_message(path))
        raise typer.Exit(128 + interruption.signal)


def interruption_message(path: Path | None) -> str:
    """What to say of an interrupted run: how to go on, where there is something to go on from.

    path: of its checkpoint, once the run has started.
    """
    from seqgen.cli.log_lines import checkpoint_label
    from seqgen.training.train_state import resumable

    if path is None or not resumable(path):
        return "interrupted before anything was learned"
    return f"interrupted and saved; go on with:  seqgen train --resume {checkpoint_label(path)}"


def show_estimate(
    sources: list[str], encoding: str | None, options: RunOptions, as_json: bool
) -> None:
    from seqgen.cli.dry_run import print_estimate
    from seqgen.training.dry_run import estimate

    found = estimate(opened(sources, encoding), options)
    if as_json:
        print(json.dumps(found.to_json(), indent=2))
    else:
        print_estimate(found)
