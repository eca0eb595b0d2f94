"""The scan of the delay cell: which steps reach which, and resets."""

import numpy as np
import pytest

from seqgen.errors import ConfigError
from seqgen.models import cells

STEPS, UNITS = 12, 3


@pytest.fixture
def new_layer(tf):
    """Make a layer of a cell with its initial weights."""

    def make(cell="delay", **options):
        layer = cells.create(cell, **options).layer(UNITS, "layer")
        layer.build(UNITS)
        return layer

    return make


def random_input(tf, streams=1, seed=0):
    rng = np.random.default_rng(seed)
    return tf.constant(rng.normal(size=(STEPS, streams, UNITS)), tf.float32)


def zero_states(tf, layer, streams=1):
    return tuple(tf.zeros((streams, *s)) for s in layer.cell.state_shapes(UNITS).values())


def test_one_delay_of_one_step_equals_the_vanilla_rnn(tf, new_layer):
    delay, rnn = new_layer(delays=(1,)), new_layer("rnn")
    x, gradients, values = random_input(tf, 2), [], []
    for layer in (delay, rnn):
        for weight, other in zip(layer.weights, rnn.weights, strict=True):
            weight.assign(other)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y, _ = layer(x, zero_states(tf, layer, 2))
            loss = tf.reduce_sum(y * y)
        values.append(y)
        gradients.append(tape.gradient(loss, [x, *(w.value for w in layer.weights)]))
    np.testing.assert_allclose(values[0], values[1], atol=1e-6)
    for one, other in zip(*gradients, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("delays", [(3,), (2, 5), (4, 1)])
def test_inputs_reach_only_steps_at_sums_of_delays(tf, new_layer, delays):
    """After one input changes, outputs change exactly at sums of delays."""
    layer, x = new_layer(delays=delays), random_input(tf)
    other = x + tf.one_hot([2], STEPS, axis=0)[..., None]
    changed = np.any(
        layer(other, zero_states(tf, layer))[0] != layer(x, zero_states(tf, layer))[0], axis=(1, 2)
    ).tolist()
    expected = {2}
    for t in range(STEPS):
        if any(t - d in expected for d in delays):
            expected.add(t)
    assert [t for t in range(STEPS) if changed[t]] == sorted(expected)


def test_resets_clear_the_past(tf, new_layer):
    layer, x = new_layer(delays=(1, 4)), random_input(tf)
    keeps = 1 - tf.one_hot([6], STEPS, axis=0)[..., None]
    whole, (past,) = layer(x, zero_states(tf, layer), keeps)
    tail, (shorter,) = layer(x[6:], zero_states(tf, layer))
    np.testing.assert_allclose(whole[6:], tail, atol=1e-6)
    np.testing.assert_allclose(past, shorter, atol=1e-6)
    # The past for the next window lacks the outputs before the reset.
    keeps = 1 - tf.one_hot([10], STEPS, axis=0)[..., None]
    _, (past,) = layer(x, zero_states(tf, layer), keeps)
    assert not np.any(past[0, :2])
    assert np.all(past[0, 2:])


def test_chunks_shorter_than_the_delays_equal_the_whole(tf, new_layer):
    layer, x = new_layer(delays=(1, 7)), random_input(tf)
    whole, (past,) = layer(x, zero_states(tf, layer))
    np.testing.assert_array_equal(past[0], whole[-7:, 0])
    states, outputs = zero_states(tf, layer), []
    for part in (x[:1], x[1:3], x[3:]):
        y, states = layer(part, states)
        outputs.append(y)
    np.testing.assert_allclose(tf.concat(outputs, 0), whole, atol=1e-6)
    np.testing.assert_allclose(states[0], past, atol=1e-6)


def test_longer_delays_start_with_smaller_weights(tf, new_layer):
    kernel = new_layer(delays=(8, 2, 16)).by_name["recurrent_kernel"].numpy()
    for part, gain in zip(np.split(kernel, 3), (0.1, 1, 0.1), strict=True):
        np.testing.assert_allclose(part @ part.T, gain**2 * np.eye(UNITS), atol=1e-5)


def test_repeated_delays_are_refused():
    with pytest.raises(ConfigError) as error:
        cells.create("delay", delays=(4, 1, 4))
    assert error.value.option == "delays"
