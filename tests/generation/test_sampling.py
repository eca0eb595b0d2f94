from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.config.options import SamplingOptions
from seqgen.errors import CheckpointError
from seqgen.generation.sampling import min_p, penalize_repetition, sample_tokens, top_k, top_p

INF = float("inf")
LOGITS = np.log(np.array([[0.5, 0.3, 0.15, 0.05]], np.float32))
EVEN = (np.arange(20_000) + 0.5) / 20_000  # every part of [0, 1), so that shares come out exactly


def shares(logits_1V: np.ndarray, **options: Any) -> np.ndarray:
    """How often each token is chosen."""
    logits_BV = np.repeat(np.asarray(logits_1V, np.float32), len(EVEN), axis=0)
    ids_B = sample_tokens(logits_BV, SamplingOptions(**options), EVEN)
    return np.bincount(ids_B, minlength=logits_BV.shape[1]) / len(EVEN)


def kept(logits_BV: np.ndarray) -> list[int]:
    return np.nonzero(np.isfinite(logits_BV[0]))[0].tolist()


def test_temperature_one_follows_the_probabilities() -> None:
    np.testing.assert_allclose(shares(LOGITS, temperature=1.0), [0.5, 0.3, 0.15, 0.05], atol=1e-3)


def test_temperature_divides_the_logits() -> None:
    squared = np.array([0.25, 0.09, 0.0225, 0.0025])
    found = shares(LOGITS, temperature=0.5)
    np.testing.assert_allclose(found, squared / squared.sum(), atol=1e-3)


@pytest.mark.parametrize("temperature", [0.0, 1e-300, 1e-9])
def test_no_temperature_takes_the_likeliest(temperature: float) -> None:
    assert shares(LOGITS, temperature=temperature)[0] == 1.0


def test_much_temperature_makes_all_alike() -> None:
    np.testing.assert_allclose(shares(LOGITS * 5, temperature=100.0), [0.25] * 4, atol=0.08)


def test_top_k_keeps_the_likeliest() -> None:
    assert kept(top_k(LOGITS, 2)) == [0, 1]
    assert kept(top_k(LOGITS, 100)) == [0, 1, 2, 3]
    assert len(kept(top_k(np.zeros((1, 9), np.float32), 4))) == 4


@pytest.mark.parametrize(
    ("p", "tokens"), [(1e-9, 1), (0.5, 1), (0.51, 2), (0.8, 2), (0.81, 3), (0.96, 4), (1.0, 4)]
)
def test_top_p_keeps_the_fewest_that_reach_it(p: float, tokens: int) -> None:
    logits = np.log(np.array([[0.5, 0.3, 0.15, 0.05]]))
    logits -= logits.max()
    assert kept(top_p(logits, p - 1e-12)) == list(range(tokens))


@pytest.mark.parametrize(("p", "tokens"), [(0.0, 4), (0.09, 4), (0.11, 3), (0.5, 2), (1.0, 1)])
def test_min_p_is_relative_to_the_likeliest(p: float, tokens: int) -> None:
    assert kept(min_p(LOGITS, p)) == list(range(tokens))


def test_they_compose() -> None:
    found = shares(LOGITS, temperature=1.0, top_k=3, top_p=0.8, min_p=0.1)
    np.testing.assert_allclose(found, [0.625, 0.375, 0, 0], atol=1e-3)


def test_repetition_penalty_lowers_what_came_and_nothing_else() -> None:
    logits = np.array([[2.0, -2.0, 1.0]], np.float32)
    found = penalize_repetition(logits, 2.0, np.array([[-1, 0, 1, 1]]))
    np.testing.assert_array_equal(found, [[1.0, -4.0, 1.0]])
    np.testing.assert_array_equal(logits, [[2.0, -2.0, 1.0]])


def test_choose_penalises_each_streams_own_tokens() -> None:
    logits = np.array([[1.0, 0.9], [1.0, 0.9]], np.float32)
    options = SamplingOptions(temperature=0.0, repetition_penalty=2.0)
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
def test_what_is_forbidden_is_never_chosen(row, temperature, k, p, m, uniform) -> None:
    logits = np.array([row], np.float32)
    options = SamplingOptions(temperature=temperature, top_k=k, top_p=p, min_p=m)
    (id,) = sample_tokens(logits, options, np.array([uniform]))
    assert logits[0, id] > -INF


@pytest.mark.parametrize("row", [[float("nan"), 0.0], [-INF, -INF], [INF, 0.0]])
def test_logits_that_are_no_numbers_are_told(row: list[float]) -> None:
    with pytest.raises(CheckpointError, match="not a finite number"):
        sample_tokens(np.array([row], np.float32), SamplingOptions(temperature=1.0), np.zeros(1))
