"""The parallel scan equals a loop in float64."""

from functools import cache
from typing import Any

import numpy as np
import pytest

STREAMS, UNITS = 3, 4


def random_arguments(steps, seed=0) -> tuple[Any, Any, Any, Any]:
    """Arguments of a scan: factors in [0, 1] (a tenth 0, a tenth 1), inputs, state, gradients."""
    rng = np.random.default_rng(seed)
    a = rng.uniform(-0.125, 1.125, (steps, STREAMS, UNITS)).clip(0, 1)
    return a, rng.normal(size=a.shape), rng.normal(size=a.shape[1:]), rng.normal(size=a.shape)


def run_loop(a, b, first, dh, flow):
    """All states, and the gradients of ``sum(dh * h)`` of the arguments, in float64."""
    h, before = [], []
    state = first
    for a_t, b_t in zip(a, b, strict=True):
        before.append(state)
        state = a_t * state + b_t
        h.append(state)
    da, db = np.empty_like(a), np.empty_like(b)
    carried = np.zeros_like(first)
    for t in reversed(range(len(a))):
        db[t] = dh[t] + carried
        da[t] = db[t] * before[t]
        carried = flow * a[t] * db[t]
    return np.array(h), da, db, carried


@cache
def compile_scan(flow, steps=None):
    """Compile the scan and its gradients, by default for any number of steps."""
    import tensorflow as tf

    from seqgen.models.scans.associative import associative_scan

    sequence = tf.TensorSpec((steps, STREAMS, UNITS), tf.float32)
    state = tf.TensorSpec((STREAMS, UNITS), tf.float32)

    @tf.function(input_signature=[sequence, sequence, state, sequence])
    def run(a, b, first, dh):
        with tf.GradientTape() as tape:
            tape.watch([a, b, first])
            h = associative_scan(a, b, first, flow)
        return h, *tape.gradient(h, [a, b, first], output_gradients=dh)

    return run


def run_scan(a, b, first, dh, flow=1.0, steps=None):
    arguments = (np.asarray(each, np.float32) for each in (a, b, first, dh))
    return [each.numpy() for each in compile_scan(flow, steps)(*arguments)]


@pytest.mark.slow
@pytest.mark.parametrize("steps", [1, 2, 7, 8, 9, 16, 63, 64, 65, 130])
@pytest.mark.parametrize("flow", [1.0, 1.02])
def test_equals_a_loop_in_float64(tf, steps, flow):
    assert_close(run_scan(*random_arguments(steps), flow), run_loop(*random_arguments(steps), flow))


@pytest.mark.parametrize("steps", [1, 65])
def test_equals_a_loop_for_a_static_number_of_steps(tf, steps):
    assert_close(
        run_scan(*random_arguments(steps), steps=steps), run_loop(*random_arguments(steps), 1.0)
    )


def assert_close(actual, exact):
    for one, other in zip(actual, exact, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5 * np.abs(other).max())


def test_a_factor_of_zero_resets_the_state(tf):
    a, b, first, dh = random_arguments(40)
    a[20] = 0
    h, *_ = run_scan(a, b, first, dh)
    b[:20] += 1e6
    other, *_ = run_scan(a, b, first + 1e6, dh)
    np.testing.assert_array_equal(other[20:], h[20:])
    assert (other[:20] != h[:20]).all()


def test_a_factor_of_one_keeps_the_state(tf):
    a = np.ones((4096, STREAMS, UNITS))
    h, _, _, dfirst = run_scan(a, 0 * a, 0.3 * a[0], a)
    assert (h == np.float32(0.3)).all()
    assert (dfirst == 4096).all()


@pytest.mark.parametrize("name", ["mingru", "minlstm"])
@pytest.mark.parametrize("gate", [-1e4, 1e4])
def test_saturated_gates_stay_finite(tf, name, gate):
    """A closed gate keeps the state; an open gate replaces it with the input."""
    from seqgen.models import cells

    layer = cells.create(name, activation="linear").layer(1, "layer")
    layer.build(1)
    # The candidate is the input. The other gate of minLSTM is opposite, then equal.
    others = {"mingru": [[]], "minlstm": [[-gate], [gate]]}[name]
    weight, bias = layer.by_name["kernel"], layer.by_name["bias"]
    kernel = np.zeros(weight.shape)
    kernel[0, -1] = 1
    weight.assign(kernel)
    x = tf.constant(np.random.default_rng(0).normal(size=(50, 1, 1)), tf.float32)
    for other in others:
        bias.assign([*other, gate, 0])
        with tf.GradientTape() as tape:
            y, (last,) = layer(x, (tf.ones((1, 1)),))
            loss = tf.reduce_sum(y * y)
        gradients = tape.gradient(loss, [weight.value, bias.value])
        assert all(np.isfinite(g).all() for g in gradients)
        if other == [gate]:
            half = run_loop(0 * x + 0.5, x / 2, np.ones((1, 1)), x, 1.0)[0]
            np.testing.assert_allclose(y, half, atol=1e-5)
        else:
            np.testing.assert_array_equal(y, x if gate > 0 else tf.ones_like(x))
        np.testing.assert_array_equal(last, y[-1])
