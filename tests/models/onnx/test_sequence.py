"""The graph that reads a sequence, against the one-step graph run token by token."""

from typing import Any

import numpy as np
import pytest

from seqgen.config.resolved import ModelSpec
from seqgen.errors import CheckpointError, ConfigError
from seqgen.generation.engine import CHUNK_TOKENS, SUFFIX_LENGTHS, Engine
from seqgen.models import cells
from seqgen.models.architecture import weight_shapes
from seqgen.models.onnx import graph
from tests.specs import model_spec

VOCAB = 30
FEATURES = (5, 9, 4)

KINDS: dict[str, dict[str, Any]] = {
    "wide embedding": {"embedding": 100},  # the product with it is no table
    "residual": {"units": (24, 24), "embedding": 24, "residual": True},
    "dense": {"dense": True, "norm": "layer"},
    "batch_size": {"norm": "batch"},
    "tied": {"units": (24, 16), "tie_embeddings": True, "embedding": 16},
    "three layers": {"layers": 3, "units": (20, 20, 20)},
    "reset before": {"cell": "gru", "reset": "before"},
    "relu": {"cell": "rnn", "activation": "relu", "recurrent_init": "identity"},
    "learned tau": {"cell": "leaky", "tau": "1:20", "learn_tau": True},
    "long delays": {"cell": "delay", "delays": (1, 7, 40)},
}


def network(
    said: dict[str, Any], feature_sizes: tuple[int, ...] = ()
) -> tuple[ModelSpec, dict[str, np.ndarray]]:
    """Options and random weights, of a size that neither forgets at once nor runs into chaos."""
    sizes: dict[str, Any] = {"layers": 2, "units": (24, 16), "embedding": 12, "dropout": 0.0}
    spec = model_spec(**sizes | said)
    random = np.random.default_rng(0)
    weights = {}
    for name, shape in weight_shapes(spec, VOCAB, feature_sizes).items():
        if name.endswith(("gamma", "moving_variance")):
            weights[name] = random.uniform(0.5, 2, shape).astype(np.float32)
        else:
            weights[name] = (0.7 * random.normal(size=shape) / np.sqrt(shape[0])).astype(np.float32)
    return spec, weights


def engine(
    spec: ModelSpec,
    weights: dict[str, np.ndarray],
    precision: str,
    feature_sizes: tuple[int, ...] = (),
) -> Engine:
    made = [build(spec, VOCAB, weights, precision, feature_sizes) for build in BUILDERS]
    return Engine(made[0], sequence_graph=lambda: made[1])


BUILDERS = (graph.build, graph.build_sequence)


def assert_same(found: Engine, exact: Engine, ids: np.ndarray, precision: str) -> None:
    """The sequence graph ends as the steps do; in int8, as near to it as float32 is."""
    logits_1V, states = found.read_sequence(ids)
    step_logits_1V, step_states = found.read(ids)
    assert logits_1V.shape == step_logits_1V.shape == (1, VOCAB)
    assert {n: s.shape for n, s in states.items()} == {n: s.shape for n, s in step_states.items()}
    if precision == "float32":
        np.testing.assert_allclose(logits_1V, step_logits_1V, atol=1e-4)
        for name, state in states.items():
            np.testing.assert_allclose(state, step_states[name], atol=1e-4, err_msg=name)
        return
    exact_states = exact.read(ids)[1]
    for name, state in states.items():
        step_error = np.sqrt(np.mean((step_states[name] - exact_states[name]) ** 2))
        error = np.sqrt(np.mean((state - exact_states[name]) ** 2))
        assert error < 3 * step_error + 1e-4, name


@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize("length", [1, 2, 60, CHUNK_TOKENS + 1])
@pytest.mark.parametrize("cell", cells.names())
def test_a_sequence_is_read_as_token_by_token(cell: str, length: int, precision: str) -> None:
    spec, weights = network({"cell": cell})
    ids_T = np.random.default_rng(1).integers(0, VOCAB, length).astype(np.uint8)
    exact = engine(spec, weights, "float32")
    assert_same(engine(spec, weights, precision), exact, ids_T, precision)


@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize("kind", KINDS)
def test_however_the_layers_are_joined(kind: str, precision: str) -> None:
    spec, weights = network(KINDS[kind])
    ids_T = np.random.default_rng(1).integers(0, VOCAB, 70)
    exact = engine(spec, weights, "float32")
    assert_same(engine(spec, weights, precision), exact, ids_T, precision)


@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize("cell", ["lstm", "gru", "mingru"])
def test_with_position_features(cell: str, precision: str) -> None:
    spec, weights = network({"cell": cell}, FEATURES)
    random = np.random.default_rng(1)
    rows_TF = np.concatenate(
        [random.integers(0, VOCAB, (70, 1)), random.integers(0, FEATURES, (70, len(FEATURES)))],
        axis=1,
    )
    exact = engine(spec, weights, "float32", FEATURES)
    assert_same(engine(spec, weights, precision, FEATURES), exact, rows_TF, precision)


@pytest.mark.parametrize("cell", ["gru", "rnn", "leaky", "minlstm"])
def test_in_int8_a_loop_equals_the_steps_but_for_rounding(cell: str) -> None:
    """The products are of the same whole numbers; LSTM has an operator with scales of its own."""
    spec, weights = network({"cell": cell})
    found = engine(spec, weights, "int8")
    ids_T = np.random.default_rng(1).integers(0, VOCAB, 60)
    for state, expected in zip(
        found.read_sequence(ids_T)[1].values(), found.read(ids_T)[1].values(), strict=True
    ):
        np.testing.assert_allclose(state, expected, atol=1e-3)


def test_only_what_depends_on_a_state_is_in_the_loop() -> None:
    import onnx

    spec, weights = network({"cell": "mingru"})
    model = onnx.load_from_string(graph.build_sequence(spec, VOCAB, weights, "float32"))
    loops = [node for node in model.graph.node if node.op_type == "Scan"]
    assert len(loops) == 2
    for loop in loops:
        (body,) = [a.g for a in loop.attribute if a.name == "body"]
        assert [n.op_type for n in body.node if n.op_type != "Identity"] == ["Mul", "Add"]


def test_what_cannot_be_built_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    spec, weights = network({})
    with pytest.raises(ConfigError, match="int4"):
        graph.build_sequence(spec, VOCAB, weights, "int4")
    monkeypatch.setattr(graph, "MAX_BYTES", 100)
    with pytest.raises(CheckpointError, match="fewer `units`"):
        graph.build_sequence(spec, VOCAB, weights)


FORGETFUL = {"cell": "gru", "units": (24,), "layers": 1}
# Its state is the sum of all inputs.
UNFORGETFUL = {
    "cell": "rnn", "units": (24,), "layers": 1, "activation": "linear",
    "recurrent_init": "identity",
}  # fmt: skip


def test_of_a_long_prompt_the_end_is_read_where_the_rest_is_forgotten() -> None:
    spec, weights = network(FORGETFUL)
    found = engine(spec, weights, "float32")
    ids_T = np.random.default_rng(1).integers(0, VOCAB, 3000)
    assert found.read_suffix(ids_T, SUFFIX_LENGTHS[0]) is not None
    logits_1V, states = found.read(ids_T)
    step_logits_1V, step_states = found.read_steps(ids_T)
    np.testing.assert_allclose(logits_1V, step_logits_1V, atol=1e-5)
    for name, state in states.items():
        np.testing.assert_allclose(state, step_states[name], atol=1e-5)


def test_a_long_prompt_is_read_whole_where_it_is_remembered() -> None:
    spec, weights = network(UNFORGETFUL)
    weights = weights | {"recurrent_1/recurrent_kernel": np.eye(24, dtype=np.float32)}
    found = engine(spec, weights, "float32")
    ids_T = np.random.default_rng(1).integers(0, VOCAB, 3000)
    assert found.read_suffix(ids_T, SUFFIX_LENGTHS[0]) is None
    np.testing.assert_allclose(found.read(ids_T)[0], found.read_steps(ids_T)[0], rtol=1e-3)


def test_states_that_are_not_finite_are_not_taken_for_equal() -> None:
    spec, weights = network(UNFORGETFUL)
    weights = weights | {"recurrent_1/recurrent_kernel": 2 * np.eye(24, dtype=np.float32)}
    assert engine(spec, weights, "float32").read_suffix(np.zeros(1000, int), 1000) is None
