"""Whether a network ends documents where they end, and what corrects it.

To end songs after six to twelve lines a network has to count lines, which takes it far longer to
learn than to write lines. Until then it ends each song after any line, with the same chance. So
its probability of an end is calibrated (as in Platt 1999, "Probabilistic outputs for support vector
machines", by the bias alone) for each range of lengths, on documents that it did not learn from. A
network that can count is right already, and the biases are about 0.
"""

from itertools import pairwise

import numpy as np

from seqgen.checkpoint.end_calibration import EndCalibration
from seqgen.data.tokenizers.base import END
from seqgen.generation.engine import Engine

LEAST_DOCUMENTS = 30  # with fewer, the network is taken at its word
MOST_DOCUMENTS = 1000
MOST_TOKENS = 200_000
A_RANGE = 10  # documents that end in a range of lengths
MOST_RANGES = 40
STREAMS = 64

# Standard deviation of a bias before anything is known of it.
SPREAD = 3.0
LIMIT = 10.0
# At least, of what is longer than every document.
BEYOND = 3.0


def calibrate(engine: Engine, tokens: np.ndarray) -> EndCalibration | None:
    """The biases of the end of a document, or None where there are too few documents.

    tokens: ids [N] that the network did not learn from, each document led by END.
    """
    documents = some_documents(tokens)
    if len(documents) < LEAST_DOCUMENTS:
        return None
    lengths = np.array([len(document) - 1 for document in documents])
    odds = [each for batch in batches(documents) for each in log_odds(engine, batch)]
    at = np.concatenate([np.arange(len(each)) for each in odds])
    ended = np.concatenate([np.arange(len(each)) == len(each) - 1 for each in odds])
    every = np.concatenate(odds)
    edges = ranges(lengths)
    which = np.searchsorted(edges, at, side="right")
    biases = [bias(every[which == n], int(ended[which == n].sum())) for n in range(len(edges))]
    biases.append(max(biases[-1], BEYOND))
    return EndCalibration(tuple(map(int, edges)), tuple(round(each, 3) for each in biases))


def some_documents(tokens: np.ndarray) -> list[np.ndarray]:
    """The first documents of a part, each with its END before it, as long as they are not many."""
    head = np.asarray(tokens[: MOST_TOKENS + 1])
    starts = np.flatnonzero(head == END)[: MOST_DOCUMENTS + 1]
    documents = [head[begin:end] for begin, end in pairwise(starts.tolist())]
    if len(starts) and len(starts) <= MOST_DOCUMENTS and len(head) == len(tokens):
        documents.append(head[starts[-1] :])
    return documents


def batches(documents: list[np.ndarray]) -> list[list[np.ndarray]]:
    """Documents to read side by side, of about the same length."""
    ordered = sorted(documents, key=len)
    return [ordered[begin : begin + STREAMS] for begin in range(0, len(ordered), STREAMS)]


def log_odds(engine: Engine, documents: list[np.ndarray]) -> list[np.ndarray]:
    """For each document the log-odds of an end after each of its tokens, its own END first."""
    streams = engine.streams(engine.start(len(documents)))
    longest = max(map(len, documents))
    ids_TB = np.zeros((longest, len(documents)), np.int64)
    for stream, document in enumerate(documents):
        ids_TB[: len(document), stream] = document
    found_TB = np.empty((longest, len(documents)))
    for ids_B, found_B in zip(ids_TB, found_TB, strict=True):
        logits_BV = streams.step(ids_B).astype(np.float64)
        others_BV = np.delete(logits_BV, END, axis=1)
        peak_B = others_BV.max(axis=1)
        mass_B = np.exp(others_BV - peak_B[:, None]).sum(axis=1)
        found_B[:] = logits_BV[:, END] - peak_B - np.log(mass_B)
    return [found_TB[: len(document), stream] for stream, document in enumerate(documents)]


def ranges(lengths: np.ndarray) -> np.ndarray:
    """Lengths at which ranges begin: the shortest, quantiles, and beyond the longest."""
    count = min(MOST_RANGES, max(1, len(lengths) // A_RANGE))
    quantiles = np.quantile(lengths, np.linspace(0, 1, count + 1)[:-1], method="lower")
    return np.unique(np.append(quantiles, lengths.max() + 1)).astype(np.int64)


def bias(log_odds: np.ndarray, ends: int) -> float:
    """What to add to log-odds so that as many ends are expected as there were.

    With a normal prior, so that it is finite, and small where little is known. By bisection.
    """
    low, high = -LIMIT, LIMIT
    for _ in range(50):
        middle = (low + high) / 2
        expected = (1 / (1 + np.exp(-np.clip(log_odds + middle, -500, 500)))).sum()
        if expected + middle / SPREAD**2 > ends:
            high = middle
        else:
            low = middle
    return float((low + high) / 2)
