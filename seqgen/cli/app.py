"""The `seqgen` command: its subcommands, and how a failure is told."""

import io
import os
import platform
import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from seqgen import __version__
from seqgen.errors import SeqgenError

STANDS_ON = (
    "tensorflow", "keras", "onnxruntime", "onnx", "numpy", "tokenizers", "safetensors", "music21",
)  # fmt: skip

# Each has the module of its name, and what the list of commands says of it.
COMMANDS = {
    "train": "Train a network on a text or a book of tunes.",
    "sample": "Write text or tunes from a checkpoint, to standard output as they come.",
    "compare": "Train several networks, each for as long as the others, and set them side by side.",
    "evaluate": "Measure how good a model is.",
    "render": "Write ABC tunes as MIDI, score, sound or page, or play them; else show them here.",
    "checkpoints": "List, show and export the trained checkpoints.",
    "corpora": "List, show and fetch the corpora that seqgen knows.",
    "inspect": "See what a trained network does with a text: its gradients, neurons and gates.",
}


class Commands(TyperGroup):
    """The commands, of which only the one that runs is imported."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {name: TyperCommand(name, help=said) for name, said in COMMANDS.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, listed, rest = super().resolve_command(ctx, args)
        return name, listed and imported(listed.name or ""), rest


def imported(name: str) -> Any:
    """The command of that name."""
    module = import_module(f"seqgen.cli.{name}")
    own = getattr(module, "app", None)
    if own is None:
        own = typer.Typer(add_completion=False)
        own.command()(getattr(module, name))
    command = typer.main.get_command(own)
    command.name = name
    return command


app = typer.Typer(
    cls=Commands,
    help="Train recurrent networks on any text or book of tunes, and write more of the kind.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def print_version(asked: bool) -> None:
    if not asked:
        return
    from importlib import metadata

    print(f"seqgen {__version__}")
    for name in STANDS_ON:
        print(f"{name} {metadata.version(name)}")
    print(f"Python {platform.python_version()}, {platform.platform()}")
    raise typer.Exit


@app.callback()
def seqgen(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=print_version,
            is_eager=True,
            help="Print the versions of seqgen and of what it stands on.",
        ),
    ] = False,
) -> None:
    """Train recurrent networks on any text or book of tunes, and write more of the kind."""


def main() -> None:
    """Run the command and exit: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # As standard error has it: a file's name may hold bytes that are no text.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        app()
    except SeqgenError as error:
        fail(str(error), error.status)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(1)
    except MemoryError:
        fail("out of memory; try smaller --units, --batch, --window or --count", 1)
    except RecursionError:  # as Python makes folders and follows patterns
        fail("a path or a pattern has too many folders, one in the other", 1)
    except OSError as error:
        fail(str(error), 1)
    finally:
        let_go_of_stdout()


def fail(message: str, status: int) -> None:
    """Say what went wrong in plain words, and exit."""
    from seqgen.cli.terminal import cleaned

    message = cleaned(message)  # it may name a file with escape sequences in its name
    typer.echo(f"{typer.style('error:', fg='red', bold=True)} {message}", err=True)
    sys.exit(status)


def let_go_of_stdout() -> None:
    """Drop what nobody reads any more, as in ``seqgen sample x | head``, without a complaint."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
