"""`seqgen train`: learn from a corpus, and show how it goes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from seqgen.cli.complete import complete_checkpoint, complete_corpus
from seqgen.cli.options import with_options
from seqgen.config import RunOptions, StackOptions, TokenOptions, TrainingOptions
from seqgen.errors import ConfigError
from seqgen.options import flag_name
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
Out = Annotated[Path, typer.Option(help="Folder in which the checkpoint is made.")]
Encoding = Annotated[str | None, typer.Option(help="Of the files, where it is not UTF-8.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a checkpoint of that name.")]
Resume = Annotated[
    str | None,
    typer.Option(
        help="Go on with this checkpoint; --minutes or --epochs extend it, all training counted.",
        autocompletion=complete_checkpoint,
    ),
]
OldText = Annotated[
    bool,
    typer.Option(
        "--old-text",
        help="With --resume, go on with the text as it was, though its files have changed.",
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show the network, its memory and time; train nothing.")
]
AsJson = Annotated[bool, typer.Option("--json", help="With --dry-run, print JSON.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say why each default was chosen.")]


@with_options(TokenOptions, StackOptions, TrainingOptions)
def train(
    said: dict[str, Any],
    sources: Sources = None,
    name: Name = None,
    out: Out = Path("checkpoints"),
    encoding: Encoding = None,
    overwrite: Overwrite = False,
    resume: Resume = None,
    old_text: OldText = False,
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
        refuse_beside_resume(
            sources=sources, name=name, encoding=encoding, overwrite=overwrite, dry_run=dry_run
        )
        watch(going_on(resume, out, said, old_text), verbose)
    elif old_text:
        raise ConfigError("--old-text is for a run that goes on; give it with --resume")
    elif not sources:
        raise ConfigError(
            "name what to learn from: files, folders or known corpora, as in "
            "`seqgen train sonnets`, or a checkpoint to --resume"
        )
    elif dry_run:
        show_estimate(sources, encoding, RunOptions.of(said), as_json)
    else:
        options = RunOptions.of(said)
        watch(beginning(sources, encoding, options, name, out, overwrite), verbose)


def refuse_beside_resume(**given: Any) -> None:
    """Raise ConfigError for what would be passed over in silence."""
    for name, value in given.items():
        if value:
            what = "what to learn from" if name == "sources" else flag_name(name)
            raise ConfigError(f"--resume goes on as the run began; {what} cannot be given with it")


def going_on(name: str, out: Path, said: dict[str, Any], old_text: bool) -> Iterator[Event]:
    from seqgen.checkpoint.find import find
    from seqgen.training.start import go_on

    return go_on(find(name, out), said, old_text=old_text)


def beginning(
    sources: list[str],
    encoding: str | None,
    options: RunOptions,
    name: str | None,
    out: Path,
    overwrite: bool,
) -> Iterator[Event]:
    from seqgen.checkpoint.find import checked_name
    from seqgen.training.start import begin

    corpus = opened(sources, encoding)
    return begin(
        corpus,
        options,
        out / (corpus.name if name is None else checked_name(name)),
        overwrite=overwrite,
    )


def opened(sources: list[str], encoding: str | None) -> Any:
    from seqgen.cli.corpora import drawn_downloads
    from seqgen.corpora import open_corpus

    with drawn_downloads() as progress:
        return open_corpus(sources, encoding=encoding, progress=progress)


def watch(events: Iterator[Event], verbose: bool) -> None:
    """Draw a run as it goes; an interruption saves it first. Ends the command with 128 + signal."""
    from seqgen.cli.display import display
    from seqgen.cli.watching import Interruption, console, say

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
        say(farewell(path))
        raise typer.Exit(128 + interruption.signal)


def farewell(path: Path | None) -> str:
    """What to say of an interrupted run: how to go on, where there is something to go on from.

    path: of its checkpoint, once the run has started.
    """
    from seqgen.cli.lines import spoken
    from seqgen.training.resume import resumable

    if path is None or not resumable(path):
        return "interrupted before anything was learned"
    return f"interrupted and saved; go on with:  seqgen train --resume {spoken(path)}"


def show_estimate(
    sources: list[str], encoding: str | None, options: RunOptions, as_json: bool
) -> None:
    from seqgen.cli.estimate import print_estimate
    from seqgen.training.estimate import estimate

    found = estimate(opened(sources, encoding), options)
    if as_json:
        print(json.dumps(found.to_json(), indent=2))
    else:
        print_estimate(found)
