"""Longest common substrings of a text and a source, at every position of the text."""

from dataclasses import dataclass

import numpy as np

# Characters of the source that are sorted at once, in about 120 bytes each.
CHUNK = 2_000_000


@dataclass(frozen=True)
class Matches:
    """For every position of a text, the longest substring from it on that occurs in a source.

    Attributes:
        lengths: Number of characters, int64 [N].
        starts: Where it begins in the source, int64 [N]; -1 if it is empty.
    """

    lengths: np.ndarray
    starts: np.ndarray


def longest_matches(text: str, source: str) -> Matches:
    """Find every substring of a text in a source, exactly.

    The suffixes of both are sorted together by prefix doubling (Manber and Myers 1993). A suffix of
    the text has the longest common prefix with the nearest suffix of the source before or after it.
    """
    matches = Matches(np.zeros(len(text), np.int64), np.full(len(text), -1))
    part = max(CHUNK, len(text))
    for begin in range(0, len(source) if text else 0, part):
        # A match that extends into the next chunk is at most as long as the text.
        _match_chunk(text, source[begin : begin + part + len(text)], begin, matches)
    return matches


def _match_chunk(text: str, source: str, begin: int, matches: Matches) -> None:
    """Store the longer matches in this chunk of the source, which begins at ``begin``."""
    levels = _prefix_ranks(_codes(source), _codes(text))
    order = np.argsort(levels[-1], kind="stable")
    in_source = order < len(source)
    slots = np.arange(len(order))
    before = np.maximum.accumulate(np.where(in_source, slots, -1))
    after = np.minimum.accumulate(np.where(in_source, slots, len(order))[::-1])[::-1]
    in_text = order > len(source)
    suffixes = order[in_text]
    for nearest, exists in (
        (before[in_text], before[in_text] >= 0),
        (after[in_text], after[in_text] < len(order)),
    ):
        own, other = suffixes[exists], order[nearest[exists]]
        lengths, positions = _common_prefix(levels, own, other), own - len(source) - 1
        longer = lengths > matches.lengths[positions]
        matches.lengths[positions[longer]] = lengths[longer]
        matches.starts[positions[longer]] = other[longer] + begin


def _codes(text: str) -> np.ndarray:
    """Characters as integers from 2 on, int64 [N]."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.int64) + 2


def _prefix_ranks(source: np.ndarray, text: np.ndarray) -> list[np.ndarray]:
    """Rank the substrings of 1, 2, 4, … characters of source, a separator and text.

    Returns:
        For each length the rank of the substring at each position among the distinct ones, int32
        [N], up to the first length without a substring in both. Truncated ones sort first.
    """
    separator = len(source)
    keys = np.concatenate([source, [1], text])
    levels: list[np.ndarray] = []
    length = 1
    while True:
        distinct, ranks = np.unique(keys, return_inverse=True)
        levels.append(ranks.astype(np.int32))
        in_source, in_text = np.zeros((2, len(distinct)), bool)
        in_source[ranks[:separator]] = True
        in_text[ranks[separator + 1 :]] = True
        if not (in_source & in_text).any():
            return levels
        follows = np.zeros(len(ranks), np.int64)
        follows[:-length] = ranks[length:] + 1
        keys = ranks * (len(distinct) + 1) + follows
        length *= 2


def _common_prefix(levels: list[np.ndarray], first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the lengths of the common prefixes of pairs of suffixes, int64 [N]."""
    lengths = np.zeros(len(first), np.int64)
    last = len(levels[0]) - 1
    for level in reversed(range(len(levels))):
        ranks = levels[level]
        a, b = first + lengths, second + lengths
        same = (a <= last) & (ranks[np.minimum(a, last)] == ranks[np.minimum(b, last)])
        lengths[same] += 1 << level
    return lengths
