"""Correction of the probability that a document ends, ``ends.json``."""

import math
from dataclasses import asdict, dataclass
from pathlib import Path

from seqgen.checkpoint import layout
from seqgen.checkpoint.config import parse_dataclass
from seqgen.errors import CheckpointError
from seqgen.io.atomic import read_json, write_json

MAX_RANGES = 100
MAX_BIAS = 20.0


@dataclass(frozen=True)
class EndCalibration:
    """Values to add to the logit of the end of a document, by the length of the document so far.

    Attributes:
        lengths: Lengths in tokens at which a new range begins, ascending.
        biases: One value for documents shorter than the first length, and one per range.
    """

    lengths: tuple[int, ...]
    biases: tuple[float, ...]


def save(path: Path, ends: EndCalibration | None) -> None:
    """Write the calibration, or remove an earlier one if there is none. Raises CheckpointError."""
    if ends is not None:
        write_json(path / layout.ENDS, asdict(ends))
        return
    try:
        (path / layout.ENDS).unlink(missing_ok=True)
    except OSError as error:
        raise CheckpointError(f"cannot clear {path}: {error.strerror or error}") from error


def read(path: Path) -> EndCalibration | None:
    """Read the calibration of a checkpoint; None if it has none. Raises CheckpointError."""
    where = path / layout.ENDS
    if not where.exists():
        return None
    ends: EndCalibration = parse_dataclass(EndCalibration, read_json(where)[0], str(where), "")
    ascending = list(ends.lengths) == sorted(set(ends.lengths))
    small = all(math.isfinite(bias) and abs(bias) <= MAX_BIAS for bias in ends.biases)
    fitting = len(ends.biases) == len(ends.lengths) + 1 <= MAX_RANGES
    if not (ascending and small and fitting):
        raise CheckpointError(f"{where} is damaged; restore it or delete it")
    return ends
