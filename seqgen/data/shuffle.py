"""The documents of the training part in a random order, so that each window holds a mixture.

A list is often sorted, and a network that reads all names with A, then all with B, forgets those
with A. The order is the same for all runs, and kept in the file of tokens.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from seqgen.data.batching import release_pages
from seqgen.data.tokenizers.base import END

SEED = 0
TOKENS = 1 << 22  # that are moved at a time


def document_starts(ids: np.ndarray) -> np.ndarray:
    """Where documents begin, int64 [D]. ids: [N], each document led by END."""
    starts = []
    for begin in range(0, len(ids), TOKENS):
        starts.append(begin + np.flatnonzero(ids[begin : begin + TOKENS] == END))
        release_pages(ids)
    return np.concatenate(starts) if starts else np.zeros(0, np.int64)


def shuffled(ids: np.ndarray) -> Iterator[np.ndarray]:
    """The same documents in another order, some at a time. ids: [N], each document led by END."""
    starts = document_starts(ids)
    lengths = np.diff(starts, append=len(ids))
    order = np.random.default_rng(SEED).permutation(len(starts))
    ends = np.cumsum(lengths[order])
    begin = done = 0
    while begin < len(order):
        # As many as have so many tokens together; a longer one goes alone.
        end = max(begin + 1, int(np.searchsorted(ends, done + TOKENS, side="right")))
        yield ids[places(starts[order[begin:end]], lengths[order[begin:end]])]
        release_pages(ids)
        begin, done = end, int(ends[end - 1])


def places(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The places of all tokens of some documents, one document after the other, int64 [N]."""
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(lengths.sum())


def shuffle_file(path: Path, ids: np.ndarray) -> None:
    """Put the documents of a file of tokens into another order. ids: what the file holds."""
    beside = path.with_suffix(".shuffled")
    with open(beside, "wb") as file:
        for part in shuffled(ids):
            file.write(part.tobytes())
    os.replace(beside, path)
