"""The `seqgen` command: its subcommands, error messages and exit statuses."""

import io
import os
import platform
import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Annotated, Any

import typer

from seqgen import __version__
from seqgen.cli.help import Command, Group
from seqgen.errors import OutputError, SeqgenError

DEPENDENCIES = (
    "tensorflow", "keras", "onnxruntime", "onnx", "numpy", "tokenizers", "safetensors", "music21",
)  # fmt: skip

# The first line of each command's help; its code is in the module of its name.
COMMANDS = {
    "train": "Train a network on a text or a tune book.",
    "sample": "Generate text or tunes from a checkpoint.",
    "compare": "Train several networks under the same budget and compare them.",
    "evaluate": "Measure how good a model is.",
    "render": "Convert ABC tunes to MIDI, scores, sound or HTML, or play them.",
    "checkpoints": "List, show, export and upgrade checkpoints.",
    "corpora": "List, show and download the built-in corpora.",
    "inspect": "Show gradients, neurons or gates of a trained network.",
}


class Commands(Group):
    """The commands; only the one that runs is imported."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {name: Command(name, help=text) for name, text in COMMANDS.items()}

    def get_params(self, ctx: Any) -> list[Any]:
        params = super().get_params(ctx)
        for param in params:
            if param.name == "show_completion":
                param.help = "Print completion for the current shell."
        return params

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, listed, rest = super().resolve_command(ctx, args)
        return name, listed and import_command(listed.name or ""), rest


@cache
def import_command(name: str) -> Any:
    """Return the command of that name."""
    module = import_module(f"seqgen.cli.{name}")
    own = getattr(module, "app", None)
    if own is None:
        own = typer.Typer(add_completion=False)
        own.command(cls=Command)(getattr(module, name))
    command = typer.main.get_command(own)
    command.name = name
    return command


app = typer.Typer(
    cls=Commands,
    help="Train recurrent networks on your own text or ABC tunes, and sample from them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def print_version(value: bool) -> None:
    if not value:
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
            help="Print the versions of seqgen and its dependencies.",
        ),
    ] = False,
) -> None:
    """Train recurrent networks on your own text or ABC tunes, and sample from them."""


def main() -> None:
    """Run the command and exit: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
    open_closed_streams()
    name_stdout_in_errors()
    status = run(app) or run(sys.stdout.flush)
    discard_stdout()
    sys.exit(status)


def run(step: Callable[[], Any]) -> int | str | None:
    """Run a part of the program, print any error, and return the exit status."""
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
        return fail("a path or a pattern has too many nested folders", 1)
    except OSError as error:
        return fail(str(error), 1)
    return 0


def fail(message: str, status: int) -> int:
    """Print an error message and return the exit status."""
    from seqgen.cli.terminal import flags, strip_controls

    message = flags(strip_controls(message))  # it may name a file with escape sequences
    typer.echo(f"{typer.style('error:', fg='red', bold=True)} {message}", err=True)
    return status


class StandardOutput(io.FileIO):
    """Standard output that raises `OutputError` if it cannot be written.

    A broken pipe stays a BrokenPipeError, since it is no failure: ``seqgen sample x | head``.
    """

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(f"cannot write to standard output: {error.strerror}") from error


def open_closed_streams() -> None:
    """Replace standard streams that the shell closed (``>&-``) by streams that always fail.

    Otherwise the next opened file would get their number, and output would be lost silently.
    """
    for number, mode in enumerate((os.O_WRONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)  # takes the lowest free number
    sys.stdin = sys.stdin or io.TextIOWrapper(io.FileIO(0, "rb", closefd=False))
    sys.stdout = sys.stdout or io.TextIOWrapper(io.FileIO(1, "wb", closefd=False))


def name_stdout_in_errors() -> None:
    """Replace ``sys.stdout`` by `StandardOutput` if it is a file, a pipe or a terminal."""
    stdout = sys.stdout
    if not isinstance(stdout, io.TextIOWrapper):
        return
    # As for standard error: a file's name may have bytes that are not UTF-8.
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
    """Discard unwritable output, so that Python does not report it again at exit."""
    try:
        sys.stdout.flush()
    except (OSError, OutputError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
