"""The least that a network has to be better than: how often each token comes."""

import math

import numpy as np

from seqgen.data.batching import release_pages

TOKENS = 1 << 22  # that are counted at a time


def unigram_loss(training: np.ndarray, validation: np.ndarray, vocab: int) -> float:
    """Nats a token of the unigram model: frequencies in the training part, one added to each.

    training, validation: ids [N], or [N, 1 + F] with numbers beside them; of the validation part
        the first is context only. vocab: how many tokens there are.
    """
    seen = counts(training, vocab) + 1
    targets = counts(validation[1:], vocab)
    log_shares = np.log(seen) - math.log(seen.sum())
    return float(-(targets @ log_shares) / max(1, targets.sum()))


def counts(rows: np.ndarray, vocab: int) -> np.ndarray:
    """How often each token comes, int64 [V]."""
    ids = rows if rows.ndim == 1 else rows[:, 0]
    total = np.zeros(vocab, np.int64)
    for begin in range(0, len(ids), TOKENS):
        total += np.bincount(ids[begin : begin + TOKENS], minlength=vocab)
        release_pages(rows)
    return total
