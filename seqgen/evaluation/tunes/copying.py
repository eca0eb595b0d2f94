"""What tunes share with a book, in whatever key: runs of notes that stand in it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqgen.evaluation.tunes.features import Melody


@dataclass(frozen=True)
class Runs:
    """For every note of some tunes, how long a run from it on stands in a book.

    A note is known by its interval from the one before and by its length, so that the first of a
    tune, which has none before it, is left out. The notes of all tunes lie one after the other.

    longest: notes of that run, int64 [N].
    left: notes from this one to the end of its tune, itself among them, int64 [N].
    source: number of a tune of the book that has the run, -1 where it is empty, int64 [N].
    owner: number of the tune that the note belongs to, int64 [N].
    tunes: how many tunes there are.
    """

    longest: np.ndarray
    left: np.ndarray
    source: np.ndarray
    owner: np.ndarray
    tunes: int

    def shared(self, notes: int) -> float:
        """Share of the runs of so many notes that stand in the book; 0 if there are none."""
        runs = self.left >= notes
        return float(np.mean(self.longest[runs] >= notes)) if runs.any() else 0.0

    def copied(self) -> np.ndarray:
        """Notes of the longest run of each tune that stands in the book, int64 [tunes]."""
        longest = np.zeros(self.tunes, np.int64)
        np.maximum.at(longest, self.owner, self.longest)
        return longest

    def worst(self) -> "CopiedRun":
        """The longest run of all."""
        if not self.longest.any():
            return CopiedRun(-1, -1, 0)
        place = int(self.longest.argmax())
        return CopiedRun(int(self.owner[place]), int(self.source[place]), int(self.longest[place]))


@dataclass(frozen=True)
class CopiedRun:
    """A run of notes that a tune has from a book.

    tune, source: places of the tune in its set and of the book's tune; -1 if there is no run.
    """

    tune: int
    source: int
    notes: int


def shared_runs(tunes: Sequence[Melody], book: Sequence[Melody]) -> Runs:
    """Look for every run of every tune in a book.

    Runs are grown a note at a time: each step gives a number to every run of one note more that
    begins in the tunes or in the book, and goes on only where both have it, so that few are left
    soon.
    """
    notes_N, owner_N, end_N = laid_out([*tunes, *book])
    count = int(np.searchsorted(owner_N, len(tunes)))  # notes of the tunes; then come the book's
    kinds, notes_N = np.unique(notes_N, return_inverse=True)
    longest, source = np.zeros(count, np.int64), np.full(count, -1)
    runs, places = notes_N, np.arange(len(notes_N))
    length = 0
    while True:
        mine = places < count
        _, runs = np.unique(runs, return_inverse=True)
        in_tunes, in_book = np.zeros((2, len(runs)), bool)
        in_tunes[runs[mine]] = True
        in_book[runs[~mine]] = True
        kept = (in_tunes & in_book)[runs]
        runs, places, mine = runs[kept], places[kept], mine[kept]
        if not len(places):
            left = end_N[:count] - np.arange(count)
            return Runs(longest, left, source, owner_N[:count], len(tunes))
        length += 1
        found_in = np.zeros(int(runs.max()) + 1, np.int64)
        found_in[runs[~mine]] = owner_N[places[~mine]] - len(tunes)
        longest[places[mine]] = length
        source[places[mine]] = found_in[runs[mine]]
        goes_on = places + length < end_N[places]
        runs, places = runs[goes_on], places[goes_on]
        runs = runs * len(kinds) + notes_N[places + length]


def laid_out(tunes: Sequence[Melody]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The notes of tunes one after the other.

    Returns what each is, as one number; the number of its tune; and where the tune ends; all are
    int64 [N].
    """
    # An interval is at most 127 semitones up or down.
    notes = [256 * tune.ticks[1:] + tune.intervals + 128 for tune in tunes]
    sizes = np.array([len(each) for each in notes], np.int64)
    return (
        np.concatenate([np.zeros(0, np.int64), *notes]),
        np.repeat(np.arange(len(tunes)), sizes),
        np.repeat(np.cumsum(sizes), sizes),
    )
