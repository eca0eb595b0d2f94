"""N-gram language models with Kneser-Ney smoothing, the baseline of networks."""

from dataclasses import dataclass
from typing import Self

import numpy as np

# Used where too few n-grams occur 1 to 4 times, as in KenLM.
FALLBACK = np.array([0.0, 0.5, 1.0, 1.5])
MAX_N = 8


@dataclass(frozen=True)
class Order:
    """The observed n-grams of one length.

    Attributes:
        grams: Sorted keys: index of the context in the order below times the size of the
            vocabulary, plus the token, int64 [G].
        probability: Discounted probability of each n-gram given its context, float32 [G].
        backoff: Probability that each context leaves to the order below, float32 [contexts]; 1 if
            nothing followed it.
    """

    grams: np.ndarray
    probability: np.ndarray
    backoff: np.ndarray

    def find(self, keys: np.ndarray) -> np.ndarray:
        """Return the index of each n-gram, -1 if it was not observed; int64 [N]."""
        indices = np.minimum(np.searchsorted(self.grams, keys), len(self.grams) - 1)
        return np.where(self.grams[indices] == keys, indices, -1)


@dataclass(frozen=True)
class NGram:
    """An n-gram model with interpolated, modified Kneser-Ney smoothing.

    A discount that depends on whether the count of an n-gram is 1, 2 or more moves probability to
    the order below, where the count of an n-gram is the number of different tokens before it. Below
    unigrams the distribution is uniform (Chen and Goodman 1999, "An empirical study of smoothing
    techniques for language modeling", Computer Speech and Language 13, section 3).

    Attributes:
        vocab: Size of the vocabulary.
        boundary: Token that precedes each document, or None.
        orders: Unigrams, bigrams and so on.
    """

    vocab: int
    boundary: int | None
    orders: tuple[Order, ...]

    @classmethod
    def count(cls, tokens: np.ndarray, n: int, vocab: int, boundary: int | None = None) -> Self:
        """Train the model of one order; see `count_orders`."""
        return cls.count_orders(tokens, n, vocab, boundary)[-1]

    @classmethod
    def count_orders(
        cls, tokens: np.ndarray, n: int, vocab: int, boundary: int | None = None
    ) -> list[Self]:
        """Train models of the orders 1 to ``n``, which share their arrays.

        Needs up to 150 bytes per token.

        Args:
            tokens: Ids [N], at least two; the first is context only.
            n: Highest order, 1 to `MAX_N`.
            vocab: Size of the vocabulary.
            boundary: Token that no context extends across, or None.

        Raises:
            ValueError: If ``n`` is out of range.
        """
        if not 1 <= n <= MAX_N:
            raise ValueError(f"n is {n}, and must be 1 to {MAX_N}")
        padded, counted = _pad(tokens, n, boundary)
        models: list[Self] = []
        lower: list[Order] = []
        below, shorter, contexts = np.zeros(1, np.int64), np.zeros(len(padded), np.int64), 1
        for order in range(n):
            grams, indices = np.unique(_extend(shorter, padded, vocab, order), return_inverse=True)
            counts = np.bincount(indices[counted], minlength=len(grams))
            if order:
                # The suffix of an n-gram that is shorter by one, from any of its occurrences.
                suffix = np.zeros(len(grams), np.int64)
                suffix[indices] = shorter
                continuations = np.bincount(suffix[counts > 0], minlength=len(below))
                lower.append(_smooth(below, continuations, contexts, vocab))
                contexts = len(below)
            models.append(cls(vocab, boundary, (*lower, _smooth(grams, counts, contexts, vocab))))
            below, shorter = grams, indices
        return models

    def surprisal(self, tokens: np.ndarray) -> np.ndarray:
        """Return the negative log-probability of each token after the first in nats, [N - 1]."""
        padded, counted = _pad(tokens, len(self.orders), self.boundary)
        probability = np.full(len(padded), 1 / self.vocab)
        context = np.zeros(len(padded), np.int64)
        for level in self.orders:
            known = context >= 0
            keys = np.where(known, context * self.vocab + padded, -1)
            indices = level.find(keys)
            own = np.where(indices >= 0, level.probability[indices], 0.0)
            backoff = np.where(known, level.backoff[context], 1.0)
            probability = own + backoff * probability
            # The n-gram that ends one token earlier is the context of the next order.
            context = np.concatenate([[-1], indices[:-1]])
        return -np.log(probability[counted])

    def loss(self, tokens: np.ndarray) -> float:
        """Return the mean negative log-likelihood per token in nats."""
        return float(self.surprisal(tokens).mean())


def _pad(tokens: np.ndarray, n: int, boundary: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Repeat the first token and each boundary to fill a context, and return which to count."""
    times = np.ones(len(tokens), np.int64)
    if boundary is not None:
        times[tokens == boundary] = max(1, n - 1)
    times[0] = max(1, n - 1)
    padded = np.repeat(tokens.astype(np.int64), times)
    counted = np.zeros(len(padded), bool)
    counted[(np.cumsum(times) - times)[1:]] = True
    return padded, counted


def _extend(ids: np.ndarray, tokens: np.ndarray, vocab: int, order: int) -> np.ndarray:
    """Key of the n-gram that ends at each token, from the shorter one that ends before it.

    The first tokens wrap around to the last; none of them is counted.
    """
    return np.roll(ids, 1) * vocab + tokens if order else tokens


def _smooth(grams: np.ndarray, counts: np.ndarray, contexts: int, vocab: int) -> Order:
    """Discount the counts of an order."""
    discount = discounts(counts)[np.minimum(counts, 3)]
    context = grams // vocab
    total = np.bincount(context, counts, minlength=contexts)
    discounted = np.bincount(context, discount, minlength=contexts)
    scale = np.maximum(total, 1)
    probability = (counts - discount) / scale[context]
    backoff = np.where(total, discounted / scale, 1)
    return Order(grams, probability.astype(np.float32), backoff.astype(np.float32))


def discounts(counts: np.ndarray) -> np.ndarray:
    """Estimate the discounts of counts of 0, 1, 2 and 3 or more, float64 [4]."""
    n1, n2, n3, n4 = (float((counts == times).sum()) for times in (1, 2, 3, 4))
    if not min(n1, n2, n3, n4):
        return FALLBACK
    y = n1 / (n1 + 2 * n2)
    estimate = np.array([0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3])
    valid = (estimate >= 0).all() and (estimate <= np.arange(4)).all()
    return estimate if valid else FALLBACK
