"""The little Markdown that a model card is made of."""

from collections.abc import Iterable, Sequence


def table(rows: Iterable[Sequence[str]], columns: Sequence[str] = ("", "")) -> str:
    """A table; every row has a word for each column."""
    return "\n".join((line(columns), "|" + "---|" * len(columns), *map(line, rows)))


def line(words: Sequence[str]) -> str:
    return f"| {' | '.join(map(escaped, words))} |" if any(words) else "|" + " |" * len(words)


def escaped(value: str) -> str:
    """A value that comes from outside, kept from ending its cell of the table."""
    return " ".join(value.replace("|", "\\|").split())


def code(lines: Sequence[str]) -> str:
    return "\n".join(("```", *lines, "```"))
