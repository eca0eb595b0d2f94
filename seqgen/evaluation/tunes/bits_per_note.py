"""Bits per note of tunes held back: of a network, and of counting, which it has to beat."""

import math

import numpy as np

from seqgen.checkpoint.read import Checkpoint
from seqgen.config.options import FLOAT32, INT8
from seqgen.data.tokenizers.base import END
from seqgen.errors import CheckpointError
from seqgen.evaluation.text.ngram import NGram
from seqgen.generation.engine import Engine
from seqgen.generation.scoring import mean_loss

N = 6


def bits_per_note(
    checkpoint: Checkpoint, training: np.ndarray, held_back: np.ndarray
) -> dict[str, float]:
    """The bits of all tokens over the number of notes, in tunes that were held back.

    training, held_back: ids of the two parts of its run [N], or [N, 1 + F] with the numbers beside
        them that the network reads.
    Returns those of the network in float32 and in int8, as it writes, and of a 6-gram that counted
    the same tokens: "float32", "int8", "6-gram".
    Raises CheckpointError if the checkpoint is damaged.
    """
    config = checkpoint.config
    if config.tunes is None or not config.tunes.validation_notes:
        raise CheckpointError(f"{checkpoint.path}: no notes were held back to measure by")
    boundary = END if config.corpus.documents > 1 else None
    nats = {
        precision: mean_loss(Engine(checkpoint.graph(precision)), held_back, boundary=boundary)
        for precision in (FLOAT32, INT8)
    }
    counted = NGram.count(ids(training), N, config.vocab, boundary)
    nats[f"{N}-gram"] = counted.loss(ids(held_back))
    scale = (len(held_back) - 1) / config.tunes.validation_notes / math.log(2)
    return {name: loss * scale for name, loss in nats.items()}


def ids(rows: np.ndarray) -> np.ndarray:
    """The tokens, without the numbers beside them."""
    return np.asarray(rows if rows.ndim == 1 else rows[:, 0])
