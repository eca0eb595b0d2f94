"""Every cell against an obvious float64 re-derivation, and against the stock Keras layer."""

import numpy as np
import pytest

from seqgen.errors import ConfigError
from seqgen.stack import cells
from seqgen.stack.recurrent import scan

STEPS, STREAMS, INPUTS, UNITS = 7, 3, 4, 5


# Streams forget before some steps: the middle one before the fourth, all before the sixth.
KEEPS = np.ones((STEPS, STREAMS, 1))
KEEPS[3, 1] = KEEPS[5] = 0


def lstm_step(tf, x, h, c, kernel, recurrent, bias):
    i, f, g, o = tf.split(x @ kernel + h @ recurrent + bias, 4, axis=1)
    c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
    return tf.sigmoid(o) * tf.tanh(c), c


def gru_step(tf, x, h, kernel, recurrent, bias):
    x_z, x_r, x_n = tf.split(x @ kernel + bias[0], 3, axis=1)
    h_z, h_r, h_n = tf.split(h @ recurrent + bias[1], 3, axis=1)
    z, r = tf.sigmoid(x_z + h_z), tf.sigmoid(x_r + h_r)
    return (z * h + (1 - z) * tf.tanh(x_n + r * h_n),)


def rnn_step(tf, x, h, kernel, recurrent, bias):
    return (tf.tanh(x @ kernel + h @ recurrent + bias),)


OBVIOUS = {"lstm": lstm_step, "gru": gru_step, "rnn": rnn_step}
STOCK = {"lstm": "LSTM", "gru": "GRU", "rnn": "SimpleRNN"}


def arguments(cell, seed=0):
    """Input, states and weights of a cell, drawn at random, float64."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(STEPS, STREAMS, INPUTS))
    states = [rng.normal(size=(STREAMS, *s)) for s in cell.state_shapes(UNITS).values()]
    weights = [0.5 * rng.normal(size=s) for s in cell.shapes(INPUTS, UNITS).values()]
    return x, states, weights


def total(tf, outputs, last):
    """A loss that depends on every output and every last state."""
    return tf.reduce_sum(tf.sin(outputs)) + sum(tf.reduce_sum(s * s * s) for s in last)


def with_gradients(tf, run, x, states, weights, dtype):
    tensors = [tf.constant(a, dtype) for a in (x, *states, *weights)]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        outputs, last = run(tensors[0], tensors[1 : 1 + len(states)], tensors[1 + len(states) :])
        loss = total(tf, outputs, last)
    return outputs, last, tape.gradient(loss, tensors)


@pytest.mark.parametrize("keeps", [None, KEEPS], ids=["carried", "forgotten"])
@pytest.mark.parametrize("name", cells.names())
def test_values_and_gradients_equal_a_plain_loop_in_float64(tf, name, keeps):
    cell = cells.find(name)
    x, states, weights = arguments(cell)

    def plain(x, states, weights):
        outputs = []
        for t in range(STEPS):
            if keeps is not None:
                states = [state * keeps[t] for state in states]
            states = OBVIOUS[name](tf, x[t], *states, *weights)
            outputs.append(states[0])
        return tf.stack(outputs), states

    def ours(x, states, weights):
        keep = None if keeps is None else tf.constant(keeps, tf.float32)
        return scan(cell, x, tuple(states), *weights, keep)

    expected = with_gradients(tf, plain, x, states, weights, tf.float64)
    found = with_gradients(tf, ours, x, states, weights, tf.float32)
    np.testing.assert_allclose(found[0], expected[0], atol=1e-5)
    for one, other in zip((*found[1], *found[2]), (*expected[1], *expected[2]), strict=True):
        scale = np.abs(other).max()
        np.testing.assert_allclose(one / scale, other / scale, atol=1e-5)


@pytest.mark.parametrize("name", cells.names())
def test_weights_go_to_the_stock_keras_layer_and_back(tf, name):
    import keras

    cell = cells.find(name)
    x, states, weights = arguments(cell, seed=1)
    stock = getattr(keras.layers, STOCK[name])(UNITS, return_sequences=True, return_state=True)
    stock.build((STREAMS, STEPS, INPUTS))
    stock.set_weights(weights)
    ours = cell.layer(UNITS, "ours")
    ours.build(INPUTS)
    ours.set_weights(stock.get_weights())

    def run_stock(x, states, _):
        outputs, *last = stock(tf.transpose(x, (1, 0, 2)), initial_state=list(states))
        return tf.transpose(outputs, (1, 0, 2)), last

    expected = with_gradients(tf, run_stock, x, states, [], tf.float32)
    found = with_gradients(tf, lambda x, s, _: ours(x, tuple(s)), x, states, [], tf.float32)
    np.testing.assert_allclose(found[0], expected[0], atol=1e-5)
    for one, other in zip((*found[1], *found[2]), (*expected[1], *expected[2]), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4 * np.abs(other).max())


@pytest.mark.parametrize("name", cells.names())
def test_gradients_in_bfloat16_are_summed_in_float32(tf, name):
    """Over 4,096 steps of streams, where a sum in bfloat16 would long stand still."""
    cell = cells.find(name)
    rng = np.random.default_rng(2)
    x = tf.constant(rng.normal(size=(64, 64, INPUTS)), tf.float32)
    states = [tf.zeros((64, *s)) for s in cell.state_shapes(UNITS).values()]
    weights = [
        tf.constant(0.1 * rng.normal(size=s), tf.float32)
        for s in cell.shapes(INPUTS, UNITS).values()
    ]
    found = []
    for dtype in (tf.float32, tf.bfloat16):
        with tf.GradientTape() as tape:
            tape.watch(weights)
            outputs, _ = scan(cell, tf.cast(x, dtype), tuple(states), *weights)
            loss = tf.reduce_sum(tf.cast(outputs, tf.float32))
        found.append(tape.gradient(loss, weights))
    for exact, rounded in zip(*found, strict=True):
        np.testing.assert_allclose(rounded, exact, atol=0.03 * np.abs(exact).max())


@pytest.mark.parametrize("name", cells.names())
def test_recurrent_weights_begin_orthogonal(tf, name):
    layer = cells.find(name).layer(UNITS, "layer")
    layer.build(INPUTS)
    recurrent = layer.recurrent_kernel.numpy()
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(UNITS), atol=1e-5)


def test_the_forget_gate_begins_open(tf):
    layer = cells.find("lstm").layer(UNITS, "layer")
    layer.build(INPUTS)
    i, f, g, o = np.split(layer.bias.numpy(), 4)
    assert (f == 1).all()
    assert not np.concatenate([i, g, o]).any()


def test_an_unknown_cell_names_the_known_ones():
    with pytest.raises(ConfigError, match=r"'lsmt'; did you mean lstm\? \(known: gru, lstm, rnn\)"):
        cells.find("lsmt")
