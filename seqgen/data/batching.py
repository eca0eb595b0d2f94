"""Batches of a token stream, for truncated backpropagation through time and for evaluation."""

import mmap
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

# Share of the windows at whose beginning a stream is reset to its initial state.
RESET_SHARE = 0.02


@dataclass(frozen=True)
class Batch:
    """One step of training or evaluation.

    Attributes:
        inputs: Token ids int32 [T, B], or [T, B, 1 + F] with input features.
        targets: The token after each input, int32 [T, B].
        weights: Weight of each target in the loss, float32 [T, B]; None weighs all alike.
        reset: Which streams begin from the initial state, bool [B]; others carry their state.
        source: What the initial state depends on, for models with an encoder; else None.
    """

    inputs: np.ndarray
    targets: np.ndarray
    weights: np.ndarray | None
    reset: np.ndarray
    source: Any = None

    @property
    def tokens(self) -> int:
        """Number of targets, T x B."""
        return int(self.targets.size)


@dataclass(frozen=True)
class WeightedBatch(Batch):
    """A batch in which each target has a weight."""

    weights: np.ndarray


class Batches(Protocol):
    """A data set as batches, which are read in order: a batch continues the one before it."""

    @property
    def steps(self) -> int:
        """Number of batches in an epoch."""
        ...

    def read(self, epoch: int, step: int) -> Batch:
        """Return batch ``step`` of an epoch, both counted from 0."""
        ...


class Augmentation(Protocol):
    """Changes the tokens of a stream in each epoch."""

    def apply(self, epoch: int, positions: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return what replaces rows of the stream in an epoch.

        Args:
            epoch: Counted from 0.
            positions: Indices into the stream, int of any shape.
            rows: The tokens there, with their input features if there are any.
        """
        ...


@dataclass(frozen=True)
class TBPTTBatches:
    """A token stream cut into parallel streams, and these into consecutive windows.

    The state is carried from window to window; gradients stop at their edges (truncated
    backpropagation through time, Williams and Peng 1990).

    With ``random``, each window has its own length: it ends after any step with the same
    probability. A gradient that passes from a step to the one before, within a window, is
    multiplied by `gradient_scale`, which makes it unbiased (Tallec and Ollivier 2017, "Unbiasing
    truncated backpropagation through time").

    Attributes:
        tokens: The whole stream, [N] or [N, 1 + F]; usually memory-mapped.
        batch_size: Number of parallel streams, B.
        seq_length: Steps of a window, T; their mean if ``random``.
        seed: Each epoch begins at another position of the stream, which is read as a ring, so that
            the edges of windows fall elsewhere.
        augmentation: Changes the tokens in each epoch, if given.
        random: Whether windows have random lengths.
    """

    tokens: np.ndarray
    batch_size: int
    seq_length: int
    seed: int
    augmentation: Augmentation | None = None
    random: bool = False

    @property
    def steps(self) -> int:
        """Number of windows in an epoch."""
        return len(self.tokens) // self.batch_size // self.seq_length

    def read(self, epoch: int, step: int) -> Batch:
        """Return window ``step`` of an epoch, which continues the one before it."""
        begin, end = self._edges(epoch, step)
        start = np.random.default_rng((self.seed, epoch)).integers(len(self.tokens))
        streams_B = start + np.arange(self.batch_size) * (len(self.tokens) // self.batch_size)
        positions_TB = (np.arange(begin, end + 1)[:, None] + streams_B) % len(self.tokens)
        rows = self.tokens[positions_TB].astype(np.int32)
        release_pages(self.tokens)
        if self.augmentation:
            rows = self.augmentation.apply(epoch, positions_TB, rows)
        return Batch(rows[:-1], _targets(rows), None, self.reset_mask(epoch, step))

    def _edges(self, epoch: int, step: int) -> tuple[int, int]:
        """Return where in its stream a window begins and ends."""
        if not self.random:
            return step * self.seq_length, (step + 1) * self.seq_length
        ends = _random_ends(self.seed, epoch, self.seq_length, self.steps)
        return (int(ends[step - 1]) if step else 0), int(ends[step])

    def reset_mask(self, epoch: int, step: int) -> np.ndarray:
        """Return which streams begin a window from the initial state, bool [B].

        Generation begins from it. A model that has hardly ever seen it in training generates noise
        there for hundreds of characters, even if its loss is good.
        """
        draws_B = np.random.default_rng((self.seed, epoch, step)).random(self.batch_size)
        return draws_B < RESET_SHARE


def _targets(rows: np.ndarray) -> np.ndarray:
    """Return the token ids after the first row. rows: [T + 1, B] or [T + 1, B, 1 + F]."""
    return rows[1:] if rows.ndim == 2 else rows[1:, :, 0]


def gradient_scale(seq_length: int) -> float:
    """Return the factor of a gradient from a step to the one before, for windows of random lengths.

    Args:
        seq_length: Mean length of the windows.
    """
    return seq_length / (seq_length - 1) if seq_length > 1 else 1.0


@lru_cache(maxsize=1)
def _random_ends(seed: int, epoch: int, seq_length: int, count: int) -> np.ndarray:
    """Return the ends of an epoch's random windows, whose lengths are geometric."""
    lengths = np.random.default_rng((seed, epoch, count)).geometric(1 / seq_length, count)
    return np.cumsum(lengths)


@dataclass(frozen=True)
class EvalBatches:
    """A token stream cut so that parallel streams count each token once.

    Attributes:
        tokens: [N] or [N, 1 + F]; the first is context only.
        batch_size: Number of parallel streams, B.
        seq_length: Steps of a batch, T.
        burn_in: Tokens that a stream reads before its share, with weight 0, so that its state
            resembles the one of a single reader.
    """

    tokens: np.ndarray
    batch_size: int
    seq_length: int
    burn_in: int = 128

    @property
    def share(self) -> int:
        """Largest number of tokens that a stream counts."""
        return -(-(len(self.tokens) - 1) // self.batch_size)

    @property
    def steps(self) -> int:
        """Number of batches until every token has been read."""
        return -(-(self.burn_in + self.share) // self.seq_length)

    def read(self, epoch: int, step: int) -> WeightedBatch:
        """Return batch ``step``; all epochs are alike."""
        begins_B = np.arange(self.batch_size) * self.share
        rows_T = step * self.seq_length + np.arange(self.seq_length + 1) - self.burn_in
        positions = rows_T[:, None] + begins_B
        counted = (rows_T[1:, None] >= 1) & (rows_T[1:, None] <= self.share)
        counted = counted & (positions[1:] < len(self.tokens))
        rows = self.tokens[np.clip(positions, 0, len(self.tokens) - 1)].astype(np.int32)
        release_pages(self.tokens)
        reset = np.full(self.batch_size, step == 0)
        return WeightedBatch(rows[:-1], _targets(rows), counted.astype(np.float32), reset)


def release_pages(tokens: np.ndarray) -> None:
    """Release the memory of a mapped file; it is read again when needed.

    Without this, a process that trains on 1 GB of text holds all of it after one epoch.
    """
    mapped: Any = tokens.base
    if isinstance(mapped, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
