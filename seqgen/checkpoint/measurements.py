"""What was measured of a checkpoint after training: ``export.json`` and ``evaluation.json``."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seqgen.checkpoint import layout
from seqgen.checkpoint.config import parse_dataclass
from seqgen.io.atomic import read_json


@dataclass(frozen=True)
class ExportInfo:
    """How an exported copy was made and measured, the content of ``export.json``.

    Attributes:
        half: Whether the weights are float16.
        halving: Increase of the validation loss by float16 weights, nats per token.
        validation: Validation loss by precision, nats per token.
        excerpt: Loss on a few fixed lines by precision, nats per token; it can be verified without
            the corpus.
        commands: Commands that make the checkpoint.
    """

    half: bool
    halving: float | None = None
    validation: dict[str, float] = field(default_factory=dict)
    excerpt: dict[str, float] = field(default_factory=dict)
    commands: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table of formatted values; the first cell of a row is its name."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Evaluation:
    """Results of ``seqgen evaluate``, the content of ``evaluation.json``.

    Attributes:
        command: The command that computed them.
        tables: The results.
    """

    command: str
    tables: tuple[Table, ...]


def read_export(path: Path) -> ExportInfo | None:
    """Read the ``export.json`` of a checkpoint; None if it has none. Raises CheckpointError."""
    return _read(ExportInfo, path / layout.EXPORT)


def read_evaluation(path: Path) -> Evaluation | None:
    """Read the ``evaluation.json`` of a checkpoint; None if it has none. Raises CheckpointError."""
    return _read(Evaluation, path / layout.EVALUATION)


def _read(cls: type, path: Path) -> Any:
    return parse_dataclass(cls, read_json(path)[0], str(path), "") if path.exists() else None
