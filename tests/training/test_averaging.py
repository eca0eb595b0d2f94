"""The average follows the weights by its rule, and goes on from a copy as if nothing had been."""

import numpy as np
import pytest


@pytest.fixture
def weight(tf):
    return tf.Variable(np.zeros(3, np.float32))


def walked(weight, average, steps):
    """The weights at each step: all are its number."""
    for step in steps:
        weight.assign(np.full(3, step, np.float32))
        average.follow()


@pytest.mark.slow
def test_over_all_steps_it_is_the_plain_mean_of_what_it_looked_at(weight):
    from seqgen.training.averaging import EVERY, Average

    average = Average([weight], share=1)
    walked(weight, average, range(1, 10 * EVERY + 1))
    looked_at = EVERY * np.arange(1, 11)
    np.testing.assert_allclose(average.means[0], looked_at.mean(), rtol=1e-5)


@pytest.mark.slow
def test_the_smaller_its_share_the_closer_it_stays(weight):
    from seqgen.training.averaging import EVERY, Average

    steps = 400 * EVERY
    averages = [Average([weight], share) for share in (0.5, 0.2, 0.1)]
    for average in averages:
        walked(weight, average, range(1, steps + 1))
    behind = [1 - float(average.means[0][0]) / steps for average in averages]
    # Its weights fall as a power of time: of a share s, the mean is behind by s / (1 + s).
    np.testing.assert_allclose(behind, [1 / 3, 1 / 6, 1 / 11], rtol=0.1)


def test_from_a_copy_it_goes_on_exactly(weight):
    from seqgen.training.averaging import Average

    average, other = Average([weight], 0.3), Average([weight], 0.3)
    walked(weight, average, range(37))
    other.assign(["w"], average.arrays(["w"]))
    for each in (average, other):
        walked(weight, each, range(37, 90))
    np.testing.assert_array_equal(average.means[0], other.means[0])
    assert average.arrays(["w"]).keys() == {"average/w", "average_steps"}
