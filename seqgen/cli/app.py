"""The `seqgen` command: its subcommands, and how a failure is told."""

import os
import platform
import sys
from typing import Annotated

import typer

from seqgen import __version__
from seqgen.cli import checkpoints, corpora, inspect
from seqgen.cli.compare import compare
from seqgen.cli.evaluate import evaluate
from seqgen.cli.render import render
from seqgen.cli.sample import sample
from seqgen.cli.train import train
from seqgen.errors import SeqgenError

STANDS_ON = (
    "tensorflow", "keras", "onnxruntime", "onnx", "numpy", "tokenizers", "safetensors", "music21",
)  # fmt: skip

app = typer.Typer(
    help="Train recurrent networks on any text or book of tunes, and write more of the kind.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(train)
app.command()(sample)
app.command()(compare)
app.command()(evaluate)
app.command()(render)
app.add_typer(checkpoints.app, name="checkpoints")
app.add_typer(corpora.app, name="corpora")
app.add_typer(inspect.app, name="inspect")


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
    except OSError as error:
        fail(str(error), 1)
    finally:
        let_go_of_stdout()


def fail(message: str, status: int) -> None:
    """Say what went wrong in plain words, and exit."""
    from seqgen.cli.lines import cleaned

    message = cleaned(message)  # it may name a file with escape sequences in its name
    typer.echo(f"{typer.style('error:', fg='red', bold=True)} {message}", err=True)
    sys.exit(status)


def let_go_of_stdout() -> None:
    """Drop what nobody reads any more, as in ``seqgen sample x | head``, without a complaint."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
