"""The network: shapes, carried states, and the graph for generation."""

from typing import Any

import numpy as np
import pytest

from seqgen.errors import ConfigError
from seqgen.generation.engine import Engine
from seqgen.models import cells
from seqgen.models.architecture import count_parameters, state_shapes, weight_shapes
from seqgen.models.network import RecurrentLM
from seqgen.models.onnx import graph
from tests.specs import model_spec

VOCAB = 23


def spec(cell, **changes):
    options: dict[str, Any] = {"layers": 2, "units": (12, 9), "embedding": 7, "dropout": 0.3}
    return model_spec(cell=cell, **options | changes)


# Every cell and every architecture.
VARIANTS = {cell: spec(cell) for cell in cells.names()} | {
    "relu": spec("rnn", activation="relu"),
    "reset before": spec("gru", reset="before"),
    "linear": spec("mingru", activation="linear"),
    "residual": spec("gru", residual=True, layers=3, units=(8,), embedding=8),
    "residual above": spec("lstm", residual=True, units=(9,), embedding=7),
    "dense": spec("lstm", dense=True),
    "layer norm": spec("lstm", norm="layer"),
    "batch norm": spec("gru", norm="batch"),
    "tied": spec("lstm", tie_embeddings=True, units=(12, 7)),
    "all": spec("rnn", residual=True, norm="layer", tie_embeddings=True, units=(8,), embedding=8),
    "dense norm": spec("rnn", dense=True, norm="batch"),
}


def randomized(model):
    """The model with random weights that differ from the initial ones."""
    rng = np.random.default_rng(0)
    # Weights are small enough that vanilla RNNs do not become chaotic and ReLU networks do not
    # grow without bound: these would amplify differences in rounding between CPUs.
    weights = {
        n: 0.5 * min(1, 3 / len(a)) ** 0.5 * rng.normal(size=a.shape)
        for n, a in model.arrays().items()
    }
    model.assign({n: a**2 if n.endswith("variance") else a for n, a in weights.items()})
    return model


@pytest.fixture(params=VARIANTS)
def model(tf, request):
    """A small network of each kind with random weights."""
    return randomized(RecurrentLM(VARIANTS[request.param], VOCAB))


def ids(steps, streams=3):
    return np.random.default_rng(1).integers(0, VOCAB, (steps, streams))


def test_weights_have_the_shapes_of_the_architecture(model):
    shapes = {name: array.shape for name, array in model.arrays().items()}
    assert shapes == weight_shapes(model.spec, VOCAB)


def test_the_whole_sequence_equals_its_chunks(model):
    whole, last = model(ids(20), model.initial_state(None, 3))
    states, parts = model.initial_state(None, 3), []
    for chunk in (ids(20)[:6], ids(20)[6:7], ids(20)[7:]):
        logits, states = model(chunk, states)
        parts.append(logits)
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-5)
    for name in state_shapes(model.spec):
        np.testing.assert_allclose(states[name], last[name], atol=1e-5)


def test_the_onnx_step_equals_the_keras_model_over_200_steps(model):
    expected, last = model(ids(200), model.initial_state(None, 3))
    engine = Engine(graph.build(model.spec, VOCAB, model.arrays(), "float32"))
    states, outputs = engine.start(3), []
    for row in ids(200):
        logits, states = engine.run(row[None], states)
        outputs.append(logits[0])
    np.testing.assert_allclose(np.stack(outputs), expected, atol=1e-4)
    for name, state in last.items():
        np.testing.assert_allclose(states[name], state, atol=1e-4)


def test_dropout_applies_only_in_training(model):
    states = model.initial_state(None, 3)
    one, other = (model(ids(5), states, training=True)[0] for _ in range(2))
    assert np.abs(np.subtract(one, other)).max() > 1e-3
    third, fourth = (model(ids(5), states, training=False)[0] for _ in range(2))
    np.testing.assert_array_equal(third, fourth)


@pytest.mark.parametrize("variational", [False, True])
def test_variational_dropout_uses_one_mask_for_all_steps(tf, variational):
    spec = model_spec(embedding=40, dropout=0.5, variational=variational)
    dropped = RecurrentLM(spec, VOCAB).dropouts[0](tf.ones((20, 3, 40)), training=True).numpy()
    assert set(np.unique(dropped)) == {0.0, 2.0}
    assert (dropped == dropped[0]).all() == variational
    assert not (dropped[:, 0] == dropped[:, 1]).all()


def test_embedding_dropout_is_a_separate_option(tf):
    def rates(**options):
        spec = model_spec(layers=2, units=(8,), embedding=40, dropout=0.5, **options)
        return [layer.rate for layer in RecurrentLM(spec, VOCAB).dropouts]

    assert rates() == [0.5, 0.5, 0.5]
    assert rates(embedding_dropout=0.0) == [0.0, 0.5, 0.5]


def test_assign_restores_arrays(model):
    arrays = model.arrays()
    model.assign({name: np.zeros_like(array) for name, array in arrays.items()})
    assert not any(array.any() for array in model.arrays().values())
    model.assign(arrays)
    for name, array in model.arrays().items():
        np.testing.assert_array_equal(array, arrays[name])


def test_boundaries_reset_the_state(tf):
    model = RecurrentLM(spec("lstm"), VOCAB, boundary=0)
    stream = ids(12) % (VOCAB - 1) + 1
    stream[5] = 0
    logits, last = model(stream, model.initial_state(None, 3))
    alone, end = model(stream[5:], model.initial_state(None, 3))
    np.testing.assert_allclose(logits[5:], alone, atol=1e-6)
    for name, state in end.items():
        np.testing.assert_allclose(last[name], state, atol=1e-6)


def test_the_gradient_of_the_output_bias_is_exact_in_bfloat16(tf):
    model = RecurrentLM(spec("rnn", dropout=0.0), VOCAB, precision="bfloat16")
    bias = model.output_layer.bias.value
    with tf.GradientTape() as tape:
        logits, _ = model(ids(64, 64), model.initial_state(None, 64))
        loss = tf.reduce_sum(logits)
    np.testing.assert_array_equal(tape.gradient(loss, bias), np.full(VOCAB, 4096))


def rnn(w, layer, x):
    """The outputs of a vanilla RNN in float64, [T, B, H]."""
    h, outputs = np.zeros((x.shape[1], w[f"{layer}/bias"].shape[0])), []
    for x_BI in x:
        r = h @ w[f"{layer}/recurrent_kernel"]
        h = np.tanh(x_BI @ w[f"{layer}/kernel"] + r + w[f"{layer}/bias"])
        outputs.append(h)
    return np.stack(outputs)


def weights_of(model):
    return {n: a.astype(np.float64) for n, a in model.arrays().items()}


def test_residual_layers_add_their_input(tf):
    model = randomized(RecurrentLM(spec("rnn", residual=True, units=(7, 9)), VOCAB))
    w = weights_of(model)
    x = w["embedding/embeddings"][ids(6)]
    x = x + rnn(w, "recurrent_1", x)
    x = rnn(w, "recurrent_2", x)  # of another width, so without a residual connection
    logits, _ = model(ids(6), model.initial_state(None, 3))
    np.testing.assert_allclose(logits, x @ w["output/kernel"] + w["output/bias"], atol=1e-5)


def test_dense_layers_read_all_layers_below(tf):
    model = randomized(RecurrentLM(spec("rnn", dense=True), VOCAB))
    w = weights_of(model)
    below = [w["embedding/embeddings"][ids(6)]]
    for layer in ("recurrent_1", "recurrent_2"):
        below.append(rnn(w, layer, np.concatenate(below, -1)))
    x = np.concatenate(below, -1)
    logits, _ = model(ids(6), model.initial_state(None, 3))
    np.testing.assert_allclose(logits, x @ w["output/kernel"] + w["output/bias"], atol=1e-5)


def test_norm_applies_to_the_input_of_each_layer(tf):
    model = randomized(RecurrentLM(spec("rnn", norm="layer"), VOCAB))
    w = weights_of(model)

    def norm(n, x):
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt(centred.var(-1, keepdims=True) + 1e-3)
        return scaled * w[f"norm_{n}/gamma"] + w[f"norm_{n}/beta"]

    x = w["embedding/embeddings"][ids(6)]
    for n in (1, 2):
        x = rnn(w, f"recurrent_{n}", norm(n, x))
    logits, _ = model(ids(6), model.initial_state(None, 3))
    expected = norm(3, x) @ w["output/kernel"] + w["output/bias"]
    np.testing.assert_allclose(logits, expected, atol=1e-5)


def test_batch_norm_tracks_mean_and_variance_in_training(tf):
    model = RecurrentLM(spec("rnn", norm="batch", dropout=0.0), VOCAB)
    before = model.arrays()
    model(ids(8, 8), model.initial_state(None, 8), training=False)
    np.testing.assert_array_equal(model.arrays()["norm_2/moving_mean"], 0)
    steps = 20
    for _ in range(steps):
        model(ids(8, 8), model.initial_state(None, 8), training=True)
    after = model.arrays()
    inputs = before["embedding/embeddings"][ids(8, 8)].reshape(-1, 7)
    initial = 0.99**steps  # weight of the initial mean 0 and variance 1
    mean, variance = (1 - initial) * inputs.mean(0), initial + (1 - initial) * inputs.var(0)
    np.testing.assert_allclose(after["norm_1/moving_mean"], mean, atol=1e-6)
    np.testing.assert_allclose(after["norm_1/moving_variance"], variance, rtol=1e-5)
    assert not {n for n in model.learned_names if "moving" in n}


def test_a_tied_output_layer_uses_the_embedding(tf):
    model = randomized(RecurrentLM(spec("rnn", tie_embeddings=True, units=(12, 7)), VOCAB))
    w = weights_of(model)
    assert "output/kernel" not in w
    x = w["embedding/embeddings"][ids(6)]
    for n in (1, 2):
        x = rnn(w, f"recurrent_{n}", x)
    logits, _ = model(ids(6), model.initial_state(None, 3))
    expected = x @ w["embedding/embeddings"].T + w["output/bias"]
    np.testing.assert_allclose(logits, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("option", "remedy"),
    [("residual", "`embedding=12`"), ("tie_embeddings", "`embedding=9`")],
)
def test_incompatible_sizes_are_refused(tf, option, remedy):
    with pytest.raises(ConfigError, match=remedy) as error:
        RecurrentLM(spec("lstm", **{option: True}), VOCAB)
    assert error.value.option == option


FEATURES = (5, 9, 4)


@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize("cell", cells.names())
def test_position_features_have_the_same_effect_in_training_and_generation(tf, cell, precision):
    model = randomized(RecurrentLM(spec(cell), VOCAB, feature_sizes=FEATURES))
    rng = np.random.default_rng(2)
    assert {n: a.shape for n, a in model.arrays().items()} == weight_shapes(
        model.spec, VOCAB, FEATURES
    )
    features = rng.integers(0, FEATURES, (12, 3, len(FEATURES)))
    rows = np.concatenate([ids(12)[..., None], features], axis=2)
    logits, _ = model(rows, model.initial_state(None, 3))
    engine = Engine(graph.build(model.spec, VOCAB, model.arrays(), precision, FEATURES))
    assert engine.feature_count == len(FEATURES)
    onnx_logits, _ = engine.run(rows, engine.start(3))
    np.testing.assert_allclose(onnx_logits, logits, atol=1e-4 if precision == "float32" else 0.5)
    other = rows.copy()
    other[0, :, 1] = (other[0, :, 1] + 1) % FEATURES[0]
    assert not np.allclose(model(other, model.initial_state(None, 3))[0][0], logits[0])


def test_parameters_are_counted_by_hand():
    spec = model_spec(units=(10,), embedding=3)
    assert count_parameters(spec, 7) == 7 * 3 + 4 * 10 * (3 + 10 + 1) + 10 * 7 + 7
