"""The scan with automatic differentiation, by the GRU with `reset="before"`."""

import numpy as np
import pytest

from seqgen.models import cells

STEPS, STREAMS, INPUTS, UNITS = 10, 3, 4, 5


def layer_of(seed=0, units=UNITS, **options):
    """A layer with random weights."""
    layer = cells.create("gru", reset="before", **options).layer(units, "layer")
    layer.build(INPUTS)
    rng = np.random.default_rng(seed)
    for weight in layer.weights:
        weight.assign(rng.normal(size=weight.shape) / np.sqrt(len(weight.shape) * units))
    return layer


def run_with_gradients(tf, layer, x, states, **options):
    """Outputs, last state, and gradients of input, state and weights."""
    with tf.GradientTape() as tape:
        tape.watch([x, states])
        y, last = layer(x, states, **options)
        loss = tf.reduce_sum(tf.sin(tf.cast(y, tf.float32))) + tf.reduce_sum(last[0] ** 3)
    return y, last[0], *tape.gradient(loss, [x, states[0], *(w.value for w in layer.weights)])


def test_equals_the_keras_layer(tf):
    import keras

    layer = layer_of()
    keras_layer = keras.layers.GRU(
        UNITS, reset_after=False, return_sequences=True, return_state=True
    )
    keras_layer.build((STREAMS, STEPS, INPUTS))
    keras_layer.set_weights([weight.numpy() for weight in layer.weights])

    class Call:
        weights = keras_layer.weights

        def __call__(self, x, states):
            y, last = keras_layer(tf.transpose(x, (1, 0, 2)), initial_state=list(states))
            return tf.transpose(y, (1, 0, 2)), (last,)

    rng = np.random.default_rng(1)
    x = tf.constant(rng.normal(size=(STEPS, STREAMS, INPUTS)), tf.float32)
    h = (tf.constant(rng.normal(size=(STREAMS, UNITS)), tf.float32),)
    for one, other in zip(
        run_with_gradients(tf, layer, x, h), run_with_gradients(tf, Call(), x, h), strict=True
    ):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_reset_before_and_after_are_different_networks(tf):
    """They agree if the reset gate is open."""
    before = layer_of()
    after = cells.create("gru").layer(UNITS, "layer")
    after.build(INPUTS)
    weights = {w.name: w.numpy() for w in before.weights}
    weights["bias"] = np.stack([weights["bias"], 0 * weights["bias"]])
    x = tf.random.stateless_normal((STEPS, STREAMS, INPUTS), (0, 1))
    h = (tf.ones((STREAMS, UNITS)),)

    def difference():
        for weight in after.weights:
            weight.assign(weights[weight.name])
        return np.abs(before(x, h)[0] - after(x, h)[0]).max()

    assert difference() > 0.05
    weights["bias"][0, UNITS : 2 * UNITS] = 50
    before.by_name["bias"].assign(weights["bias"][0])
    assert difference() < 1e-5


@pytest.mark.slow
def test_gradients_in_bfloat16_are_summed_in_float32(tf):
    layer = layer_of()
    x = tf.random.stateless_normal((64, 64, INPUTS), (0, 1))
    h = (tf.zeros((64, UNITS)),)
    gradients = [
        run_with_gradients(tf, layer, tf.cast(x, d), h)[4:] for d in (tf.float32, tf.bfloat16)
    ]
    for exact, rounded in zip(*gradients, strict=True):
        np.testing.assert_allclose(rounded, exact, atol=0.03 * np.abs(exact).max())


@pytest.mark.parametrize("training", [True, False])
def test_recurrent_dropout_applies_only_in_training(tf, training):
    layer = layer_of(recurrent_dropout=0.5)
    x = tf.zeros((1, 1, INPUTS))
    h = (tf.ones((1, UNITS)),)
    outputs = {layer(x, h, training=training)[0].numpy().tobytes() for _ in range(8)}
    assert (len(outputs) > 1) == training
