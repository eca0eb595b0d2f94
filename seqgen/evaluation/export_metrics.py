"""The loss of a checkpoint on texts that it did not learn from, as its copies remember it."""

from collections.abc import Sequence

import numpy as np

from seqgen.checkpoint.measurements import ExportInfo
from seqgen.checkpoint.read import Checkpoint
from seqgen.checkpoint.run_data import stored_validation
from seqgen.config.options import FLOAT32, PRECISIONS
from seqgen.generation.engine import Engine
from seqgen.generation.scoring import mean_loss
from seqgen.tasks import TASKS

# As many as the end of a run measures, at most.
MAX_TOKENS = 1_000_000


def rows_of(checkpoint: Checkpoint, documents: Sequence[str]) -> np.ndarray:
    """The tokens of texts, or of tunes in normal form, as the network reads them.

    Raises TokenError if it lacks some of their characters.
    """
    config = checkpoint.config
    encode = TASKS.load(config.task).encode
    return np.concatenate(
        [rows for rows, _ in encode(documents, checkpoint.tokenizer, config.feature_sizes)]
    )


def loss(checkpoint: Checkpoint, rows: np.ndarray, precision: str) -> float:
    """Nats a token."""
    boundary = checkpoint.config.boundary
    return mean_loss(Engine(checkpoint.graph(precision)), rows, boundary=boundary)


def losses(checkpoint: Checkpoint, rows: np.ndarray | None) -> dict[str, float]:
    """Nats a token in each precision of the products; of no rows, none."""
    if rows is None:
        return {}
    return {precision: loss(checkpoint, rows, precision) for precision in PRECISIONS}


def measure(
    original: Checkpoint,
    copy: Checkpoint,
    *,
    half: bool,
    excerpt: Sequence[str] = (),
    commands: tuple[str, ...] = (),
) -> ExportInfo:
    """What is to be known of a copy.

    half: whether its weights are in half precision.
    excerpt: a few documents to remember the loss of; commands: that make it anew.
    """
    rows = stored_validation(original)
    if rows is not None:
        rows = rows[:MAX_TOKENS]
    validation = losses(copy, rows)
    halving = None
    if half and rows is not None:
        halving = validation[FLOAT32] - loss(original, rows, FLOAT32)
    fixed = losses(copy, rows_of(copy, excerpt)) if excerpt else {}
    return ExportInfo(half, halving, validation, fixed, commands)
