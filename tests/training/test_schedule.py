"""The learning rate over a run, and the times of evaluations."""

import numpy as np
import pytest

from seqgen.training.schedule import (
    LEAST_RISE,
    Length,
    affordable,
    evaluations_due,
    learning_rate,
)


def test_the_learning_rate_rises_and_decays_to_zero():
    rates = [learning_rate(p, 10**6, 1.0, 0.1) for p in np.linspace(0, 1, 101)]
    assert rates[10] == pytest.approx(1.0)
    assert (np.diff(rates[:11]) > 0).all()
    assert (np.diff(rates[10:]) < 0).all()
    assert rates[0] > 0
    assert rates[-1] == pytest.approx(0, abs=1e-12)


def test_without_warmup_the_learning_rate_starts_at_the_peak():
    assert learning_rate(0, 0, 0.5, 0.0) == pytest.approx(0.5)


def test_a_slow_first_step_does_not_skip_the_warmup():
    rates = [learning_rate(0.1, step, 1.0, 0.02) for step in range(60)]
    assert rates[0] < 0.05 * rates[-1]
    assert (np.diff(rates[:LEAST_RISE]) > 0).all()
    assert len({*rates[LEAST_RISE - 1 :]}) == 1


def test_progress_is_counted_in_steps_or_seconds():
    assert Length(steps=200).progress(seconds=1e9, steps=50) == 0.25
    assert Length(seconds=60).progress(seconds=15, steps=10**9) == 0.25
    assert Length(seconds=60).progress(seconds=61, steps=1) == 1


def test_evaluations_are_denser_at_the_start_and_one_is_last():
    counts = np.array([evaluations_due(p, 20) for p in np.linspace(0, 1, 1001)])
    assert (counts[0], counts[-2], counts[-1]) == (1, 20, 21)
    due = np.flatnonzero(np.diff(counts))
    assert (np.diff(counts) <= 1).all()
    assert due[1] - due[0] < due[-1] - due[-2]


def test_evaluations_take_a_small_part_of_a_timed_run():
    assert affordable(20, 120.0, 0.1) == 20
    assert affordable(20, 120.0, 1.0) == pytest.approx(7.2)
    assert affordable(20, 10.0, 100.0) == 4
    assert affordable(20, None, 100.0) == affordable(20, 120.0, 0.0) == 20
