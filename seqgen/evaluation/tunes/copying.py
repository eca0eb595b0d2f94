"""Runs of notes that tunes share with a tune book, in any key."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqgen.evaluation.tunes.features import Melody


@dataclass(frozen=True)
class CopiedRun:
    """A run of notes of a tune that occurs in a book.

    Attributes:
        tune: Index of the tune in its set, -1 if there is no run.
        source: Index of the tune in the book, -1 if there is no run.
        notes: Length of the run.
    """

    tune: int
    source: int
    notes: int


@dataclass(frozen=True)
class SharedRuns:
    """For every note of a set of tunes, the longest run from it on that occurs in a book.

    A note is identified by its interval from the previous one and its length, so the first note of
    a tune is left out. The notes of all tunes are concatenated.

    Attributes:
        lengths: Notes of the run, int64 [N].
        remaining: Notes from this one to the end of its tune, inclusive, int64 [N].
        source: Index of a tune of the book with the run, -1 if the run is empty, int64 [N].
        owner: Index of the tune that the note belongs to, int64 [N].
        tunes: Number of tunes.
    """

    lengths: np.ndarray
    remaining: np.ndarray
    source: np.ndarray
    owner: np.ndarray
    tunes: int

    def share(self, notes: int) -> float:
        """Return the share of the runs of ``notes`` notes that occur in the book; 0 without any."""
        candidates = self.remaining >= notes
        if not candidates.any():
            return 0.0
        return float(np.mean(self.lengths[candidates] >= notes))

    def longest_per_tune(self) -> np.ndarray:
        """Return the length of each tune's longest run, int64 [tunes]."""
        longest = np.zeros(self.tunes, np.int64)
        np.maximum.at(longest, self.owner, self.lengths)
        return longest

    def longest(self) -> CopiedRun:
        """Return the longest run of all."""
        if not self.lengths.any():
            return CopiedRun(-1, -1, 0)
        note = int(self.lengths.argmax())
        return CopiedRun(int(self.owner[note]), int(self.source[note]), int(self.lengths[note]))


def shared_runs(tunes: Sequence[Melody], book: Sequence[Melody]) -> SharedRuns:
    """Find every run of every tune that occurs in a book.

    Runs grow by one note per iteration: each run gets the rank of its contents, and only runs that
    occur on both sides are extended, so that few remain soon.
    """
    notes_N, owner_N, end_N = _concatenate([*tunes, *book])
    count = int(np.searchsorted(owner_N, len(tunes)))  # notes of the tunes; the book's follow
    kinds, notes_N = np.unique(notes_N, return_inverse=True)
    lengths, source = np.zeros(count, np.int64), np.full(count, -1)
    runs, starts = notes_N, np.arange(len(notes_N))
    length = 0
    while True:
        in_set = starts < count
        _, runs = np.unique(runs, return_inverse=True)
        in_tunes, in_book = np.zeros((2, len(runs)), bool)
        in_tunes[runs[in_set]] = True
        in_book[runs[~in_set]] = True
        shared = (in_tunes & in_book)[runs]
        runs, starts, in_set = runs[shared], starts[shared], in_set[shared]
        if not len(starts):
            remaining = end_N[:count] - np.arange(count)
            return SharedRuns(lengths, remaining, source, owner_N[:count], len(tunes))
        length += 1
        book_tune = np.zeros(int(runs.max()) + 1, np.int64)
        book_tune[runs[~in_set]] = owner_N[starts[~in_set]] - len(tunes)
        lengths[starts[in_set]] = length
        source[starts[in_set]] = book_tune[runs[in_set]]
        extends = starts + length < end_N[starts]
        runs, starts = runs[extends], starts[extends]
        runs = runs * len(kinds) + notes_N[starts + length]


def _concatenate(tunes: Sequence[Melody]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each note as one number, the index of its tune and the end of its tune, int64 [N]."""
    # An interval is at most 127 semitones up or down.
    notes = [256 * tune.ticks[1:] + tune.intervals + 128 for tune in tunes]
    sizes = np.array([len(each) for each in notes], np.int64)
    return (
        np.concatenate([np.zeros(0, np.int64), *notes]),
        np.repeat(np.arange(len(tunes)), sizes),
        np.repeat(np.cumsum(sizes), sizes),
    )
