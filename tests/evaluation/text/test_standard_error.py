import numpy as np
import pytest

from seqgen.evaluation.text.report import Figure
from seqgen.evaluation.text.standard_error import ratio_with_error


def correlated(length: int, seed: int, memory: float = 0.95) -> np.ndarray:
    """A first-order autoregression around 2."""
    noise = np.random.default_rng(seed).standard_normal(length)
    values = np.empty(length)
    value = noise[0] / np.sqrt(1 - memory**2)
    for n, step_noise in enumerate(noise):
        value = memory * value + step_noise
        values[n] = 2 + value
    return values


def test_errors_of_correlated_means_have_normal_coverage() -> None:
    figures = [ratio_with_error(correlated(5000, seed), np.ones(5000)) for seed in range(200)]
    off = np.array([abs(figure.value - 2) / figure.error for figure in figures])
    assert 0.58 < (off < 1).mean() < 0.78
    assert 0.90 < (off < 2).mean() < 0.99
    # Errors of the means; ignoring the correlation would give a sixth.
    true = np.std([figure.value for figure in figures])
    assert np.mean([figure.error for figure in figures]) == pytest.approx(true, rel=0.2)


def test_errors_of_ratios_have_the_right_size() -> None:
    rng = np.random.default_rng(0)
    rates, errors = [], []
    for _ in range(200):
        sizes = rng.integers(1, 12, 4000)
        # Long tokens cost more in total, but less per character.
        figure = ratio_with_error(np.sqrt(sizes) + rng.standard_normal(4000), sizes)
        rates.append(figure.value)
        errors.append(figure.error)
    assert np.mean(errors) == pytest.approx(np.std(rates), rel=0.2)


def test_constant_ratios_have_zero_error() -> None:
    figure = ratio_with_error(np.full(1001, 3.0), np.full(1001, 2))
    assert figure.value == 1.5
    assert figure.error == pytest.approx(0, abs=1e-12)


def test_short_series_have_no_error() -> None:
    assert ratio_with_error(np.array([1.0, 2.0]), np.array([1, 1])) == Figure(1.5)
    assert ratio_with_error(np.arange(249.0), np.ones(249)).error is None
    assert ratio_with_error(np.arange(250.0), np.ones(250)).error
    with pytest.raises(ValueError, match="0"):
        ratio_with_error(np.array([1.0]), np.array([0]))
