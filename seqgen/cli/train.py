"""`seqgen train`: learn from a corpus, and show how it goes."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from seqgen.cli.complete import complete_checkpoint, complete_corpus
from seqgen.cli.options import with_options
from seqgen.config import RunOptions, StackOptions, TokenOptions, TrainingOptions
from seqgen.errors import ConfigError
from seqgen.training.events import Event, Step

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
    dry_run: DryRun = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Train a network on a text or a book of tunes.

    With no option it chooses by the size of the data, and says what it chose.
    """
    if bool(sources) == bool(resume):
        raise ConfigError("name what to learn from, or a checkpoint to --resume (not both)")
    if resume:
        watch(going_on(resume, out, said), verbose)
    elif dry_run:
        show_estimate(sources or [], encoding, RunOptions.of(said), as_json)
    else:
        options = RunOptions.of(said)
        watch(beginning(sources or [], encoding, options, name, out, overwrite), verbose)


def going_on(name: str, out: Path, said: dict[str, Any]) -> Iterator[Event]:
    from seqgen.checkpoint.find import find
    from seqgen.training.start import go_on

    return go_on(find(name, out), said)


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
    return begin(corpus, options, out / checked_name(name or corpus.name), overwrite=overwrite)


def opened(sources: list[str], encoding: str | None) -> Any:
    from seqgen.cli.corpora import drawn_downloads
    from seqgen.corpora import open_corpus

    with drawn_downloads() as progress:
        return open_corpus(sources, encoding=encoding, progress=progress)


def watch(events: Iterator[Event], verbose: bool) -> None:
    """Draw a run as it goes; an interruption saves it first. Ends the command with 128 + signal."""
    from rich.console import Console

    from seqgen.cli.display import display

    # A descriptor of its own: TensorFlow's chatter on number 2 is silenced while it loads.
    with (
        open(os.dup(2), "w", encoding="utf-8") as screen,
        display(Console(file=screen, highlight=False), verbose) as drawing,
        Interruption() as interruption,
    ):
        for event in events:
            drawing.draw(event)
            interruption.may_wait = interruption.may_wait or isinstance(event, Step)
            if interruption.signal:
                events.close()  # type: ignore[attr-defined]
                break
    if interruption.signal:
        typer.echo(
            "interrupted and saved; `seqgen train --resume NAME` goes on from here", err=True
        )
        raise typer.Exit(128 + interruption.signal)


class Interruption:
    """Turns the first Ctrl-C (or SIGTERM) into a wish that is granted between two steps.

    Before the first step there is nothing to save, and a second Ctrl-C means it: both interrupt
    at once.
    """

    def __init__(self) -> None:
        self.signal = 0
        self.may_wait = False

    def __enter__(self) -> "Interruption":
        kinds = (signal.SIGINT, signal.SIGTERM)
        self.before = {kind: signal.signal(kind, self.heard) for kind in kinds}
        return self

    def __exit__(self, *_: object) -> None:
        for kind, handler in self.before.items():
            signal.signal(kind, handler)

    def heard(self, number: int, frame: FrameType | None) -> None:
        if self.signal or not self.may_wait:
            raise KeyboardInterrupt
        self.signal = number


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
