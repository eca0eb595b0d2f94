"""Repetition loops in samples: detecting them during generation, and avoiding them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from seqgen.generation.constraint import mask_logits

MIN_PERIOD = 40  # characters
MAX_PERIOD = 4096
REPEATS = 3
# Characters between two checks, whose cost is then negligible compared with the network.
CHECK_EVERY = 128
# The same where the third repeat is avoided: fewer, since the second must be detected before it.
CHECK_EVERY_TO_AVOID = 12
# Earlier occurrences of the latest characters that are tried as the start of a passage.
MAX_ANCHORS = 32
# Characters before the end of the third repeat from which on tokens are masked: a token may end
# within a character, which the next token completes.
MARGIN = 2


@dataclass(frozen=True)
class Loop:
    """A sample that was stopped because it repeated itself.

    Attributes:
        sample: Index of the sample.
        passage: The text that it repeated `REPEATS` times in a row.
    """

    sample: int
    passage: str


class LoopDetector:
    """Detects whether the end of a sample's text repeats.

    Attributes:
        period: Length of the passage that ends the text twice or more, in characters; else 0.
        run: Number of characters at the end that have this period, including the first repeat.
    """

    def __init__(self, every: int = CHECK_EVERY) -> None:
        """Search for a passage after each ``every`` characters."""
        self.period = 0
        self.run = 0
        self._every = every
        self._text = ""
        self._new: list[str] = []
        self._until_search = every

    @property
    def looping(self) -> bool:
        """Whether the passage ends the text `REPEATS` times."""
        return self.period > 0 and self.run >= REPEATS * self.period

    @property
    def passage(self) -> str:
        """The passage that ends the text twice or more, or ""."""
        return self._text[len(self._text) - self.period :]

    def push(self, text: str) -> None:
        """Append text of the sample."""
        self._new.append(text)
        self._until_search -= len(text)
        if self._until_search <= 0 or self.period:
            self._update()

    def _update(self) -> None:
        new = "".join(self._new)
        self._new.clear()
        text = self._text + new
        if self.period and new == text[len(text) - len(new) - self.period : -self.period]:
            self.run += len(new)
        else:
            self.period = self.run = 0
        if self._until_search <= 0:
            self._until_search = self._every
            if not self.period:
                self.period = find_period(text)
                self.run = repeated_length(text, self.period)
        max_length = (REPEATS + 1) * MAX_PERIOD
        self._text = text[-max_length:] if len(text) > 2 * max_length else text


def find_period(text: str) -> int:
    """Return the length of a passage that ends a text twice, or 0.

    It is at least `MIN_PERIOD` and at most `MAX_PERIOD` characters, and a multiple of the shortest
    such passage where that has fewer than `MIN_PERIOD`.
    """
    latest = text[-MIN_PERIOD:]
    first, end = max(0, len(text) - MAX_PERIOD - MIN_PERIOD), len(text) - 1
    for _ in range(MAX_ANCHORS if len(latest) == MIN_PERIOD else 0):
        # The distance to an earlier occurrence of the latest characters is a candidate.
        start = text.rfind(latest, first, end)
        if start < 0:
            break
        shift = len(text) - MIN_PERIOD - start
        period = shift * -(-MIN_PERIOD // shift)
        if text[-period:] == text[-2 * period : -period]:
            return period
        end = start + MIN_PERIOD - 1
    return 0


def repeated_length(text: str, period: int) -> int:
    """Return how many characters at the end of a text have a period, with the first repeat."""
    run = period
    while period and run < len(text) and text[-run - 1] == text[-run - 1 + period]:
        run += 1
    return run


class AvoidLoops:
    """Constraint that masks the tokens which would complete the third repeat of a passage."""

    def __init__(
        self, detectors: Mapping[int, LoopDetector], contents: Sequence[str | bytes]
    ) -> None:
        """Begin before the first token.

        Args:
            detectors: The detector of each stream by its index.
            contents: Content of each token (`Tokenizer.contents`).
        """
        self._detectors = detectors
        self._pieces = contents
        self._lengths_V = np.array([_count_characters(piece) for piece in contents])

    def process(self, streams: Sequence[int], logits_BV: np.ndarray) -> np.ndarray:
        allowed_BV: np.ndarray | None = None
        for row, stream in enumerate(streams):
            detector = self._detectors[stream]
            if not detector.period:
                continue
            ids = prefix_tokens(self._pieces, REPEATS * detector.passage)
            ids = ids[self._lengths_V[ids] + detector.run + MARGIN >= REPEATS * detector.period]
            others_V = logits_BV[row].copy()
            others_V[ids] = -np.inf
            if len(ids) and np.isfinite(others_V).any():
                if allowed_BV is None:
                    allowed_BV = np.ones(logits_BV.shape, bool)
                allowed_BV[row, ids] = False
        return logits_BV if allowed_BV is None else mask_logits(logits_BV, allowed_BV)

    def accept(self, streams: Sequence[int], ids_B: np.ndarray) -> None:
        pass


def _count_characters(piece: str | bytes) -> int:
    """Return how many characters begin in a piece of text or of UTF-8."""
    return len(piece) if isinstance(piece, str) else sum(byte & 0xC0 != 0x80 for byte in piece)


def prefix_tokens(pieces: Sequence[str | bytes], text: str) -> np.ndarray:
    """Return the ids of the tokens that are a prefix of a text, int64."""
    data = text.encode("utf-8", "surrogatepass")
    ids = [
        id
        for id, piece in enumerate(pieces)
        if piece and (text.startswith(piece) if isinstance(piece, str) else data.startswith(piece))
    ]
    return np.array(ids, np.int64)
