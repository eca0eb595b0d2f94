"""The loss of a checkpoint on texts that it did not learn from, as its copies remember it."""

from collections.abc import Sequence

import numpy as np

from seqgen.checkpoint import layout
from seqgen.checkpoint.measurements import ExportInfo
from seqgen.checkpoint.read import Checkpoint
from seqgen.config.options import FLOAT32, PRECISIONS
from seqgen.data.token_files import VALIDATION, open_ids
from seqgen.data.tokenizers.base import END
from seqgen.errors import CheckpointError
from seqgen.generation.engine import Engine
from seqgen.generation.scoring import mean_loss
from seqgen.tasks import TASKS

# As many as the end of a run measures, at most.
MOST_TOKENS = 1_000_000


def held_back(checkpoint: Checkpoint) -> np.ndarray | None:
    """The tokens of its run's validation part, [N] or [N, 1 + F]; None if they are not there.

    Raises CheckpointError if they are damaged.
    """
    path, config = checkpoint.path / layout.RESUME / VALIDATION, checkpoint.config
    if not path.is_file():
        return None
    try:
        return open_ids(path, config.vocab, config.places)[:MOST_TOKENS]
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: the tokens cannot be read: {error}") from error


def documents(excerpt: str, kind: str) -> list[str]:
    """The documents of an excerpt: of tunes, in normal form, each ends before an empty line."""
    return excerpt.rstrip("\n").split("\n\n") if kind == "tunes" else [excerpt]


def rows_of(checkpoint: Checkpoint, documents: Sequence[str]) -> np.ndarray:
    """The tokens of texts, or of tunes in normal form, as the network reads them.

    Raises TokenError if it lacks some of their characters.
    """
    config = checkpoint.config
    encode = TASKS.load(config.task).encode
    return np.concatenate(
        [rows for rows, _ in encode(documents, checkpoint.tokenizer, config.places)]
    )


def loss(checkpoint: Checkpoint, rows: np.ndarray, precision: str) -> float:
    """Nats a token."""
    boundary = END if checkpoint.config.corpus.documents > 1 else None
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
    rows = held_back(original)
    validation = losses(copy, rows)
    halving = None
    if half and rows is not None:
        halving = validation[FLOAT32] - loss(original, rows, FLOAT32)
    fixed = losses(copy, rows_of(copy, excerpt)) if excerpt else {}
    return ExportInfo(half, halving, validation, fixed, commands)
