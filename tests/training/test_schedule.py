"""The learning rate over a run, and the times of evaluations."""

import math

import numpy as np
import pytest

from seqgen.training.schedule import (
    MIN_WARMUP_STEPS,
    StepBudget,
    TimeBudget,
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
    assert (np.diff(rates[:MIN_WARMUP_STEPS]) > 0).all()
    assert len({*rates[MIN_WARMUP_STEPS - 1 :]}) == 1


def test_progress_is_counted_in_steps_or_seconds():
    assert StepBudget(200).progress(seconds=1e9, step=50) == 0.25
    assert TimeBudget(60).progress(seconds=15, step=10**9) == 0.25
    assert TimeBudget(60).progress(seconds=61, step=1) == 1


def test_the_remaining_time_follows_from_the_speed_or_the_clock():
    assert StepBudget(200).remaining(seconds=7, step=50, steps_per_second=10) == 15
    assert math.isnan(StepBudget(200).remaining(0, 0, math.nan))
    assert TimeBudget(60).remaining(seconds=15, step=50, steps_per_second=10) == 45
    assert TimeBudget(60).remaining(seconds=61, step=50, steps_per_second=10) == 0


def test_evaluations_are_denser_at_the_start_and_one_is_last():
    counts = np.array([evaluations_due(p, 20) for p in np.linspace(0, 1, 1001)])
    assert (counts[0], counts[-2], counts[-1]) == (1, 20, 21)
    due = np.flatnonzero(np.diff(counts))
    assert (np.diff(counts) <= 1).all()
    assert due[1] - due[0] < due[-1] - due[-2]


def test_evaluations_take_a_small_part_of_a_timed_run():
    assert TimeBudget(120).evaluations(20, 0.1) == 20
    assert TimeBudget(120).evaluations(20, 1.0) == pytest.approx(7.2)
    assert TimeBudget(10).evaluations(20, 100.0) == 4
    assert StepBudget(9).evaluations(20, 100.0) == TimeBudget(120).evaluations(20, 0.0) == 20
