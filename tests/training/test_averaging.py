"""Averaged weights follow their definition and continue exactly from a copy."""

import numpy as np
import pytest


@pytest.fixture
def weight(tf):
    return tf.Variable(np.zeros(3, np.float32))


def follow_steps(weight, average, steps):
    """Follow weights that equal the number of the step."""
    for step in steps:
        weight.assign(np.full(3, step, np.float32))
        average.follow()


@pytest.mark.slow
def test_a_share_of_1_is_the_mean_of_the_sampled_steps(weight):
    from seqgen.training.averaging import UPDATE_EVERY, Average

    average = Average([weight], share=1)
    follow_steps(weight, average, range(1, 10 * UPDATE_EVERY + 1))
    sampled_steps = UPDATE_EVERY * np.arange(1, 11)
    np.testing.assert_allclose(average.means[0], sampled_steps.mean(), rtol=1e-5)


@pytest.mark.slow
def test_smaller_shares_lag_less(weight):
    from seqgen.training.averaging import UPDATE_EVERY, Average

    steps = 400 * UPDATE_EVERY
    averages = [Average([weight], share) for share in (0.5, 0.2, 0.1)]
    for average in averages:
        follow_steps(weight, average, range(1, steps + 1))
    lags = [1 - float(average.means[0][0]) / steps for average in averages]
    # The weights are a power of time: for a share s, the mean lags by s / (1 + s).
    np.testing.assert_allclose(lags, [1 / 3, 1 / 6, 1 / 11], rtol=0.1)


def test_averaging_continues_exactly_from_a_copy(weight):
    from seqgen.training.averaging import Average

    average, other = Average([weight], 0.3), Average([weight], 0.3)
    follow_steps(weight, average, range(37))
    other.assign(["w"], average.arrays(["w"]))
    for each in (average, other):
        follow_steps(weight, each, range(37, 90))
    np.testing.assert_array_equal(average.means[0], other.means[0])
    assert average.arrays(["w"]).keys() == {"average/w", "average_steps"}
