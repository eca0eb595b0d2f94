"""Text of others on a terminal, which it must not drive."""

import sys

import typer

# What a terminal takes for commands, each as the picture that Unicode has of it; of the upper ones
# (ISO 6429's C1) there are no pictures. A tab and a line's end are harmless.
PICTURES = {
    **{code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n"},
    0x7F: 0x2421,
    **dict.fromkeys(range(0x80, 0xA0), 0xFFFD),
}


def escape_controls(text: str) -> str:
    """The text with a picture in the place of each control character."""
    return text.translate(PICTURES)


def strip_controls(text: str) -> str:
    """The text with a space in the place of what cannot be printed, as for a line of a table."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)


def tell(text: str) -> None:
    """Say something on standard error; it may name files and texts of others."""
    typer.echo(strip_controls(text), err=True)


def write(text: str) -> None:
    """Write to standard output: as it is into a file or a pipe, harmless on a terminal."""
    sys.stdout.write(escape_controls(text) if sys.stdout.isatty() else text)
