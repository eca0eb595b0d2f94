"""Samples that repeat themselves: found while they are written, and kept from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from seqgen.generation.constraint import masked

LEAST = 40  # characters of a passage that counts as repeated
MOST = 4096  # characters of the longest passage that is looked for
TIMES = 3
# Characters between two looks: so many that a look costs nothing beside the network.
EVERY = 128
# The same where the third time is to be avoided: fewer, since the second must be seen before.
EVERY_TO_AVOID = 12
# Places of the latest characters that are tried as the beginning of a passage.
MOST_TRIED = 32
# Characters before the end of the third time that are masked already: a token may end within a
# character, which comes with the next one.
MARGIN = 2


@dataclass(frozen=True)
class Loop:
    """A sample that ended because it repeated itself.

    sample: its index. passage: what it repeated `TIMES` times in a row.
    """

    sample: int
    passage: str


class LoopWatch:
    """The end of one sample's text, and whether it repeats itself.

    period: characters of the passage that stands at the end twice or more; 0 where none does.
    run: characters at the end that repeat with this period, the first time included.
    """

    def __init__(self, every: int = EVERY) -> None:
        """every: characters between two looks for a passage."""
        self.period = 0
        self.run = 0
        self._every = every
        self._text = ""
        self._new: list[str] = []
        self._left = every  # characters until the next look

    @property
    def looping(self) -> bool:
        """Whether the passage stands at the end `TIMES` times."""
        return self.period > 0 and self.run >= TIMES * self.period

    @property
    def passage(self) -> str:
        """What stands at the end twice or more, and would come next; "" where nothing does."""
        return self._text[len(self._text) - self.period :]

    def push(self, text: str) -> None:
        """Text was added to the sample."""
        self._new.append(text)
        self._left -= len(text)
        if self._left <= 0 or self.period:
            self._look()

    def _look(self) -> None:
        new = "".join(self._new)
        self._new.clear()
        text = self._text + new
        if self.period and new == text[len(text) - len(new) - self.period : -self.period]:
            self.run += len(new)
        else:
            self.period = self.run = 0
        if self._left <= 0:
            self._left = self._every
            if not self.period:
                self.period = period_of(text)
                self.run = run_of(text, self.period)
        room = (TIMES + 1) * MOST
        self._text = text[-room:] if len(text) > 2 * room else text


def period_of(text: str) -> int:
    """The length of a passage of `LEAST` to `MOST` characters that ends a text twice, or 0.

    It is a multiple of the shortest passage where that has fewer characters.
    """
    latest = text[-LEAST:]
    first, end = max(0, len(text) - MOST - LEAST), len(text) - 1
    for _ in range(MOST_TRIED if len(latest) == LEAST else 0):
        # Where the latest characters stand before tells how long the passage may be.
        start = text.rfind(latest, first, end)
        if start < 0:
            break
        shift = len(text) - LEAST - start
        period = shift * -(-LEAST // shift)
        if text[-period:] == text[-2 * period : -period]:
            return period
        end = start + LEAST - 1
    return 0


def run_of(text: str, period: int) -> int:
    """How many characters at the end of a text repeat with a period, the first time included."""
    run = period
    while period and run < len(text) and text[-run - 1] == text[-run - 1 + period]:
        run += 1
    return run


class AvoidLoops:
    """Keeps samples from repeating a passage for the third time.

    The tokens that would end the third time are masked.
    """

    def __init__(self, watches: Mapping[int, LoopWatch], contents: Sequence[str | bytes]) -> None:
        """watches: by the number of their stream. contents: as `Tokenizer.contents`."""
        self._watches = watches
        self._pieces = contents
        self._lengths_V = np.array([characters(piece) for piece in contents])

    def mask(self, streams: Sequence[int], logits_BV: np.ndarray) -> np.ndarray:
        allowed_BV: np.ndarray | None = None
        for row, stream in enumerate(streams):
            watch = self._watches[stream]
            if not watch.period:
                continue
            ids = continuing(self._pieces, TIMES * watch.passage)
            ids = ids[self._lengths_V[ids] + watch.run + MARGIN >= TIMES * watch.period]
            rest_V = logits_BV[row].copy()
            rest_V[ids] = -np.inf
            if len(ids) and np.isfinite(rest_V).any():
                if allowed_BV is None:
                    allowed_BV = np.ones(logits_BV.shape, bool)
                allowed_BV[row, ids] = False
        return logits_BV if allowed_BV is None else masked(logits_BV, allowed_BV)

    def took(self, streams: Sequence[int], ids_B: np.ndarray) -> None:
        pass


def characters(piece: str | bytes) -> int:
    """How many characters begin in a piece of text or of UTF-8."""
    return len(piece) if isinstance(piece, str) else sum(byte & 0xC0 != 0x80 for byte in piece)


def continuing(pieces: Sequence[str | bytes], text: str) -> np.ndarray:
    """The tokens that a text begins with."""
    data = text.encode("utf-8", "surrogatepass")
    found = [
        id
        for id, piece in enumerate(pieces)
        if piece and (text.startswith(piece) if isinstance(piece, str) else data.startswith(piece))
    ]
    return np.array(found, np.int64)
