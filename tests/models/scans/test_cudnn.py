"""The Keras layers used on a GPU, tested on a CPU."""

import numpy as np
import pytest

from seqgen.models import cells, tf_runtime
from seqgen.models.network import RecurrentLM
from tests.specs import model_spec

VOCAB = 11
IDS = np.random.default_rng(1).integers(0, VOCAB, (9, 3))
WITH_CUDNN = [name for name in cells.names() if getattr(cells.find(name), "cudnn", None)]


@pytest.fixture
def gpu(tf, monkeypatch):
    monkeypatch.setattr(tf_runtime, "has_gpu", lambda: True)


def network(name, **changes):
    return RecurrentLM(model_spec(cell=name, units=(6, 5)), VOCAB, **changes)


def results(tf, model, states):
    with tf.GradientTape() as tape:
        logits, last = model(IDS, states)
        loss = tf.reduce_sum(tf.sin(logits)) + sum(map(tf.reduce_sum, last.values()))
    return logits, last, tape.gradient(loss, [weight.value for weight in model.parameters])


@pytest.mark.parametrize("name", WITH_CUDNN)
def test_keras_layers_equal_ours(tf, name, monkeypatch):
    ours = network(name)
    monkeypatch.setattr(tf_runtime, "has_gpu", lambda: True)
    keras_network = network(name)
    assert (
        type(keras_network.recurrent[0]).__name__
        == "KerasRecurrent"
        != type(ours.recurrent[0]).__name__
    )
    keras_network.assign(ours.arrays())
    states = {n: s + 0.3 for n, s in ours.initial_state(None, 3).items()}
    expected, actual = results(tf, ours, states), results(tf, keras_network, states)
    np.testing.assert_allclose(actual[0], expected[0], atol=1e-5)
    for key, state in expected[1].items():
        np.testing.assert_allclose(actual[1][key], state, atol=1e-5)
    for one, other in zip(actual[2], expected[2], strict=True):
        one, other = (np.array(tf.convert_to_tensor(g)) for g in (one, other))
        np.testing.assert_allclose(one, other, atol=1e-4 * np.abs(other).max())


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize("name", WITH_CUDNN)
def test_initial_weights_are_orthogonal_like_ours(name):
    arrays = network(name).arrays()
    recurrent = next(arrays[n] for n in arrays if n.endswith("recurrent_kernel"))
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(6), atol=1e-5)


@pytest.mark.usefixtures("gpu")
def test_unsupported_options_use_our_layers():
    assert type(network("lstm", boundary=0).recurrent[0]).__name__ == "Recurrent"
    assert type(network("rnn").recurrent[0]).__name__ == "Recurrent"


@pytest.mark.usefixtures("gpu")
def test_shards_and_precision_on_a_gpu():
    assert tf_runtime.shards(64) == 1
    assert tf_runtime.precision("auto") == "float32"
    assert tf_runtime.precision("bfloat16") == "bfloat16"
