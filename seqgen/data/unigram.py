"""The loss of a unigram model, which any network should be below."""

import math

import numpy as np

from seqgen.data.batching import release_pages
from seqgen.data.token_files import token_ids

TOKENS = 1 << 22  # counted at a time


def unigram_loss(training: np.ndarray, validation: np.ndarray, vocab: int) -> float:
    """Compute the loss of the unigram model of the training part, with add-one smoothing.

    Args:
        training: Ids [N], or [N, 1 + F] with input features.
        validation: As ``training``; the first token is context only.
        vocab: Number of tokens, V.

    Returns:
        Nats per token.
    """
    smoothed = _count(training, vocab) + 1
    targets = _count(validation[1:], vocab)
    log_probabilities = np.log(smoothed) - math.log(smoothed.sum())
    return float(-(targets @ log_probabilities) / max(1, targets.sum()))


def _count(rows: np.ndarray, vocab: int) -> np.ndarray:
    """Count the occurrences of each token, int64 [V]."""
    ids = token_ids(rows)
    total = np.zeros(vocab, np.int64)
    for begin in range(0, len(ids), TOKENS):
        total += np.bincount(ids[begin : begin + TOKENS], minlength=vocab)
        release_pages(rows)
    return total
