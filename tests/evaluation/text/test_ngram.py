import math
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqgen.evaluation.text.ngram import FALLBACK, NGram, discounts

VOCAB = 5
texts = st.lists(st.integers(0, VOCAB - 1), min_size=2, max_size=60).map(
    lambda ids: np.array(ids, np.uint8)
)


def grams_of(tokens, n, boundary):
    """Yield each token after its n - 1 predecessors within the document."""
    before = (int(tokens[0]),) * (n - 1)
    for token in map(int, tokens[1:]):
        yield (*before, token)
        before = (*before, token)[1:]
        if token == boundary:
            before = (boundary,) * (n - 1)


def reference_surprisal(training, tokens, n, boundary):
    """Nats of each token, directly from the equations."""
    counts = {n: Counter(grams_of(training, n, boundary))}
    for order in range(n - 1, 0, -1):
        before = defaultdict(set)
        for gram in counts[order + 1]:
            before[gram[1:]].add(gram[0])
        counts[order] = Counter({gram: len(tokens) for gram, tokens in before.items()})
    discounts_by_order = {
        order: discounts(np.array(list(counts[order].values()))) for order in counts
    }

    def probability(gram):
        if not gram:
            return 1 / VOCAB
        table, cuts = counts[len(gram)], discounts_by_order[len(gram)]
        following = {other: count for other, count in table.items() if other[:-1] == gram[:-1]}
        total = sum(following.values())
        if not total:
            return probability(gram[1:])
        rest = sum(cuts[min(count, 3)] for count in following.values()) / total
        gram_count = table[gram]
        return (gram_count - cuts[min(gram_count, 3)]) / total + rest * probability(gram[1:])

    return [-math.log(probability(gram)) for gram in grams_of(tokens, n, boundary)]


@settings(deadline=None)
@given(texts, texts, st.integers(1, 5), st.sampled_from([None, 0]))
def test_equals_the_model_of_chen_and_goodman(training, tokens, n, boundary):
    model = NGram.count(training, n, VOCAB, boundary)
    expected = reference_surprisal(training, tokens, n, boundary)
    np.testing.assert_allclose(model.surprisal(tokens), expected, atol=1e-6)
    assert model.loss(tokens) == pytest.approx(np.mean(expected), abs=1e-6)


@pytest.mark.parametrize("n", [1, 2, 6, 8])
def test_probabilities_sum_to_one(n):
    tokens = np.random.default_rng(1).integers(0, VOCAB, 3000)
    model = NGram.count(tokens, n, VOCAB, boundary=0)
    for before in (tokens[:10], tokens[-7:], np.array([0, 4, 4, 4, 4, 4, 4, 4, 4])):
        mass = sum(math.exp(-model.surprisal(np.append(before, id))[-1]) for id in range(VOCAB))
        assert mass == pytest.approx(1, abs=1e-5)


def test_repetitions_within_n_tokens_are_learned():
    tokens = np.tile([1, 1, 1, 2], 500)
    losses = [NGram.count(tokens, n, VOCAB).loss(tokens) for n in (1, 2, 3, 4)]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.01 < 0.3 < losses[-2]


def test_documents_are_independent():
    one, two = [0, 1, 2, 3], [0, 4, 4, 1]
    model = NGram.count(np.array(one + two + one), 4, VOCAB, boundary=0)
    together = model.surprisal(np.array(one + two))
    np.testing.assert_allclose(together[4:], model.surprisal(np.array(two)))


def test_discounts_follow_from_counts_of_counts():
    counts = np.repeat([1, 2, 3, 4, 9], [40, 10, 5, 2, 1])
    y = 40 / 60
    np.testing.assert_allclose(
        discounts(counts), [0, 1 - 2 * y * 10 / 40, 2 - 3 * y * 5 / 10, 3 - 4 * y * 2 / 5]
    )
    np.testing.assert_array_equal(discounts(np.array([1, 1, 2])), FALLBACK)


def test_orders_are_one_to_eight():
    for n in (0, 9):
        with pytest.raises(ValueError, match="1 to 8"):
            NGram.count(np.array([1, 2]), n, VOCAB)


@settings(deadline=None)
@given(texts, texts, st.sampled_from([None, 0]))
def test_orders_counted_together_equal_those_counted_alone(training, tokens, boundary):
    for n, model in enumerate(NGram.count_orders(training, 5, VOCAB, boundary), 1):
        alone = reference_surprisal(training, tokens, n, boundary)
        np.testing.assert_allclose(model.surprisal(tokens), alone, atol=1e-6)
