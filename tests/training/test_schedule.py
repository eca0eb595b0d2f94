"""The step size over a run, and when the validation part is looked at."""

import numpy as np
import pytest

from seqgen.training.schedule import Length, evaluation_due, learning_rate


def test_the_step_size_rises_and_ends_at_zero_with_the_run():
    rates = [learning_rate(p, 1.0, 0.1) for p in np.linspace(0, 1, 101)]
    assert rates[10] == pytest.approx(1.0)
    assert (np.diff(rates[:11]) > 0).all()
    assert (np.diff(rates[10:]) < 0).all()
    assert rates[0] > 0
    assert rates[-1] == pytest.approx(0, abs=1e-12)


def test_without_warmup_it_begins_at_the_peak():
    assert learning_rate(0, 0.5, 0.0) == pytest.approx(0.5)


def test_progress_is_counted_in_steps_or_seconds():
    assert Length(steps=200).progress(seconds=1e9, steps=50) == 0.25
    assert Length(seconds=60).progress(seconds=15, steps=10**9) == 0.25
    assert Length(seconds=60).progress(seconds=61, steps=1) == 1


def test_evaluations_stand_closer_at_the_beginning_and_one_at_the_end():
    due, done = [], 1
    for progress in np.linspace(0, 1, 1001):
        if evaluation_due(progress, done, 20, 0.0):
            due.append(progress)
            done += 1
    assert len(due) == 20
    assert due[-1] == 1
    assert due[1] - due[0] < due[-1] - due[-2]


def test_a_long_wait_makes_one_due():
    assert evaluation_due(0.001, 5, 20, 301.0)
    assert not evaluation_due(0.001, 5, 20, 299.0)
