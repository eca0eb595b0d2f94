"""Every cell equals a plain float64 re-derivation and the Keras layer."""

import numpy as np
import pytest

from seqgen.errors import ConfigError
from seqgen.models import cells
from tests.specs import model_spec

STEPS, STREAMS, INPUTS, UNITS = 7, 3, 4, 5


# The middle stream is reset before the fourth step, all streams before the sixth.
KEEPS = np.ones((STEPS, STREAMS, 1))
KEEPS[3, 1] = KEEPS[5] = 0


def lstm_step(tf, x, states, w, options):
    h, c = states
    i, f, g, o = tf.split(x @ w["kernel"] + h @ w["recurrent_kernel"] + w["bias"], 4, axis=1)
    c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
    h = tf.sigmoid(o) * tf.tanh(c)
    return h, [h, c]


def gru_step(tf, x, states, w, options):
    (h,) = states
    if options["reset"] == "before":
        R_z, R_r, R_n = tf.split(w["recurrent_kernel"], 3, axis=1)
        x_z, x_r, x_n = tf.split(x @ w["kernel"] + w["bias"], 3, axis=1)
        z, r = tf.sigmoid(x_z + h @ R_z), tf.sigmoid(x_r + h @ R_r)
        h = z * h + (1 - z) * tf.tanh(x_n + (r * h) @ R_n)
        return h, [h]
    x_z, x_r, x_n = tf.split(x @ w["kernel"] + w["bias"][0], 3, axis=1)
    h_z, h_r, h_n = tf.split(h @ w["recurrent_kernel"] + w["bias"][1], 3, axis=1)
    z, r = tf.sigmoid(x_z + h_z), tf.sigmoid(x_r + h_r)
    h = z * h + (1 - z) * tf.tanh(x_n + r * h_n)
    return h, [h]


def rnn_step(tf, x, states, w, options):
    activation = getattr(tf.nn, options["activation"])
    h = activation(x @ w["kernel"] + states[0] @ w["recurrent_kernel"] + w["bias"])
    return h, [h]


def mingru_step(tf, x, states, w, options):
    z, n = tf.split(x @ w["kernel"] + w["bias"], 2, axis=1)
    n = n if options["activation"] == "linear" else tf.tanh(n)
    h = (1 - tf.sigmoid(z)) * states[0] + tf.sigmoid(z) * n
    return h, [h]


def minlstm_step(tf, x, states, w, options):
    f, i, n = tf.split(x @ w["kernel"] + w["bias"], 3, axis=1)
    n = n if options["activation"] == "linear" else tf.tanh(n)
    f, i = tf.sigmoid(f), tf.sigmoid(i)
    h = (f * states[0] + i * n) / (f + i)
    return h, [h]


def delay_step(tf, x, states, w, options):
    (past,) = states
    kernels = tf.split(w["recurrent_kernel"], len(options["delays"]))
    a = x @ w["kernel"] + w["bias"]
    for d, kernel in zip(options["delays"], kernels, strict=True):
        a += past[:, -d] @ kernel
    h = getattr(tf.nn, options["activation"])(a)
    return h, [tf.concat([past[:, 1:], h[:, None]], 1)]


def leaky_step(tf, x, states, w, options):
    tau = 1 + tf.exp(w["timescale"])
    a = x @ w["kernel"] + states[0] @ w["recurrent_kernel"] + w["bias"]
    s = (1 - 1 / tau) * states[0] + getattr(tf.nn, options["activation"])(a) / tau
    return s, [s]


def esn_step(tf, x, states, w, options):
    a = x @ w["kernel"] + states[0] @ w["recurrent_kernel"] + w["bias"]
    h = (1 - options["leak"]) * states[0] + options["leak"] * tf.tanh(a)
    return h, [h]


# One step of each cell: (x [B, I], states, weights by name) -> output [B, H], states.
REFERENCE_STEPS = {"lstm": lstm_step, "gru": gru_step, "rnn": rnn_step}
REFERENCE_STEPS |= {"mingru": mingru_step, "minlstm": minlstm_step, "delay": delay_step}
REFERENCE_STEPS |= {"leaky": leaky_step, "esn": esn_step}

# Every cell, and its options that change the equations.
VARIANTS = {name: model_spec(cell=name) for name in cells.names()} | {
    f"rnn {activation}": model_spec(cell="rnn", activation=activation)
    for activation in ("sigmoid", "relu")
}
VARIANTS |= {"gru before": model_spec(cell="gru", reset="before")}
VARIANTS |= {
    f"{cell} linear": model_spec(cell=cell, activation="linear") for cell in ("mingru", "minlstm")
}
VARIANTS |= {
    f"delay {delays}": model_spec(cell="delay", delays=delays, activation=activation)
    for delays, activation in [((1,), "tanh"), ((2, 3), "sigmoid"), ((5, 1, 9), "relu")]
}
VARIANTS |= {
    "leaky learned": model_spec(cell="leaky", tau="1.5:9", learn_tau=True),
    "leaky relu": model_spec(cell="leaky", activation="relu", learn_tau=True),
    "esn slow": model_spec(cell="esn", leak=0.3),
}
KERAS_LAYERS = {"lstm": "LSTM", "gru": "GRU", "rnn": "SimpleRNN"}


@pytest.fixture(
    params=[
        name if name in cells.names() else pytest.param(name, marks=pytest.mark.slow)
        for name in VARIANTS
    ]
)
def options(request):
    """The spec of each variant of a cell; those with other options than the defaults are slow."""
    return VARIANTS[request.param]


def arguments(cell, seed=0):
    """Random input, states and weights of a cell, float64."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(STEPS, STREAMS, INPUTS))
    states = [rng.normal(size=(STREAMS, *s)) for s in cell.state_shapes(UNITS).values()]
    shapes = cell.shapes(INPUTS, UNITS)
    weights = {name: 0.5 * rng.normal(size=shape) for name, shape in shapes.items()}
    return x, states, weights


def layer_of(cell, weights, **options):
    layer = cell.layer(UNITS, "layer", **options)
    layer.build(INPUTS)
    for weight in layer.weights:
        weight.assign(weights[weight.name])
    return layer


def total(tf, outputs, last):
    """A loss that depends on every output and every last state."""
    return tf.reduce_sum(tf.sin(outputs)) + sum(tf.reduce_sum(s * s * s) for s in last)


def run_loop(tf, options, keeps=None, flow=1.0):
    """Outputs, last states, and gradients of input, states and weights, in float64."""
    cell = cells.of(options)
    x, states, weights = arguments(cell)
    x, *states = (tf.constant(a, tf.float64) for a in (x, *states))
    weights = {name: tf.constant(a, tf.float64) for name, a in weights.items()}

    @tf.custom_gradient
    def through(state):
        return tf.identity(state), lambda gradient: flow * gradient

    with tf.GradientTape() as tape:
        tape.watch([x, states, weights])
        outputs, after = [], states
        for t in range(STEPS):
            after = [through(state) for state in after]
            if keeps is not None:
                shape = [[STREAMS] + [1] * (len(state.shape) - 1) for state in after]
                after = [s * tf.reshape(keeps[t], n) for s, n in zip(after, shape, strict=True)]
            output, after = REFERENCE_STEPS[options.cell](
                tf, x[t], after, weights, options.cell_options
            )
            outputs.append(output)
        outputs = tf.stack(outputs)
        loss = total(tf, outputs, after)
    return outputs, after, tape.gradient(loss, {"x": x, "states": states, **weights})


def run_layer(tf, options, keeps=None, flow=1.0, dynamic=False):
    """The same by the layer used in training, in float32."""
    cell = cells.of(options)
    x, states, weights = arguments(cell)
    layer = layer_of(cell, weights, flow=flow)
    x, *states = (tf.constant(a, tf.float32) for a in (x, *states))
    keep = None if keeps is None else tf.constant(keeps, tf.float32)
    shape = (None if dynamic else STEPS, STREAMS, INPUTS)

    @tf.function(input_signature=[tf.TensorSpec(shape)])
    def run(x):
        with tf.GradientTape() as tape:
            tape.watch([x, states])
            outputs, last = layer(x, tuple(states), keep)
            loss = total(tf, outputs, last)
        trainable = {w.name: w.value for w in layer.trainable_weights}
        return outputs, last, tape.gradient(loss, {"x": x, "states": states, **trainable})

    return run(x)


def assert_close(one, other, tolerance=1e-5):
    """Assert that two arrays are equal up to rounding, relative to the size of the second."""
    scale = np.abs(other).max() or 1.0
    np.testing.assert_allclose(one / scale, other / scale, atol=tolerance)


def assert_same(result, expected):
    outputs, last, gradients = result
    assert_close(outputs, expected[0])
    for one, other in zip(last, expected[1], strict=True):
        assert_close(one, other)
    for name, gradient in gradients.items():
        pairs = zip(gradient, expected[2][name], strict=True)
        for one, other in pairs if name == "states" else [(gradient, expected[2][name])]:
            assert_close(one, other)


def test_values_and_gradients_equal_a_plain_loop_in_float64(tf, options):
    assert_same(run_layer(tf, options), run_loop(tf, options))


@pytest.mark.slow
def test_gradients_are_scaled_by_the_flow_at_each_step(tf, options):
    expected = run_loop(tf, options, KEEPS, flow=1.25)
    assert_same(run_layer(tf, options, KEEPS, flow=1.25), expected)


@pytest.mark.slow
def test_states_may_be_reset_and_the_number_of_steps_dynamic(tf, options):
    assert_same(run_layer(tf, options, KEEPS, dynamic=True), run_loop(tf, options, KEEPS))


@pytest.mark.parametrize("name", KERAS_LAYERS)
def test_equals_the_keras_layer_with_the_same_weights(tf, name):
    import keras

    options = model_spec(cell=name)
    x, states, weights = arguments(cells.of(options))
    keras_layer = getattr(keras.layers, KERAS_LAYERS[name])(
        UNITS, return_sequences=True, return_state=True
    )
    keras_layer.build((STREAMS, STEPS, INPUTS))
    keras_layer.set_weights(list(weights.values()))
    x, *states = (tf.constant(a, tf.float32) for a in (x, *states))
    with tf.GradientTape() as tape:
        tape.watch([x, states])
        outputs, *last = keras_layer(tf.transpose(x, (1, 0, 2)), initial_state=states)
        outputs = tf.transpose(outputs, (1, 0, 2))
        loss = total(tf, outputs, last)
    gradients = tape.gradient(loss, {"x": x, "states": states})
    result = run_layer(tf, options)
    assert_same(
        (*result[:2], {name: result[2][name] for name in gradients}), (outputs, last, gradients)
    )


@pytest.mark.parametrize("name", cells.names())
def test_gradients_in_bfloat16_are_summed_in_float32(tf, name):
    """Over 4,096 steps, where a sum in bfloat16 would stop growing."""
    cell = cells.create(name)
    rng = np.random.default_rng(2)
    x = tf.constant(rng.normal(size=(64, 64, INPUTS)), tf.float32)
    states = [tf.zeros((64, *s)) for s in cell.state_shapes(UNITS).values()]
    weights = {n: 0.1 * rng.normal(size=s) for n, s in cell.shapes(INPUTS, UNITS).items()}
    layer = layer_of(cell, weights)
    gradients = []
    for dtype in (tf.float32, tf.bfloat16):
        with tf.GradientTape() as tape:
            outputs, _ = layer(tf.cast(x, dtype), tuple(states))
            loss = tf.reduce_sum(tf.cast(outputs, tf.float32))
        gradients.append(tape.gradient(loss, [w.value for w in layer.trainable_weights]))
    for exact, rounded in zip(*gradients, strict=True):
        np.testing.assert_allclose(rounded, exact, atol=0.03 * np.abs(exact).max())


@pytest.mark.parametrize("name", ["lstm", "gru", "rnn"])
def test_recurrent_weights_are_initially_orthogonal(tf, name):
    recurrent = initial_weights(name)["recurrent_kernel"]
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(UNITS), atol=1e-5)


def initial_weights(cell, **options):
    """Initial weights of a layer, by name."""
    layer = cells.create(cell, **options).layer(UNITS, "layer")
    layer.build(INPUTS)
    return {weight.name: weight.numpy() for weight in layer.weights}


def test_recurrent_weights_follow_the_initialiser(tf):
    identity = initial_weights("rnn", activation="relu", recurrent_init="identity")[
        "recurrent_kernel"
    ]
    np.testing.assert_array_equal(identity, np.eye(UNITS))
    glorot = initial_weights("rnn", recurrent_init="glorot")["recurrent_kernel"]
    assert np.abs(glorot).max() <= np.sqrt(6 / (2 * UNITS))
    assert np.abs(glorot @ glorot.T - np.eye(UNITS)).max() > 0.1


def test_the_forget_gate_is_initially_open(tf):
    i, f, g, o = np.split(initial_weights("lstm")["bias"], 4)
    assert (f == 1).all()
    assert not np.concatenate([i, g, o]).any()
    assert (initial_weights("lstm", forget_bias=3.5)["bias"][UNITS : 2 * UNITS] == 3.5).all()


def test_recurrent_dropout_applies_only_in_training(tf):
    cell = cells.create("rnn", recurrent_dropout=0.5)
    weights = arguments(cell)[2]
    layer = layer_of(cell, weights | {"kernel": 0 * weights["kernel"]})
    # From a first unit vector, one step shows the first row of the recurrent kernel.
    first = tf.constant(np.eye(UNITS)[:1], tf.float32)
    x = tf.zeros((1, 1, INPUTS))

    def row(training):
        _, (h,) = layer(x, (first,), None, training=training)
        return np.arctanh(h[0]) - weights["bias"]

    assert_close(row(False), weights["recurrent_kernel"][0])
    rows = np.array([row(True) for _ in range(40)])
    scaled = 2 * weights["recurrent_kernel"][0]
    present = np.isclose(rows, scaled, atol=1e-3)
    assert (present | np.isclose(rows, 0, atol=1e-3)).all()
    assert 0.3 < present.mean() < 0.7


def test_unknown_cells_suggest_the_closest():
    with pytest.raises(ConfigError, match=r"did you mean lstm\?.*gru"):
        cells.find("lsmt")


def test_an_option_of_another_cell_is_refused():
    with pytest.raises(ConfigError) as error:
        model_spec(cell="lstm", activation="relu")
    assert error.value.option == "activation"


def test_cells_set_defaults_of_their_own_options_only():
    options = model_spec(cell="rnn", activation="relu").cell_options
    assert options == {"activation": "relu", "recurrent_init": "orthogonal"}
