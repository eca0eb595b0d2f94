"""Titles of the training documents, from which new ones are proposed, ``titles.json``."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from seqgen.checkpoint import layout
from seqgen.checkpoint.config import parse_dataclass
from seqgen.errors import CheckpointError
from seqgen.io.atomic import read_json, write_json

# Limits of what is read; what tasks write is well below them.
MAX_PATTERNS, MAX_CHARACTERS = 10_000, 200


@dataclass(frozen=True)
class Titles:
    """The content of ``titles.json``.

    Attributes:
        patterns: Patterns of titles, in a form that the task knows.
    """

    patterns: tuple[str, ...]


def save(path: Path, patterns: Sequence[str]) -> None:
    """Write patterns of titles into a checkpoint, if there are any. Raises CheckpointError."""
    if patterns:
        write_json(path / layout.TITLES, asdict(Titles(tuple(patterns))))


def read(path: Path) -> tuple[str, ...]:
    """Read the patterns of a checkpoint; empty if it has none.

    Raises:
        CheckpointError: If the file is damaged or too large.
    """
    where = path / layout.TITLES
    if not where.exists():
        return ()
    titles: Titles = parse_dataclass(Titles, read_json(where)[0], str(where), "")
    lengths = [len(pattern) for pattern in titles.patterns]
    if len(lengths) > MAX_PATTERNS or max(lengths, default=0) > MAX_CHARACTERS:
        raise CheckpointError(f"{where} is damaged; restore it or delete it")
    return titles.patterns
