from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.config.resolved import SamplingSpec
from seqgen.errors import CheckpointError
from seqgen.generation.sampling import min_p, penalize_repetition, sample_tokens, top_k, top_p

INF = float("inf")
LOGITS = np.log(np.array([[0.5, 0.3, 0.15, 0.05]], np.float32))
EVEN = (np.arange(20_000) + 0.5) / 20_000  # every part of [0, 1), so that frequencies are exact


def frequencies(logits_1V: np.ndarray, **options: Any) -> np.ndarray:
    """Relative frequency of each token."""
    logits_BV = np.repeat(np.asarray(logits_1V, np.float32), len(EVEN), axis=0)
    ids_B = sample_tokens(logits_BV, SamplingSpec(**options), EVEN)
    return np.bincount(ids_B, minlength=logits_BV.shape[1]) / len(EVEN)


def remaining(logits_BV: np.ndarray) -> list[int]:
    return np.nonzero(np.isfinite(logits_BV[0]))[0].tolist()


def test_temperature_one_follows_the_probabilities() -> None:
    np.testing.assert_allclose(
        frequencies(LOGITS, temperature=1.0), [0.5, 0.3, 0.15, 0.05], atol=1e-3
    )


def test_temperature_divides_the_logits() -> None:
    squared = np.array([0.25, 0.09, 0.0225, 0.0025])
    sampled = frequencies(LOGITS, temperature=0.5)
    np.testing.assert_allclose(sampled, squared / squared.sum(), atol=1e-3)


@pytest.mark.parametrize("temperature", [0.0, 1e-300, 1e-9])
def test_zero_temperature_samples_the_most_likely_token(temperature: float) -> None:
    assert frequencies(LOGITS, temperature=temperature)[0] == 1.0


def test_high_temperature_approaches_the_uniform_distribution() -> None:
    np.testing.assert_allclose(frequencies(LOGITS * 5, temperature=100.0), [0.25] * 4, atol=0.08)


def test_top_k_keeps_the_most_likely_tokens() -> None:
    assert remaining(top_k(LOGITS, 2)) == [0, 1]
    assert remaining(top_k(LOGITS, 100)) == [0, 1, 2, 3]
    assert len(remaining(top_k(np.zeros((1, 9), np.float32), 4))) == 4


@pytest.mark.parametrize(
    ("p", "tokens"), [(1e-9, 1), (0.5, 1), (0.51, 2), (0.8, 2), (0.81, 3), (0.96, 4), (1.0, 4)]
)
def test_top_p_keeps_the_smallest_set_that_reaches_p(p: float, tokens: int) -> None:
    logits = np.log(np.array([[0.5, 0.3, 0.15, 0.05]]))
    logits -= logits.max()
    assert remaining(top_p(logits, p - 1e-12)) == list(range(tokens))


@pytest.mark.parametrize(("p", "tokens"), [(0.0, 4), (0.09, 4), (0.11, 3), (0.5, 2), (1.0, 1)])
def test_min_p_is_relative_to_the_most_likely_token(p: float, tokens: int) -> None:
    assert remaining(min_p(LOGITS, p)) == list(range(tokens))


def test_options_compose() -> None:
    sampled = frequencies(LOGITS, temperature=1.0, top_k=3, top_p=0.8, min_p=0.1)
    np.testing.assert_allclose(sampled, [0.625, 0.375, 0, 0], atol=1e-3)


def test_repetition_penalty_lowers_only_previous_tokens() -> None:
    logits = np.array([[2.0, -2.0, 1.0]], np.float32)
    penalized = penalize_repetition(logits, 2.0, np.array([[-1, 0, 1, 1]]))
    np.testing.assert_array_equal(penalized, [[1.0, -4.0, 1.0]])
    np.testing.assert_array_equal(logits, [[2.0, -2.0, 1.0]])


def test_repetition_penalty_applies_per_stream() -> None:
    logits = np.array([[1.0, 0.9], [1.0, 0.9]], np.float32)
    options = SamplingSpec(temperature=0.0, repetition_penalty=2.0)
    ids = sample_tokens(logits, options, np.zeros(2), np.array([[-1, 0], [-1, 1]]))
    assert ids.tolist() == [1, 0]


@given(
    st.lists(st.one_of(st.floats(-1e4, 1e4), st.just(-INF)), min_size=1, max_size=30).filter(
        lambda row: max(row) > -INF
    ),
    st.sampled_from([0.0, 1e-300, 1e-3, 0.8, 100.0]),
    st.one_of(st.none(), st.integers(1, 40)),
    st.one_of(st.none(), st.floats(1e-6, 1.0)),
    st.one_of(st.none(), st.floats(0.0, 1.0)),
    st.sampled_from([0.0, 0.5, 1 - 2**-53]),
)
def test_forbidden_tokens_are_never_sampled(row, temperature, k, p, m, uniform) -> None:
    logits = np.array([row], np.float32)
    options = SamplingSpec(temperature=temperature, top_k=k, top_p=p, min_p=m)
    (id,) = sample_tokens(logits, options, np.array([uniform]))
    assert logits[0, id] > -INF


@pytest.mark.parametrize("row", [[float("nan"), 0.0], [-INF, -INF], [INF, 0.0]])
def test_logits_that_are_not_finite_are_refused(row: list[float]) -> None:
    with pytest.raises(CheckpointError):
        sample_tokens(np.array([row], np.float32), SamplingSpec(temperature=1.0), np.zeros(1))
