"""How much of what was written is new, and what stands in the training text word for word."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np

from seqgen.evaluation.text.substring_match import Matches, longest_matches

# Characters of the runs that are looked for: half a word to most of a line.
RUNS = (4, 8, 16, 24, 32)
# Characters around a copy, where its lines are longer than that.
AROUND = 60


@dataclass(frozen=True)
class Copy:
    """A stretch of a text that stands in the training text.

    text: number of the text, from 0. begin: where in it, in characters from 0.
    copied: the stretch itself.
    place: where it begins in the training text, in characters from 0.
    document, line: the same for people, each from 1; the line in its document.
    before, after: what stands around it there, to the ends of its lines, where these are not long.
    """

    text: int
    begin: int
    copied: str
    place: int
    document: int
    line: int
    before: str
    after: str

    @property
    def last_line(self) -> int:
        """The line of the training text in which it ends, from 1."""
        return self.line + self.copied[:-1].count("\n")


def matches(texts: Sequence[str], training: str) -> list[Matches]:
    """For each text, the longest runs that the training text holds; none goes on into the next."""
    found = longest_matches("".join(texts), training)
    ends = [*accumulate(map(len, texts), initial=0)]
    return [
        Matches(
            np.minimum(found.lengths[begin:end], end - np.arange(begin, end)),
            found.places[begin:end],
        )
        for begin, end in pairwise(ends)
    ]


def novelty(found: Sequence[Matches], n: int) -> float | None:
    """Share of the runs of n characters that the training text lacks; None if there is none.

    found: what `matches` returned for some texts. A run counts as often as it was written.
    """
    lengths = [each.lengths[: max(0, len(each.lengths) - n + 1)] for each in found]
    runs = np.concatenate([np.zeros(0, np.int64), *lengths])
    return float(np.mean(runs < n)) if len(runs) else None


def solid(text: str, found: Matches) -> np.ndarray:
    """How much each place has copied from itself on: characters, blanks in a row being one.

    Indentation and empty lines would be the longest copies of all. int64 [N].
    """
    blank = np.array([character.isspace() for character in text], bool)
    counts = ~blank
    counts[1:] |= ~blank[:-1]
    total = np.concatenate([[0], np.cumsum(counts)])
    places = np.arange(len(text))
    return total[places + found.lengths] - total[places]


def copied(text: str, found: Matches, least: int) -> list[tuple[int, int]]:
    """The stretches of a text, begin and end, that copies of so many characters or more cover.

    Copies that overlap are one stretch, though it may be from several places. Blanks in a row count
    as one character.
    """
    size = len(text)
    begins = np.flatnonzero(solid(text, found) >= least)
    edges = np.zeros(size + 1, np.int64)
    np.add.at(edges, begins, 1)
    np.add.at(edges, begins + found.lengths[begins], -1)
    covered = np.concatenate([[False], np.cumsum(edges[:size]) > 0, [False]])
    changes = np.flatnonzero(covered[1:] != covered[:-1]).tolist()
    return list(zip(changes[::2], changes[1::2], strict=True))


def longest_copy(texts: Sequence[str], found: Sequence[Matches], training: str) -> Copy | None:
    """The longest stretch of any text that the training text holds; None if there is none.

    found: what `matches` returned for the texts. In the training text, a NUL stands between two
        documents. Of what is longest, blanks in a row count as one character.
    """
    sizes = [solid(text, each) for text, each in zip(texts, found, strict=True)]
    largest = [int(each.max(initial=0)) for each in sizes]
    if not any(largest):
        return None
    number = largest.index(max(largest))
    begin = int(sizes[number].argmax())
    length = int(found[number].lengths[begin])
    place = int(found[number].places[begin])
    end = place + length
    documents = training.count("\0", 0, place)
    document_begins = training.rfind("\0", 0, place) + 1
    before = training[max(document_begins, place - AROUND) : place]
    after = training[end : end + AROUND].partition("\0")[0]
    return Copy(
        text=number,
        begin=begin,
        copied=training[place:end],
        place=place,
        document=documents + 1,
        line=training.count("\n", document_begins, place) + 1,
        before=before.rpartition("\n")[2],
        # A copy may end with the end of its line, of which then nothing is left.
        after="" if training[end - 1] == "\n" else after.partition("\n")[0],
    )
