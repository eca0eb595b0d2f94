"""The `seqgen` command: its subcommands, and how a failure is told."""

import io
import os
import platform
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from seqgen import __version__
from seqgen.errors import OutputError, SeqgenError

DEPENDENCIES = (
    "tensorflow", "keras", "onnxruntime", "onnx", "numpy", "tokenizers", "safetensors", "music21",
)  # fmt: skip

# Each has the module of its name, and what the list of commands says of it.
COMMANDS = {
    "train": "Train a network on a text or a book of tunes.",
    "sample": "Write text or tunes from a checkpoint, to standard output as they come.",
    "compare": "Train several networks, each for as long as the others, and set them side by side.",
    "evaluate": "Measure how good a model is.",
    "render": "Write ABC tunes as MIDI, score, sound or page, or play them; else show them here.",
    "checkpoints": "List, show, export and upgrade the trained checkpoints.",
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
    for name in DEPENDENCIES:
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
    open_closed_streams()
    name_stdout_in_errors()
    status = run(app) or run(sys.stdout.flush)
    discard_stdout()
    sys.exit(status)


def run(step: Callable[[], Any]) -> int | str | None:
    """Run a step of the program, print what went wrong, and return the exit status."""
    try:
        step()
    except SystemExit as end:
        return end.code
    except SeqgenError as error:
        return fail(str(error), error.status)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 1
    except MemoryError:
        return fail("out of memory; try smaller --units, --batch-size, --seq-length or --count", 1)
    except RecursionError:  # as Python makes folders and follows patterns
        return fail("a path or a pattern has too many folders, one in the other", 1)
    except OSError as error:
        return fail(str(error), 1)
    return 0


def fail(message: str, status: int) -> int:
    """Say what went wrong in plain words; returns the exit status."""
    from seqgen.cli.terminal import flags, strip_controls

    message = flags(strip_controls(message))  # it may name a file with escape sequences
    typer.echo(f"{typer.style('error:', fg='red', bold=True)} {message}", err=True)
    return status


class StandardOutput(io.FileIO):
    """Standard output whose errors say that they are of it: `OutputError`.

    A broken pipe stays what it is: nobody reads any more, as in ``seqgen sample x | head``.
    """

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(f"cannot write to standard output: {error.strerror}") from error


def open_closed_streams() -> None:
    """Where the shell closed a standard stream (``>&-``), put one in its place that always fails.

    Otherwise the next file that is opened gets its number, and what is printed is lost in silence.
    """
    for number, mode in enumerate((os.O_WRONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)  # takes the lowest free number
    sys.stdin = sys.stdin or io.TextIOWrapper(io.FileIO(0, "rb", closefd=False))
    sys.stdout = sys.stdout or io.TextIOWrapper(io.FileIO(1, "wb", closefd=False))


def name_stdout_in_errors() -> None:
    """Put `StandardOutput` under ``sys.stdout``, where that is a file, a pipe or a terminal."""
    stdout = sys.stdout
    if not isinstance(stdout, io.TextIOWrapper):
        return
    # As standard error has it: a file's name may hold bytes that are no text.
    stdout.reconfigure(errors="backslashreplace")
    if not isinstance(getattr(stdout.buffer, "raw", stdout.buffer), io.FileIO):
        return
    stdout.flush()
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(StandardOutput(stdout.fileno(), "wb", closefd=False)),
        encoding=stdout.encoding,
        errors=stdout.errors,
        line_buffering=stdout.line_buffering,
        write_through=stdout.write_through,
    )


def discard_stdout() -> None:
    """Drop what cannot be written any more, without another complaint when Python exits."""
    try:
        sys.stdout.flush()
    except (OSError, OutputError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
