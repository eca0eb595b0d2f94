"""Losses on held-out texts that an exported checkpoint stores."""

from collections.abc import Sequence

import numpy as np

from seqgen.checkpoint.measurements import ExportInfo
from seqgen.checkpoint.read import Checkpoint
from seqgen.checkpoint.run_data import stored_validation
from seqgen.config.options import FLOAT32, PRECISIONS
from seqgen.generation.engine import Engine
from seqgen.generation.scoring import mean_loss
from seqgen.tasks import TASKS

# The maximum that the end of a run evaluates.
MAX_TOKENS = 1_000_000


def rows_of(checkpoint: Checkpoint, documents: Sequence[str]) -> np.ndarray:
    """Encode texts, or tunes in normal form, as the network reads them.

    Raises TokenError if its vocabulary lacks some of their characters.
    """
    config = checkpoint.config
    encode = TASKS.load(config.task).encode
    return np.concatenate(
        [rows for rows, _ in encode(documents, checkpoint.tokenizer, config.feature_sizes)]
    )


def loss(checkpoint: Checkpoint, rows: np.ndarray, precision: str) -> float:
    """Return the loss in nats per token."""
    boundary = checkpoint.config.boundary
    return mean_loss(Engine(checkpoint.graph(precision)), rows, boundary=boundary)


def losses(checkpoint: Checkpoint, rows: np.ndarray | None) -> dict[str, float]:
    """Return the loss in nats per token by precision; empty without rows."""
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
    """Measure an exported copy.

    Args:
        original: The exported checkpoint.
        copy: Its copy.
        half: Whether the weights of the copy are in half precision.
        excerpt: A few documents whose loss is stored.
        commands: Commands that make the checkpoint.
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
