"""The whole stack: shapes, carried states, and the graph that generation runs."""

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
    chosen: dict[str, Any] = {
        "layers": 2,
        "units": (12, 9),
        "embedding": 7,
        "dropout": 0.3,
    } | changes
    return model_spec(cell=cell, **chosen | changes)


# Every cell, and every way to join layers.
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


def moved(model):
    """The model with its weights far from where they begin."""
    rng = np.random.default_rng(0)
    # No sum is of so many or so large ones that a network without gates runs into chaos, or one
    # of relu grows without end: the last bits would tell, which each processor rounds its own way.
    weights = {
        n: 0.5 * min(1, 3 / len(a)) ** 0.5 * rng.normal(size=a.shape)
        for n, a in model.arrays().items()
    }
    model.assign({n: a**2 if n.endswith("variance") else a for n, a in weights.items()})
    return model


@pytest.fixture(params=VARIANTS)
def stack(tf, request):
    """A small stack of each kind, its weights far from where they begin."""
    return moved(RecurrentLM(VARIANTS[request.param], VOCAB))


def ids(steps, streams=3):
    return np.random.default_rng(1).integers(0, VOCAB, (steps, streams))


def test_weights_have_the_shapes_that_the_options_say(stack):
    shapes = {name: array.shape for name, array in stack.arrays().items()}
    assert shapes == weight_shapes(stack.spec, VOCAB)


def test_the_whole_sequence_equals_its_chunks(stack):
    whole, last = stack(ids(20), stack.initial_state(None, 3))
    states, parts = stack.initial_state(None, 3), []
    for chunk in (ids(20)[:6], ids(20)[6:7], ids(20)[7:]):
        logits, states = stack(chunk, states)
        parts.append(logits)
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-5)
    for name in state_shapes(stack.spec):
        np.testing.assert_allclose(states[name], last[name], atol=1e-5)


def test_the_onnx_step_equals_the_keras_model_over_200_steps(stack):
    expected, last = stack(ids(200), stack.initial_state(None, 3))
    engine = Engine(graph.build(stack.spec, VOCAB, stack.arrays(), "float32"))
    states, found = engine.start(3), []
    for row in ids(200):
        logits, states = engine.run(row[None], states)
        found.append(logits[0])
    np.testing.assert_allclose(np.stack(found), expected, atol=1e-4)
    for name, state in last.items():
        np.testing.assert_allclose(states[name], state, atol=1e-4)


def test_dropout_acts_in_training_only(stack):
    states = stack.initial_state(None, 3)
    one, other = (stack(ids(5), states, training=True)[0] for _ in range(2))
    assert np.abs(np.subtract(one, other)).max() > 1e-3
    calm, again = (stack(ids(5), states, training=False)[0] for _ in range(2))
    np.testing.assert_array_equal(calm, again)


@pytest.mark.parametrize("variational", [False, True])
def test_variational_dropout_drops_the_same_at_all_steps(tf, variational):
    spec = model_spec(embedding=40, dropout=0.5, variational=variational)
    dropped = RecurrentLM(spec, VOCAB).dropouts[0](tf.ones((20, 3, 40)), training=True).numpy()
    assert set(np.unique(dropped)) == {0.0, 2.0}
    assert (dropped == dropped[0]).all() == variational
    assert not (dropped[:, 0] == dropped[:, 1]).all()


def test_an_embedding_has_a_dropout_of_its_own(tf):
    def shares(**said):
        spec = model_spec(layers=2, units=(8,), embedding=40, dropout=0.5, **said)
        return [layer.rate for layer in RecurrentLM(spec, VOCAB).dropouts]

    assert shares() == [0.5, 0.5, 0.5]
    assert shares(embedding_dropout=0.0) == [0.0, 0.5, 0.5]


def test_assign_takes_back_what_arrays_gave(stack):
    kept = stack.arrays()
    stack.assign({name: np.zeros_like(array) for name, array in kept.items()})
    assert not any(array.any() for array in stack.arrays().values())
    stack.assign(kept)
    for name, array in stack.arrays().items():
        np.testing.assert_array_equal(array, kept[name])


def test_before_a_boundary_everything_is_forgotten(tf):
    model = RecurrentLM(spec("lstm"), VOCAB, boundary=0)
    stream = ids(12) % (VOCAB - 1) + 1
    stream[5] = 0
    logits, last = model(stream, model.initial_state(None, 3))
    alone, end = model(stream[5:], model.initial_state(None, 3))
    np.testing.assert_allclose(logits[5:], alone, atol=1e-6)
    for name, state in end.items():
        np.testing.assert_allclose(last[name], state, atol=1e-6)


def test_the_output_bias_has_its_whole_gradient_in_bfloat16(tf):
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


def test_a_residual_layer_adds_what_it_reads(tf):
    model = moved(RecurrentLM(spec("rnn", residual=True, units=(7, 9)), VOCAB))
    w = weights_of(model)
    x = w["embedding/embeddings"][ids(6)]
    x = x + rnn(w, "recurrent_1", x)
    x = rnn(w, "recurrent_2", x)  # of another width: nothing is added
    logits, _ = model(ids(6), model.initial_state(None, 3))
    np.testing.assert_allclose(logits, x @ w["output/kernel"] + w["output/bias"], atol=1e-5)


def test_a_dense_layer_reads_all_below_it(tf):
    model = moved(RecurrentLM(spec("rnn", dense=True), VOCAB))
    w = weights_of(model)
    below = [w["embedding/embeddings"][ids(6)]]
    for layer in ("recurrent_1", "recurrent_2"):
        below.append(rnn(w, layer, np.concatenate(below, -1)))
    x = np.concatenate(below, -1)
    logits, _ = model(ids(6), model.initial_state(None, 3))
    np.testing.assert_allclose(logits, x @ w["output/kernel"] + w["output/bias"], atol=1e-5)


def test_what_a_layer_reads_is_normalised(tf):
    model = moved(RecurrentLM(spec("rnn", norm="layer"), VOCAB))
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


def test_batch_norm_follows_the_data_it_learns_from(tf):
    model = RecurrentLM(spec("rnn", norm="batch", dropout=0.0), VOCAB)
    before = model.arrays()
    model(ids(8, 8), model.initial_state(None, 8), training=False)
    np.testing.assert_array_equal(model.arrays()["norm_2/moving_mean"], 0)
    steps = 20
    for _ in range(steps):
        model(ids(8, 8), model.initial_state(None, 8), training=True)
    after = model.arrays()
    read = before["embedding/embeddings"][ids(8, 8)].reshape(-1, 7)
    initial = 0.99**steps  # weight of the initial mean 0 and variance 1
    mean, variance = (1 - initial) * read.mean(0), initial + (1 - initial) * read.var(0)
    np.testing.assert_allclose(after["norm_1/moving_mean"], mean, atol=1e-6)
    np.testing.assert_allclose(after["norm_1/moving_variance"], variance, rtol=1e-5)
    assert not {n for n in model.learned_names if "moving" in n}


def test_a_tied_output_layer_is_the_embedding(tf):
    model = moved(RecurrentLM(spec("rnn", tie_embeddings=True, units=(12, 7)), VOCAB))
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
def test_layers_that_do_not_fit_are_refused(tf, option, remedy):
    with pytest.raises(ConfigError, match=remedy) as error:
        RecurrentLM(spec("lstm", **{option: True}), VOCAB)
    assert error.value.option == option


FEATURES = (5, 9, 4)


@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize("cell", cells.names())
def test_numbers_beside_the_tokens_are_read_alike_in_training_and_generation(tf, cell, precision):
    model = moved(RecurrentLM(spec(cell), VOCAB, feature_sizes=FEATURES))
    rng = np.random.default_rng(2)
    assert {n: a.shape for n, a in model.arrays().items()} == weight_shapes(
        model.spec, VOCAB, FEATURES
    )
    beside = rng.integers(0, FEATURES, (12, 3, len(FEATURES)))
    read = np.concatenate([ids(12)[..., None], beside], axis=2)
    logits, _ = model(read, model.initial_state(None, 3))
    engine = Engine(graph.build(model.spec, VOCAB, model.arrays(), precision, FEATURES))
    assert engine.feature_count == len(FEATURES)
    found, _ = engine.run(read, engine.start(3))
    np.testing.assert_allclose(found, logits, atol=1e-4 if precision == "float32" else 0.5)
    other = read.copy()
    other[0, :, 1] = (other[0, :, 1] + 1) % FEATURES[0]
    assert not np.allclose(model(other, model.initial_state(None, 3))[0][0], logits[0])


def test_parameters_are_counted_by_hand():
    spec = model_spec(units=(10,), embedding=3)
    assert count_parameters(spec, 7) == 7 * 3 + 4 * 10 * (3 + 10 + 1) + 10 * 7 + 7
