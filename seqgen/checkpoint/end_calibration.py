"""By how much a network is wrong about where documents end, stored beside its weights."""

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
    """What is added to the logit of the end of a document, by its length until there.

    lengths: in tokens, ascending; each begins a new range.
    biases: one for what is shorter than the first length, and one for each range.
    """

    lengths: tuple[int, ...]
    biases: tuple[float, ...]


def save(path: Path, ends: EndCalibration | None) -> None:
    """Write it into a checkpoint; None removes that of an earlier end of the run.

    Raises CheckpointError if that fails.
    """
    if ends is not None:
        write_json(path / layout.ENDS, asdict(ends))
        return
    try:
        (path / layout.ENDS).unlink(missing_ok=True)
    except OSError as error:
        raise CheckpointError(f"cannot clear {path}: {error.strerror or error}") from error


def read(path: Path) -> EndCalibration | None:
    """What `save` wrote; None if nothing. Raises CheckpointError for anything else."""
    where = path / layout.ENDS
    if not where.exists():
        return None
    found: EndCalibration = parse_dataclass(EndCalibration, read_json(where)[0], str(where), "")
    ascending = list(found.lengths) == sorted(set(found.lengths))
    small = all(math.isfinite(bias) and abs(bias) <= MAX_BIAS for bias in found.biases)
    fitting = len(found.biases) == len(found.lengths) + 1 <= MAX_RANGES
    if not (ascending and small and fitting):
        raise CheckpointError(f"{where} was changed; restore it, or delete it")
    return found
