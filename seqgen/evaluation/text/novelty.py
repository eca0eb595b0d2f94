"""How much of generated text is new, and what it copies verbatim from the training text."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np

from seqgen.evaluation.text.substring_match import Matches, longest_matches

# Lengths of the substrings that are looked up: from half a word to most of a line.
RUNS = (4, 8, 16, 24, 32)
# Most characters of context on either side of a copy.
CONTEXT_LENGTH = 60


@dataclass(frozen=True)
class CopiedText:
    """A substring of a text that occurs in the training text.

    Attributes:
        text: Index of the text.
        begin: Index of its first character in the text.
        copied: The substring.
        start: Index of its first character in the training text.
        document: Number of the document there, from 1.
        line: Number of the line in that document, from 1.
        before: Text before it on the same line there, up to `CONTEXT_LENGTH` characters.
        after: The same after it.
    """

    text: int
    begin: int
    copied: str
    start: int
    document: int
    line: int
    before: str
    after: str

    @property
    def last_line(self) -> int:
        """Number of the line of the training text in which it ends, from 1."""
        return self.line + self.copied[:-1].count("\n")


def find_matches(texts: Sequence[str], training: str) -> list[Matches]:
    """Find the longest substrings of each text that occur in the training text."""
    joined = longest_matches("".join(texts), training)
    ends = [*accumulate(map(len, texts), initial=0)]
    return [
        Matches(
            # No match extends into the next text.
            np.minimum(joined.lengths[begin:end], end - np.arange(begin, end)),
            joined.starts[begin:end],
        )
        for begin, end in pairwise(ends)
    ]


def novelty(matches: Sequence[Matches], n: int) -> float | None:
    """Return the share of all substrings of ``n`` characters that the training text lacks.

    None without substrings of that length.
    """
    lengths = [each.lengths[: max(0, len(each.lengths) - n + 1)] for each in matches]
    runs = np.concatenate([np.zeros(0, np.int64), *lengths])
    return float(np.mean(runs < n)) if len(runs) else None


def copied_spans(text: str, matches: Matches, min_length: int) -> list[tuple[int, int]]:
    """Return begin and end of the parts of a text that matches of at least a length cover.

    Overlapping matches are one part, and consecutive blanks count as one character.
    """
    size = len(text)
    begins = np.flatnonzero(_collapsed_lengths(text, matches) >= min_length)
    edges = np.zeros(size + 1, np.int64)
    np.add.at(edges, begins, 1)
    np.add.at(edges, begins + matches.lengths[begins], -1)
    covered = np.concatenate([[False], np.cumsum(edges[:size]) > 0, [False]])
    changes = np.flatnonzero(covered[1:] != covered[:-1]).tolist()
    return list(zip(changes[::2], changes[1::2], strict=True))


def longest_copy(
    texts: Sequence[str], matches: Sequence[Matches], training: str
) -> CopiedText | None:
    """Return the longest match of any text, None without matches.

    The training text has a NUL between documents.
    """
    sizes = [_collapsed_lengths(text, each) for text, each in zip(texts, matches, strict=True)]
    largest = [int(each.max(initial=0)) for each in sizes]
    if not any(largest):
        return None
    number = largest.index(max(largest))
    begin = int(sizes[number].argmax())
    length = int(matches[number].lengths[begin])
    start = int(matches[number].starts[begin])
    end = start + length
    documents = training.count("\0", 0, start)
    document_start = training.rfind("\0", 0, start) + 1
    before = training[max(document_start, start - CONTEXT_LENGTH) : start]
    after = training[end : end + CONTEXT_LENGTH].partition("\0")[0]
    return CopiedText(
        text=number,
        begin=begin,
        copied=training[start:end],
        start=start,
        document=documents + 1,
        line=training.count("\n", document_start, start) + 1,
        before=before.rpartition("\n")[2],
        # A copy that ends with a line break leaves nothing of its line.
        after="" if training[end - 1] == "\n" else after.partition("\n")[0],
    )


def _collapsed_lengths(text: str, matches: Matches) -> np.ndarray:
    """Length of the match at each position with consecutive blanks as one character, int64 [N].

    Otherwise indentation and empty lines would be the longest copies.
    """
    blank = np.array([character.isspace() for character in text], bool)
    counts = ~blank
    counts[1:] |= ~blank[:-1]
    total = np.concatenate([[0], np.cumsum(counts)])
    positions = np.arange(len(text))
    return total[positions + matches.lengths] - total[positions]
