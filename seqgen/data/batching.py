"""Windows over a token stream, for truncated backpropagation through time."""

import mmap
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

# Share of the windows that a stream begins without its state.
FORGET_SHARE = 0.02


class Augmentation(Protocol):
    """Makes the tokens of a stream others in each epoch."""

    def changed(self, epoch: int, places: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """What stands at some places of the stream in an epoch, of the shape of ``rows``.

        places: ints of any shape. rows: the tokens there, with numbers beside them if it has any.
        """
        ...


@dataclass(frozen=True)
class TBPTTBatches:
    """The token stream cut into parallel streams, and these into windows that follow one another.

    The state is carried from window to window, gradients stop at its edge (Williams and Peng 1990).

    tokens: the whole stream, [N]; usually a memory-mapped file.
    batch_size: B, streams read side by side.
    seq_length: T, steps of a window; their mean if it is random.
    seed: each epoch begins at another place, so that the windows' edges fall elsewhere; the stream
        is read as a ring.
    change: what becomes of the tokens in each epoch; None where they stay as they are.
    random: whether each window has a length of its own, such that it ends after any step with the
        same chance. A gradient that comes to a step from the next, which it does where no window
        ends between them, is multiplied by `flow`: on average it is then the one that no window
        cuts (Tallec and Ollivier 2017, "Unbiasing truncated backpropagation through time").
    """

    tokens: np.ndarray
    batch_size: int
    seq_length: int
    seed: int
    change: Augmentation | None = None
    random: bool = False

    @property
    def steps(self) -> int:
        """Windows in an epoch."""
        return len(self.tokens) // self.batch_size // self.seq_length

    def read(self, epoch: int, step: int) -> np.ndarray:
        """Inputs and targets of one window: ids [T + 1, B], where row t + 1 is the target of row t.

        Window ``step`` of an epoch goes on where the one before it ended.
        """
        begin, end = self._edges(epoch, step)
        start = np.random.default_rng((self.seed, epoch)).integers(len(self.tokens))
        lanes_B = start + np.arange(self.batch_size) * (len(self.tokens) // self.batch_size)
        rows_T = np.arange(begin, end + 1)
        places_TB = (rows_T[:, None] + lanes_B) % len(self.tokens)
        ids_TB = self.tokens[places_TB].astype(np.int32)
        release_pages(self.tokens)
        return self.change.changed(epoch, places_TB, ids_TB) if self.change else ids_TB

    def _edges(self, epoch: int, step: int) -> tuple[int, int]:
        """Where in its stream a window begins and ends."""
        if not self.random:
            return step * self.seq_length, (step + 1) * self.seq_length
        ends = _random_ends(self.seed, epoch, self.seq_length, self.steps)
        return (int(ends[step - 1]) if step else 0), int(ends[step])

    def forgets(self, epoch: int, step: int) -> np.ndarray:
        """Which streams begin this window without their state, bool [B].

        Generation begins without one. A network that has hardly ever read so writes noise there
        for hundreds of characters, even when its loss is good.
        """
        chance = np.random.default_rng((self.seed, epoch, step)).random(self.batch_size)
        return chance < FORGET_SHARE


def gradient_scale(window: int) -> float:
    """By how much a gradient grows from one step to the one before, for windows of random lengths.

    window: their mean.
    """
    return window / (window - 1) if window > 1 else 1.0


@lru_cache(maxsize=1)
def _random_ends(seed: int, epoch: int, window: int, count: int) -> np.ndarray:
    """Where the random windows of an epoch end: their lengths are geometric, of the given mean."""
    lengths = np.random.default_rng((seed, epoch, count)).geometric(1 / window, count)
    return np.cumsum(lengths)


@dataclass(frozen=True)
class EvalBatches:
    """A part to be measured, cut so that many streams can read it and each token counts once.

    tokens: [N]; the first is context only. streams: B. window: T.
    warm: tokens before a stream's own share that it reads without counting them, so that its state
        is no colder than that of a single reader.
    """

    tokens: np.ndarray
    streams: int
    window: int
    warm: int = 128

    @property
    def share(self) -> int:
        """Tokens that each stream counts, at most."""
        return -(-(len(self.tokens) - 1) // self.streams)

    @property
    def steps(self) -> int:
        """Windows until every token has been read."""
        return -(-(self.warm + self.share) // self.window)

    def read(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Ids [T + 1, B] of one window, and 1.0 where a target counts, float32 [T, B]."""
        own_B = np.arange(self.streams) * self.share
        rows_T = step * self.window + np.arange(self.window + 1) - self.warm
        places = rows_T[:, None] + own_B
        targets = places[1:]
        counted = (rows_T[1:, None] >= 1) & (rows_T[1:, None] <= self.share)
        counted = counted & (targets < len(self.tokens))
        ids = self.tokens[np.clip(places, 0, len(self.tokens) - 1)].astype(np.int32)
        release_pages(self.tokens)
        return ids, counted.astype(np.float32)


def release_pages(tokens: np.ndarray) -> None:
    """Give back the memory into which a mapped file was read; what is needed is read again.

    Without it a process that trains on 1 GB of text holds all of that after one epoch.
    """
    mapped: Any = tokens.base
    if isinstance(mapped, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
