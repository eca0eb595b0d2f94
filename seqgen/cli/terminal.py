"""Prints messages, and untrusted names and texts, which must not control the terminal."""

import re
import sys

import typer

from seqgen.io.control_characters import show_controls

QUOTES = "'\""
# An option in a message of the library: `units`, `cell='gru'`, `grammar=False`.
OPTION = re.compile(r"`([a-z][a-z0-9_]*)(?:=([^`\n]*))?`")


def strip_controls(text: str) -> str:
    """Return the text with a space in place of each character that is not printable."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)


def flags(message: str) -> str:
    """Return a message of the library with its options as flags of the command line.

    ```units``` becomes ``--units``, ```cell='gru'``` ``--cell gru``, ```novel=True``` ``--novel``
    and ```grammar=False``` ``--no-grammar`` (see `seqgen.errors`).
    """
    return OPTION.sub(_flag, message)


def _flag(match: re.Match[str]) -> str:
    name, value = match[1].replace("_", "-"), match[2]
    if value is None or value == "True":
        return f"--{name}"
    return f"--no-{name}" if value == "False" else f"--{name} {value.strip(QUOTES)}"


def print_notice(message: str) -> None:
    """Print a message on standard error; it may contain untrusted names and texts."""
    typer.echo(flags(strip_controls(message)), err=True)


def write_stdout(text: str) -> None:
    """Write to standard output: unchanged to a file or a pipe, escaped to a terminal."""
    sys.stdout.write(show_controls(text) if sys.stdout.isatty() else text)
