"""The whole stack: shapes, carried states, and the graph that generation runs."""

import numpy as np
import pytest

from seqgen.checkpoint import graph
from seqgen.config import StackOptions
from seqgen.generation.engine import Engine
from seqgen.stack import cells
from seqgen.stack.model import Stack
from seqgen.stack.shapes import state_shapes, weight_shapes

VOCAB = 23


def options(cell, **changes):
    chosen = {"layers": 2, "units": (12, 9), "embedding": 7, "dropout": 0.3} | changes
    return StackOptions(cell=cell, **chosen)


@pytest.fixture(params=cells.names())
def stack(tf, request):
    """A small stack of every cell, its weights far from where they begin."""
    model = Stack(options(request.param), VOCAB)
    rng = np.random.default_rng(0)
    model.assign({n: 0.5 * rng.normal(size=a.shape) for n, a in model.arrays().items()})
    return model


def ids(steps, streams=3):
    return np.random.default_rng(1).integers(0, VOCAB, (steps, streams))


def test_weights_have_the_shapes_that_the_options_say(stack):
    shapes = {name: array.shape for name, array in stack.arrays().items()}
    assert shapes == weight_shapes(stack.options, VOCAB)


def test_the_whole_sequence_equals_its_chunks(stack):
    whole, last = stack(ids(20), stack.zero_states(3))
    states, parts = stack.zero_states(3), []
    for chunk in (ids(20)[:6], ids(20)[6:7], ids(20)[7:]):
        logits, states = stack(chunk, states)
        parts.append(logits)
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-5)
    for name in state_shapes(stack.options):
        np.testing.assert_allclose(states[name], last[name], atol=1e-5)


def test_the_onnx_step_equals_the_keras_model_over_200_steps(stack):
    expected, last = stack(ids(200), stack.zero_states(3))
    engine = Engine(graph.build(stack.options, VOCAB, stack.arrays(), "float32"))
    states, found = engine.start(3), []
    for row in ids(200):
        logits, states = engine.run(row[None], states)
        found.append(logits[0])
    np.testing.assert_allclose(np.stack(found), expected, atol=1e-4)
    for name, state in last.items():
        np.testing.assert_allclose(states[name], state, atol=1e-4)


def test_dropout_acts_in_training_only(stack):
    states = stack.zero_states(3)
    one, other = (stack(ids(5), states, training=True)[0] for _ in range(2))
    assert np.abs(np.subtract(one, other)).max() > 1e-3
    calm, again = (stack(ids(5), states, training=False)[0] for _ in range(2))
    np.testing.assert_array_equal(calm, again)


def test_assign_takes_back_what_arrays_gave(stack):
    kept = stack.arrays()
    stack.assign({name: np.zeros_like(array) for name, array in kept.items()})
    assert not any(array.any() for array in stack.arrays().values())
    stack.assign(kept)
    for name, array in stack.arrays().items():
        np.testing.assert_array_equal(array, kept[name])


def test_before_a_boundary_everything_is_forgotten(tf):
    model = Stack(options("lstm"), VOCAB, boundary=0)
    stream = ids(12) % (VOCAB - 1) + 1
    stream[5] = 0
    logits, last = model(stream, model.zero_states(3))
    alone, end = model(stream[5:], model.zero_states(3))
    np.testing.assert_allclose(logits[5:], alone, atol=1e-6)
    for name, state in end.items():
        np.testing.assert_allclose(last[name], state, atol=1e-6)


def test_the_output_bias_has_its_whole_gradient_in_bfloat16(tf):
    model = Stack(options("rnn", dropout=0.0), VOCAB, precision="bfloat16")
    bias = model.output_layer.bias.value
    with tf.GradientTape() as tape:
        logits, _ = model(ids(64, 64), model.zero_states(64))
        loss = tf.reduce_sum(logits)
    np.testing.assert_array_equal(tape.gradient(loss, bias), np.full(VOCAB, 4096))


PLACES = (5, 9, 4)


@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize("cell", cells.names())
def test_numbers_beside_the_tokens_are_read_alike_in_training_and_generation(tf, cell, precision):
    model = Stack(options(cell), VOCAB, places=PLACES)
    rng = np.random.default_rng(0)
    model.assign({n: 0.5 * rng.normal(size=a.shape) for n, a in model.arrays().items()})
    assert {n: a.shape for n, a in model.arrays().items()} == weight_shapes(
        model.options, VOCAB, PLACES
    )
    beside = rng.integers(0, PLACES, (12, 3, len(PLACES)))
    read = np.concatenate([ids(12)[..., None], beside], axis=2)
    logits, _ = model(read, model.zero_states(3))
    engine = Engine(graph.build(model.options, VOCAB, model.arrays(), precision, PLACES))
    assert engine.places == len(PLACES)
    found, _ = engine.run(read, engine.start(3))
    np.testing.assert_allclose(found, logits, atol=1e-4 if precision == "float32" else 0.5)
    other = read.copy()
    other[0, :, 1] = (other[0, :, 1] + 1) % PLACES[0]
    assert not np.allclose(model(other, model.zero_states(3))[0][0], logits[0])
