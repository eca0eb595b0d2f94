"""The little Markdown that a model card is made of."""

from collections.abc import Sequence

Rows = Sequence[tuple[str, str]]


def table(rows: Rows) -> str:
    lines = ["| | |", "|---|---|", *(f"| {escaped(n)} | {escaped(value)} |" for n, value in rows)]
    return "\n".join(lines)


def escaped(value: str) -> str:
    """A value that comes from outside, kept from ending its cell of the table."""
    return " ".join(value.replace("|", "\\|").split())


def code(lines: Sequence[str]) -> str:
    return "\n".join(("```", *lines, "```"))
