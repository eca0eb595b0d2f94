"""Leaky units: time constants and their options."""

import numpy as np
import pytest

from seqgen.config.options import RunOptions
from seqgen.errors import ConfigError
from seqgen.models import cells
from seqgen.training.autoconfig import check_names
from tests.specs import model_spec

INPUTS, UNITS, STREAMS, STEPS = 4, 6, 3, 20


def layer(tf, cell="leaky", inputs=INPUTS, units=UNITS, **options):
    leaky_layer = cells.create(cell, **options).layer(units, "layer")
    leaky_layer.build(inputs)
    return leaky_layer, {weight.name: weight for weight in leaky_layer.weights}


def time_constants(weights):
    return 1 + np.exp(weights["timescale"].numpy())


def test_a_time_constant_of_one_equals_the_vanilla_rnn(tf):
    leaky, weights = layer(tf, tau="1")
    rnn, plain = layer(tf, "rnn")
    for name, weight in plain.items():
        weight.assign(weights[name])
    x = tf.constant(np.random.default_rng(0).normal(size=(STEPS, STREAMS, INPUTS)), tf.float32)
    zero = (tf.zeros((STREAMS, UNITS)),)
    np.testing.assert_allclose(leaky(x, zero)[0], rnn(x, zero)[0], atol=1e-5)


@pytest.mark.parametrize("tau", [10, 80])
def test_states_decay_with_the_time_constant(tf, tau):
    leaky, weights = layer(tf, tau=str(tau))
    weights["recurrent_kernel"].assign(np.zeros((UNITS, UNITS)))
    # Zero input from an initial state of 1.
    outputs, _ = leaky(tf.zeros((3 * tau, 1, INPUTS)), (tf.ones((1, UNITS)),))
    np.testing.assert_allclose(outputs[tau - 1, 0], np.exp(-1), atol=0.2 / tau)
    np.testing.assert_allclose(outputs[:, 0, 0], (1 - 1 / tau) ** np.arange(1, 3 * tau + 1), 1e-4)


def test_time_constants_are_spaced_logarithmically(tf):
    _, weights = layer(tf, units=5, tau="1:100")
    np.testing.assert_allclose(time_constants(weights), [1, 10**0.5, 10, 10**1.5, 100], rtol=1e-4)
    _, weights = layer(tf, tau="7.5")
    np.testing.assert_allclose(time_constants(weights), np.full(UNITS, 7.5), rtol=1e-5)


def train_running_mean(tf, layer, weights, x, steps=60):
    """Train outputs to follow the running mean of the inputs, which needs long time constants."""
    targets = np.cumsum(x, axis=0)[..., :1] / np.arange(1, len(x) + 1)[:, None, None]
    variables = [w.value for w in layer.trainable_weights]

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            y, _ = layer(tf.constant(x, tf.float32), (tf.zeros((x.shape[1], UNITS)),))
            loss = tf.reduce_mean((y - targets) ** 2)
        for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
            variable.assign_sub(0.5 * tf.sign(gradient))

    for _ in range(steps):
        step()
    return time_constants(weights)


@pytest.mark.slow
@pytest.mark.parametrize("learn", [False, True])
def test_time_constants_are_trained_only_on_request_and_stay_above_one(tf, learn):
    leaky, weights = layer(tf, tau="1:4", learn_tau=learn)
    before = time_constants(weights)
    x = np.random.default_rng(0).normal(size=(30, 8, INPUTS))
    after = train_running_mean(tf, leaky, weights, x)
    assert (after >= 1).all()
    if learn:
        assert np.abs(np.log(after / before)).max() > 0.5
    else:
        np.testing.assert_array_equal(after, before)


@pytest.mark.parametrize(
    "tau", ["0.5", "abc", "100:1", "1:", ":9", "nan", "inf", "1:inf", "-3", ""]
)
def test_invalid_time_constants_are_refused(tau):
    with pytest.raises(ConfigError) as error:
        check_names(RunOptions.of({"cell": "leaky", "tau": tau}))
    assert error.value.option == "tau"


@pytest.mark.parametrize("option", [{"tau": "10"}, {"learn_tau": True}])
def test_other_cells_have_no_time_constants(option):
    with pytest.raises(ConfigError) as error:
        model_spec(cell="lstm", **option)
    assert error.value.option in option
