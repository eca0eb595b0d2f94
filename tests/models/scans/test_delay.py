"""Connections across delays: what a step sees, and what it no longer knows."""

import numpy as np
import pytest

from seqgen.errors import ConfigError
from seqgen.models import cells

STEPS, UNITS = 12, 3


@pytest.fixture
def begun(tf):
    """Makes a layer of a cell, with the weights with which it begins."""

    def make(cell="delay", **options):
        layer = cells.create(cell, **options).layer(UNITS, "layer")
        layer.build(UNITS)
        return layer

    return make


def drawn(tf, streams=1, seed=0):
    rng = np.random.default_rng(seed)
    return tf.constant(rng.normal(size=(STEPS, streams, UNITS)), tf.float32)


def none(tf, layer, streams=1):
    return tuple(tf.zeros((streams, *s)) for s in layer.cell.state_shapes(UNITS).values())


def test_with_one_delay_of_one_step_it_is_the_vanilla_network(tf, begun):
    delay, rnn = begun(delays=(1,)), begun("rnn")
    x, gradients, values = drawn(tf, 2), [], []
    for layer in (delay, rnn):
        for weight, other in zip(layer.weights, rnn.weights, strict=True):
            weight.assign(other)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y, _ = layer(x, none(tf, layer, 2))
            loss = tf.reduce_sum(y * y)
        values.append(y)
        gradients.append(tape.gradient(loss, [x, *(w.value for w in layer.weights)]))
    np.testing.assert_allclose(values[0], values[1], atol=1e-6)
    for one, other in zip(*gradients, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("delays", [(3,), (2, 5), (4, 1)])
def test_a_step_sees_what_was_its_delays_before_and_nothing_else(tf, begun, delays):
    """One input is changed: the outputs that change are those that sums of delays lead to."""
    layer, x = begun(delays=delays), drawn(tf)
    other = x + tf.one_hot([2], STEPS, axis=0)[..., None]
    changed = np.any(
        layer(other, none(tf, layer))[0] != layer(x, none(tf, layer))[0], axis=(1, 2)
    ).tolist()
    reached = {2}
    for t in range(STEPS):
        if any(t - d in reached for d in delays):
            reached.add(t)
    assert [t for t in range(STEPS) if changed[t]] == sorted(reached)


def test_nothing_comes_over_a_step_at_which_all_is_forgotten(tf, begun):
    layer, x = begun(delays=(1, 4)), drawn(tf)
    keeps = 1 - tf.one_hot([6], STEPS, axis=0)[..., None]
    whole, (past,) = layer(x, none(tf, layer), keeps)
    tail, (shorter,) = layer(x[6:], none(tf, layer))
    np.testing.assert_allclose(whole[6:], tail, atol=1e-6)
    np.testing.assert_allclose(past, shorter, atol=1e-6)
    # The last four outputs are of after it; of the next window's past, too.
    keeps = 1 - tf.one_hot([10], STEPS, axis=0)[..., None]
    _, (past,) = layer(x, none(tf, layer), keeps)
    assert not np.any(past[0, :2])
    assert np.all(past[0, 2:])


def test_the_past_is_the_last_outputs_however_short_the_windows(tf, begun):
    layer, x = begun(delays=(1, 7)), drawn(tf)
    whole, (past,) = layer(x, none(tf, layer))
    np.testing.assert_array_equal(past[0], whole[-7:, 0])
    states, outputs = none(tf, layer), []
    for part in (x[:1], x[1:3], x[3:]):
        y, states = layer(part, states)
        outputs.append(y)
    np.testing.assert_allclose(tf.concat(outputs, 0), whole, atol=1e-6)
    np.testing.assert_allclose(states[0], past, atol=1e-6)


def test_the_shortest_delay_begins_as_in_the_vanilla_network_and_the_others_weak(tf, begun):
    kernel = begun(delays=(8, 2, 16)).by_name["recurrent_kernel"].numpy()
    for each, gain in zip(np.split(kernel, 3), (0.1, 1, 0.1), strict=True):
        np.testing.assert_allclose(each @ each.T, gain**2 * np.eye(UNITS), atol=1e-5)


def test_a_delay_named_twice_is_refused():
    with pytest.raises(ConfigError) as error:
        cells.create("delay", delays=(4, 1, 4))
    assert error.value.option == "delays"
