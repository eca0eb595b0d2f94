"""Calibrate the probability that a document ends, by its length so far.

To end songs after six to twelve lines a network has to count lines, which takes far longer to learn
than writing lines. Until then it ends a song after any line with the same probability. So a bias is
added to the logit of the end (Platt 1999, "Probabilistic outputs for support vector machines", with
the bias alone) for each range of lengths, fitted to validation documents. The biases of a network
that can count are about 0.
"""

from itertools import pairwise

import numpy as np

from seqgen.checkpoint.end_calibration import EndCalibration
from seqgen.data.tokenizers.base import END
from seqgen.generation.engine import Engine

MIN_DOCUMENTS = 30
MAX_DOCUMENTS = 1000
MAX_TOKENS = 200_000
DOCUMENTS_PER_RANGE = 10
MAX_RANGES = 40
STREAMS = 64

# Standard deviation of the normal prior of a bias.
PRIOR_SPREAD = 3.0
MAX_BIAS = 10.0
# Least bias beyond the longest document.
BEYOND = 3.0


def calibrate(engine: Engine, tokens: np.ndarray) -> EndCalibration | None:
    """Fit the biases.

    Args:
        engine: The network.
        tokens: Ids of the validation part [N], each document preceded by END.

    Returns:
        The calibration; None if there are fewer than `MIN_DOCUMENTS` documents.
    """
    documents = _first_documents(tokens)
    if len(documents) < MIN_DOCUMENTS:
        return None
    lengths = np.array([len(document) - 1 for document in documents])
    odds = [each for batch in _batches(documents) for each in log_odds(engine, batch)]
    at = np.concatenate([np.arange(len(each)) for each in odds])
    ended = np.concatenate([np.arange(len(each)) == len(each) - 1 for each in odds])
    every = np.concatenate(odds)
    edges = ranges(lengths)
    which = np.searchsorted(edges, at, side="right")
    biases = [bias(every[which == n], int(ended[which == n].sum())) for n in range(len(edges))]
    biases.append(max(biases[-1], BEYOND))
    return EndCalibration(tuple(map(int, edges)), tuple(round(each, 3) for each in biases))


def _first_documents(tokens: np.ndarray) -> list[np.ndarray]:
    """The first documents within the limits, each with the END before it."""
    head = np.asarray(tokens[: MAX_TOKENS + 1])
    starts = np.flatnonzero(head == END)[: MAX_DOCUMENTS + 1]
    documents = [head[begin:end] for begin, end in pairwise(starts.tolist())]
    if len(starts) and len(starts) <= MAX_DOCUMENTS and len(head) == len(tokens):
        documents.append(head[starts[-1] :])
    return documents


def _batches(documents: list[np.ndarray]) -> list[list[np.ndarray]]:
    """Group documents of similar length."""
    ordered = sorted(documents, key=len)
    return [ordered[begin : begin + STREAMS] for begin in range(0, len(ordered), STREAMS)]


def log_odds(engine: Engine, documents: list[np.ndarray]) -> list[np.ndarray]:
    """Compute the log-odds of an end after each token of each document, the leading END first."""
    streams = engine.streams(engine.start(len(documents)))
    longest = max(map(len, documents))
    ids_TB = np.zeros((longest, len(documents)), np.int64)
    for stream, document in enumerate(documents):
        ids_TB[: len(document), stream] = document
    odds_TB = np.empty((longest, len(documents)))
    for ids_B, odds_B in zip(ids_TB, odds_TB, strict=True):
        logits_BV = streams.step(ids_B).astype(np.float64)
        others_BV = np.delete(logits_BV, END, axis=1)
        peak_B = others_BV.max(axis=1)
        mass_B = np.exp(others_BV - peak_B[:, None]).sum(axis=1)
        odds_B[:] = logits_BV[:, END] - peak_B - np.log(mass_B)
    return [odds_TB[: len(document), stream] for stream, document in enumerate(documents)]


def ranges(lengths: np.ndarray) -> np.ndarray:
    """Choose where ranges of lengths begin: at the shortest, at quantiles, beyond the longest."""
    count = min(MAX_RANGES, max(1, len(lengths) // DOCUMENTS_PER_RANGE))
    quantiles = np.quantile(lengths, np.linspace(0, 1, count + 1)[:-1], method="lower")
    return np.unique(np.append(quantiles, lengths.max() + 1)).astype(np.int64)


def bias(log_odds: np.ndarray, ends: int) -> float:
    """Find the bias that makes the expected number of ends the observed one, by bisection.

    A normal prior keeps it finite, and small where there are few documents.

    Args:
        log_odds: Log-odds of an end at each token of the range.
        ends: Number of documents that end in the range.
    """
    low, high = -MAX_BIAS, MAX_BIAS
    for _ in range(50):
        middle = (low + high) / 2
        expected = (1 / (1 + np.exp(-np.clip(log_odds + middle, -500, 500)))).sum()
        if expected + middle / PRIOR_SPREAD**2 > ends:
            high = middle
        else:
            low = middle
    return float((low + high) / 2)
