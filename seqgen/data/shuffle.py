"""Shuffle the documents of the training part, since lists are often sorted.

The order is the same for all runs, and stored in the file of tokens.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from seqgen.data.batching import release_pages
from seqgen.data.tokenizers.base import END

SEED = 0
TOKENS = 1 << 22  # moved at a time


def document_starts(ids: np.ndarray) -> np.ndarray:
    """Return the indices of the D documents in ids [N], each preceded by END; int64 [D]."""
    starts = []
    for begin in range(0, len(ids), TOKENS):
        starts.append(begin + np.flatnonzero(ids[begin : begin + TOKENS] == END))
        release_pages(ids)
    return np.concatenate(starts) if starts else np.zeros(0, np.int64)


def shuffle(ids: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the documents of ids [N], each preceded by END, in another order, some at a time."""
    starts = document_starts(ids)
    lengths = np.diff(starts, append=len(ids))
    order = np.random.default_rng(SEED).permutation(len(starts))
    ends = np.cumsum(lengths[order])
    begin = done = 0
    while begin < len(order):
        # Up to `TOKENS` tokens; a longer document alone.
        end = max(begin + 1, int(np.searchsorted(ends, done + TOKENS, side="right")))
        yield ids[_token_indices(starts[order[begin:end]], lengths[order[begin:end]])]
        release_pages(ids)
        begin, done = end, int(ends[end - 1])


def _token_indices(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the indices of all tokens of some documents in order, int64 [N]."""
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(lengths.sum())


def shuffle_file(path: Path, ids: np.ndarray) -> None:
    """Shuffle the documents of a file of token ids."""
    temporary = path.with_suffix(".shuffled")
    with open(temporary, "wb") as file:
        for part in shuffle(ids):
            file.write(part.tobytes())
    os.replace(temporary, path)
