"""A count of n-grams as a language model: what a network has to beat."""

from dataclasses import dataclass
from typing import Self

import numpy as np

# Where the counts of counts are too few to tell, as in KenLM.
FALLBACK = np.array([0.0, 0.5, 1.0, 1.5])
LONGEST = 8


@dataclass(frozen=True)
class Order:
    """The n-grams of one length that were seen, and how much each context gives away.

    grams: sorted; number of the context (its place in the order below) times the vocabulary, plus
        the token: int64 [G].
    share: of each n-gram in its context, after the discount, float32 [G].
    rest: probability that each context leaves to the order below, float32 [contexts]; 1 where
        nothing followed.
    """

    grams: np.ndarray
    share: np.ndarray
    rest: np.ndarray

    def find(self, keys: np.ndarray) -> np.ndarray:
        """The number of each n-gram, -1 if it was not seen; int64 [N]."""
        places = np.minimum(np.searchsorted(self.grams, keys), len(self.grams) - 1)
        return np.where(self.grams[places] == keys, places, -1)


@dataclass(frozen=True)
class NGram:
    """An n-gram model with interpolated, modified Kneser-Ney smoothing.

    Chen and Goodman 1999 ("An empirical study of smoothing techniques for language modeling",
    Computer Speech and Language 13), section 3: an n-gram's count loses a
    discount that depends on whether it is one, two or more; what is gained goes to the order below,
    whose count of an n-gram is how many different tokens stand before it. Below single tokens all
    are equally likely.

    vocab: tokens have ids below it. boundary: the token that leads each document, or None.
    orders: of single tokens, of pairs, and so on.
    """

    vocab: int
    boundary: int | None
    orders: tuple[Order, ...]

    @classmethod
    def count(cls, tokens: np.ndarray, n: int, vocab: int, boundary: int | None = None) -> Self:
        """Learn from tokens: the last of what `each` returns, and as it takes them."""
        return cls.each(tokens, n, vocab, boundary)[-1]

    @classmethod
    def each(
        cls, tokens: np.ndarray, longest: int, vocab: int, boundary: int | None = None
    ) -> list[Self]:
        """The models of 1, 2, … and ``longest`` tokens; they share what they have in common.

        tokens: ids [N], at least two; the first is context only.
        longest: tokens of the longest n-gram, 1 to 8.
        boundary: what stands before it is no context of what comes after it.
        Needs up to 150 bytes a token.
        """
        if not 1 <= longest <= LONGEST:
            raise ValueError(f"n is {longest}, and must be 1 to {LONGEST}")
        padded, counted = padding(tokens, longest, boundary)
        models: list[Self] = []
        lower: list[Order] = []
        below, shorter, contexts = np.zeros(1, np.int64), np.zeros(len(padded), np.int64), 1
        for order in range(longest):
            grams, places = np.unique(extend(shorter, padded, vocab, order), return_inverse=True)
            counts = np.bincount(places[counted], minlength=len(grams))
            if order:
                # Any place where an n-gram ends tells its end, the n-gram that is shorter by one.
                end = np.zeros(len(grams), np.int64)
                end[places] = shorter
                before = np.bincount(end[counts > 0], minlength=len(below))
                lower.append(smoothed(below, before, contexts, vocab))
                contexts = len(below)
            models.append(cls(vocab, boundary, (*lower, smoothed(grams, counts, contexts, vocab))))
            below, shorter = grams, places
        return models

    def surprisal(self, tokens: np.ndarray) -> np.ndarray:
        """Negative log-probability of each token after the first, in nats, float64 [N - 1]."""
        padded, counted = padding(tokens, len(self.orders), self.boundary)
        likely = np.full(len(padded), 1 / self.vocab)
        context = np.zeros(len(padded), np.int64)
        for level in self.orders:
            known = context >= 0
            keys = np.where(known, context * self.vocab + padded, -1)
            found = level.find(keys)
            share = np.where(found >= 0, level.share[found], 0.0)
            rest = np.where(known, level.rest[context], 1.0)
            likely = share + rest * likely
            # What ends at the place before is the context of the next order.
            context = np.concatenate([[-1], found[:-1]])
        return -np.log(likely[counted])

    def loss(self, tokens: np.ndarray) -> float:
        """The mean negative log-likelihood of a token after those before it, in nats."""
        return float(self.surprisal(tokens).mean())


def padding(tokens: np.ndarray, n: int, boundary: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Tokens with the first and each boundary repeated to fill a context, and which of them count.

    A token counts once, the first not at all.
    """
    times = np.ones(len(tokens), np.int64)
    if boundary is not None:
        times[tokens == boundary] = max(1, n - 1)
    times[0] = max(1, n - 1)
    padded = np.repeat(tokens.astype(np.int64), times)
    counted = np.zeros(len(padded), bool)
    counted[(np.cumsum(times) - times)[1:]] = True
    return padded, counted


def extend(ids: np.ndarray, tokens: np.ndarray, vocab: int, order: int) -> np.ndarray:
    """The n-gram that ends at each place: that of one token less before it, and the token.

    The first places have none and go round to the end of the tokens; none of them counts.
    """
    return np.roll(ids, 1) * vocab + tokens if order else tokens


def smoothed(grams: np.ndarray, counts: np.ndarray, contexts: int, vocab: int) -> Order:
    """What the counts of an order say, with their discounts taken off."""
    discount = discounts(counts)[np.minimum(counts, 3)]
    context = grams // vocab
    total = np.bincount(context, counts, minlength=contexts)
    taken = np.bincount(context, discount, minlength=contexts)
    seen = np.maximum(total, 1)
    share = (counts - discount) / seen[context]
    return Order(
        grams, share.astype(np.float32), np.where(total, taken / seen, 1).astype(np.float32)
    )


def discounts(counts: np.ndarray) -> np.ndarray:
    """What is taken off a count of 0, 1, 2 and 3 or more, float64 [4]."""
    n1, n2, n3, n4 = (float((counts == times).sum()) for times in (1, 2, 3, 4))
    if not min(n1, n2, n3, n4):
        return FALLBACK
    y = n1 / (n1 + 2 * n2)
    found = np.array([0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3])
    return found if (found >= 0).all() and (found <= np.arange(4)).all() else FALLBACK
