"""Bits per note of validation tunes, for a network and an n-gram baseline."""

import math

import numpy as np

from seqgen.checkpoint.read import Checkpoint
from seqgen.config.options import FLOAT32, INT8
from seqgen.data.token_files import document_texts, token_ids
from seqgen.data.tokenizers.base import END
from seqgen.errors import CheckpointError
from seqgen.evaluation.text.ngram import NGram
from seqgen.generation.engine import Engine
from seqgen.generation.scoring import mean_loss
from seqgen.music.normal.book_facts import count_notes

N = 6


def bits_per_note(
    checkpoint: Checkpoint, training: np.ndarray, validation: np.ndarray
) -> dict[str, float]:
    """Divide the bits of all tokens of the validation tunes by their number of notes.

    Args:
        checkpoint: A model of tunes.
        training: Token ids of the training tunes [T], or [T, 1 + F] with position features.
        validation: The same of the validation tunes.

    Returns:
        Bits per note by model: "float32" and "int8" for the network in that precision, "6-gram"
        for the n-gram model of the training tunes.

    Raises:
        CheckpointError: If the checkpoint is damaged or has no validation notes.
    """
    config = checkpoint.config
    # Counted here: tunes that are read again from their files may be more than those of the run.
    notes = count_notes(document_texts(validation, checkpoint.tokenizer))
    if not notes:
        raise CheckpointError(f"{checkpoint.path}: it has no validation tunes to measure")
    boundary = END if config.corpus.documents > 1 else None
    nats = {
        precision: mean_loss(Engine(checkpoint.graph(precision)), validation, boundary=boundary)
        for precision in (FLOAT32, INT8)
    }
    ngram = NGram.count(np.asarray(token_ids(training)), N, config.vocab, boundary)
    nats[f"{N}-gram"] = ngram.loss(np.asarray(token_ids(validation)))
    scale = (len(validation) - 1) / notes / math.log(2)
    return {name: loss * scale for name, loss in nats.items()}
