"""What an evaluation found out about a checkpoint, kept beside it for its card."""

from dataclasses import dataclass
from pathlib import Path

from seqgen.checkpoint import layout
from seqgen.checkpoint.config import parse_dataclass
from seqgen.io.atomic import read_json


@dataclass(frozen=True)
class Table:
    """Figures as they are read: a column's name and each row as words, the first its name."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Evaluation:
    """What ``evaluation.json`` holds. command: that found it out."""

    command: str
    tables: tuple[Table, ...]


def read_evaluation(path: Path) -> Evaluation | None:
    """The evaluation in a checkpoint, if there is one. Raises CheckpointError if it is damaged."""
    where = path / layout.EVALUATION
    if not where.exists():
        return None
    return parse_dataclass(Evaluation, read_json(where)[0], str(where), "")
