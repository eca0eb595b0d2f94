"""What a text has word for word from another: how far from each place on it stands there."""

from dataclasses import dataclass

import numpy as np

# Characters of the source that are sorted at once; each takes some 120 bytes meanwhile.
AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Matches:
    """For every place of a text, the longest run from it on that a source holds.

    lengths: characters of that run, int64 [N].
    places: where one like it begins in the source, int64 [N]; -1 where it is empty.
    """

    lengths: np.ndarray
    places: np.ndarray


def longest_matches(text: str, source: str) -> Matches:
    """Look for every part of a text in a source. Exact, of whatever characters the two are.

    Sorts the suffixes of both together by prefix doubling (Manber and Myers 1993). What a suffix of
    the text has in common with one of the source is longest with the nearest before or after it.
    """
    found = Matches(np.zeros(len(text), np.int64), np.full(len(text), -1))
    part = max(AT_ONCE, len(text))
    for begin in range(0, len(source) if text else 0, part):
        # A run that goes on into the next part is at most as long as the text.
        match_in(text, source[begin : begin + part + len(text)], begin, found)
    return found


def match_in(text: str, source: str, begin: int, found: Matches) -> None:
    """Put into ``found`` what is longer in this part of the source, which begins at ``begin``."""
    levels = classes(codes(source), codes(text))
    order = np.argsort(levels[-1], kind="stable")
    in_source = order < len(source)
    slots = np.arange(len(order))
    before = np.maximum.accumulate(np.where(in_source, slots, -1))
    after = np.minimum.accumulate(np.where(in_source, slots, len(order))[::-1])[::-1]
    ours = order > len(source)
    mine = order[ours]
    for nearest, there_is in (
        (before[ours], before[ours] >= 0),
        (after[ours], after[ours] < len(order)),
    ):
        here, there = mine[there_is], order[nearest[there_is]]
        lengths, places = common(levels, here, there), here - len(source) - 1
        longer = lengths > found.lengths[places]
        found.lengths[places[longer]] = lengths[longer]
        found.places[places[longer]] = there[longer] + begin


def codes(text: str) -> np.ndarray:
    """The characters as numbers from 2 on, int64 [N]."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.int64) + 2


def classes(source: np.ndarray, text: np.ndarray) -> list[np.ndarray]:
    """Of source, a mark and text, one after the other, the runs of 1, 2, 4, … characters.

    Returns for each such length the rank of the run from each place on among the different ones,
    int32 [N]; up to the first length of which no run is in both. What ends early comes first.
    """
    mark = len(source)
    laid = np.concatenate([source, [1], text])
    levels: list[np.ndarray] = []
    length = 1
    while True:
        runs, ranks = np.unique(laid, return_inverse=True)
        levels.append(ranks.astype(np.int32))
        in_source, in_text = np.zeros((2, len(runs)), bool)
        in_source[ranks[:mark]] = True
        in_text[ranks[mark + 1 :]] = True
        if not (in_source & in_text).any():
            return levels
        follows = np.zeros(len(ranks), np.int64)
        follows[:-length] = ranks[length:] + 1
        laid = ranks * (len(runs) + 1) + follows
        length *= 2


def common(levels: list[np.ndarray], here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """How many characters are the same from two places on, int64 [N].

    levels: as `classes` returns them. here, there: different places, none in both.
    """
    lengths = np.zeros(len(here), np.int64)
    last = len(levels[0]) - 1
    for level in reversed(range(len(levels))):
        ranks = levels[level]
        a, b = here + lengths, there + lengths
        same = (a <= last) & (ranks[np.minimum(a, last)] == ranks[np.minimum(b, last)])
        lengths[same] += 1 << level
    return lengths
