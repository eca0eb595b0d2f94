"""The step size over a run, and when the validation part is looked at."""

import numpy as np
import pytest

from seqgen.training.schedule import (
    LEAST_RISE,
    Length,
    affordable,
    evaluations_due,
    learning_rate,
)


def test_the_step_size_rises_and_ends_at_zero_with_the_run():
    rates = [learning_rate(p, 10**6, 1.0, 0.1) for p in np.linspace(0, 1, 101)]
    assert rates[10] == pytest.approx(1.0)
    assert (np.diff(rates[:11]) > 0).all()
    assert (np.diff(rates[10:]) < 0).all()
    assert rates[0] > 0
    assert rates[-1] == pytest.approx(0, abs=1e-12)


def test_without_warmup_it_begins_at_the_peak():
    assert learning_rate(0, 0, 0.5, 0.0) == pytest.approx(0.5)


def test_a_first_step_that_takes_long_does_not_take_the_rise_with_it():
    rates = [learning_rate(0.1, step, 1.0, 0.02) for step in range(60)]
    assert rates[0] < 0.05 * rates[-1]
    assert (np.diff(rates[:LEAST_RISE]) > 0).all()
    assert len({*rates[LEAST_RISE - 1 :]}) == 1


def test_progress_is_counted_in_steps_or_seconds():
    assert Length(steps=200).progress(seconds=1e9, steps=50) == 0.25
    assert Length(seconds=60).progress(seconds=15, steps=10**9) == 0.25
    assert Length(seconds=60).progress(seconds=61, steps=1) == 1


def test_evaluations_stand_closer_at_the_beginning_and_one_at_the_end():
    counts = np.array([evaluations_due(p, 20) for p in np.linspace(0, 1, 1001)])
    assert (counts[0], counts[-2], counts[-1]) == (1, 20, 21)
    due = np.flatnonzero(np.diff(counts))
    assert (np.diff(counts) <= 1).all()
    assert due[1] - due[0] < due[-1] - due[-2]


def test_evaluations_take_a_small_share_of_a_run_by_the_clock():
    assert affordable(20, 120.0, 0.1) == 20
    assert affordable(20, 120.0, 1.0) == pytest.approx(7.2)
    assert affordable(20, 10.0, 100.0) == 4
    assert affordable(20, None, 100.0) == affordable(20, 120.0, 0.0) == 20
