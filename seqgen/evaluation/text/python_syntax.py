"""Count the top-level blocks of generated Python programs that parse."""

import ast
import re
import warnings
from collections.abc import Iterable, Sequence

_QUOTES = re.compile("\"\"\"|'''")
# Lines in the first column that continue the block before them.
_CONTINUATION = re.compile(r"[)\]}]|(?:else|elif|except|finally)\b")


def is_python(sources: Sequence[str]) -> bool:
    """Return whether all sources of a corpus are Python programs, by their names."""
    return bool(sources) and all(s == "python" or s.endswith(".py") for s in sources)


def parsing_blocks(texts: Iterable[str]) -> tuple[int, int]:
    """Count the top-level blocks that parse, and all of them.

    A block begins at each line without indentation, unless the line is in a triple-quoted string,
    closes a bracket, continues a statement (else, except) or follows a decorator. The last block of
    a text may be truncated and counts only if a blank line follows. Indented lines before the first
    block and blocks of comments alone do not count.
    """
    counts = [
        count for text in texts for block in blocks(text) if (count := _statements(block)) != 0
    ]
    return sum(count is not None for count in counts), len(counts)


def blocks(text: str) -> list[str]:
    """Split a program into its complete top-level blocks."""
    groups: list[list[str]] = []
    quote = ""
    decorated = False
    for line in text.split("\n"):
        first_column = bool(line) and not line[0].isspace() and not quote
        if first_column and not _CONTINUATION.match(line):
            if not decorated:
                groups.append([])
            decorated = line.startswith("@")
        if groups:  # earlier lines belong to a truncated block
            groups[-1].append(line)
            for sign in _QUOTES.findall(line):
                quote = sign if not quote else "" if sign == quote else quote
    complete = groups if text.endswith("\n\n") and not quote else groups[:-1]
    return ["\n".join(lines) for lines in complete]


def _statements(block: str) -> int | None:
    """Number of statements of a block; None if it does not parse."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes and odd comparisons are valid Python
        try:
            return len(ast.parse(block).body)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
