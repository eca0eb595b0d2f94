"""The sequence graph equals the one-step graph run token by token."""

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
    "wide embedding": {"embedding": 100},  # too large for a table of products
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
    options: dict[str, Any], feature_sizes: tuple[int, ...] = ()
) -> tuple[ModelSpec, dict[str, np.ndarray]]:
    """Options and random weights, scaled so that states neither vanish nor become chaotic."""
    sizes: dict[str, Any] = {"layers": 2, "units": (24, 16), "embedding": 12, "dropout": 0.0}
    spec = model_spec(**sizes | options)
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
    graphs = [build(spec, VOCAB, weights, precision, feature_sizes) for build in BUILDERS]
    return Engine(graphs[0], sequence_graph=lambda: graphs[1])


BUILDERS = (graph.build, graph.build_sequence)


def assert_same(compared: Engine, exact: Engine, ids: np.ndarray, precision: str) -> None:
    """Assert that the sequence graph ends in the states of the steps, in int8 within its error."""
    logits_1V, states = compared.read_sequence(ids)
    step_logits_1V, step_states = compared.read(ids)
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
def test_all_cells_equal_token_by_token(cell: str, length: int, precision: str) -> None:
    spec, weights = network({"cell": cell})
    ids_T = np.random.default_rng(1).integers(0, VOCAB, length).astype(np.uint8)
    exact = engine(spec, weights, "float32")
    assert_same(engine(spec, weights, precision), exact, ids_T, precision)


@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize("kind", KINDS)
def test_all_architectures_equal_token_by_token(kind: str, precision: str) -> None:
    spec, weights = network(KINDS[kind])
    ids_T = np.random.default_rng(1).integers(0, VOCAB, 70)
    exact = engine(spec, weights, "float32")
    assert_same(engine(spec, weights, precision), exact, ids_T, precision)


@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize("cell", ["lstm", "gru", "mingru"])
def test_position_features_equal_token_by_token(cell: str, precision: str) -> None:
    spec, weights = network({"cell": cell}, FEATURES)
    random = np.random.default_rng(1)
    rows_TF = np.concatenate(
        [random.integers(0, VOCAB, (70, 1)), random.integers(0, FEATURES, (70, len(FEATURES)))],
        axis=1,
    )
    exact = engine(spec, weights, "float32", FEATURES)
    assert_same(engine(spec, weights, precision, FEATURES), exact, rows_TF, precision)


@pytest.mark.parametrize("cell", ["gru", "rnn", "leaky", "minlstm"])
def test_int8_loops_equal_the_steps_up_to_rounding(cell: str) -> None:
    """Both multiply the same integers; the LSTM operator has other scales and is left out."""
    spec, weights = network({"cell": cell})
    onnx_engine = engine(spec, weights, "int8")
    ids_T = np.random.default_rng(1).integers(0, VOCAB, 60)
    for state, expected in zip(
        onnx_engine.read_sequence(ids_T)[1].values(),
        onnx_engine.read(ids_T)[1].values(),
        strict=True,
    ):
        np.testing.assert_allclose(state, expected, atol=1e-3)


def test_the_loop_has_only_operations_on_states() -> None:
    import onnx

    spec, weights = network({"cell": "mingru"})
    model = onnx.load_from_string(graph.build_sequence(spec, VOCAB, weights, "float32"))
    loops = [node for node in model.graph.node if node.op_type == "Scan"]
    assert len(loops) == 2
    for loop in loops:
        (body,) = [a.g for a in loop.attribute if a.name == "body"]
        assert [n.op_type for n in body.node if n.op_type != "Identity"] == ["Mul", "Add"]


def test_unknown_precisions_and_large_graphs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    spec, weights = network({})
    with pytest.raises(ConfigError, match="int4"):
        graph.build_sequence(spec, VOCAB, weights, "int4")
    monkeypatch.setattr(graph, "MAX_BYTES", 100)
    with pytest.raises(CheckpointError, match="fewer `units`"):
        graph.build_sequence(spec, VOCAB, weights)


FORGETFUL = {"cell": "gru", "units": (24,), "layers": 1}
# The state is the sum of all inputs.
UNFORGETFUL = {
    "cell": "rnn", "units": (24,), "layers": 1, "activation": "linear",
    "recurrent_init": "identity",
}  # fmt: skip


def test_forgetful_networks_read_only_the_end_of_long_prompts() -> None:
    spec, weights = network(FORGETFUL)
    onnx_engine = engine(spec, weights, "float32")
    ids_T = np.random.default_rng(1).integers(0, VOCAB, 3000)
    assert onnx_engine.read_suffix(ids_T, SUFFIX_LENGTHS[0]) is not None
    logits_1V, states = onnx_engine.read(ids_T)
    step_logits_1V, step_states = onnx_engine.read_steps(ids_T)
    np.testing.assert_allclose(logits_1V, step_logits_1V, atol=1e-5)
    for name, state in states.items():
        np.testing.assert_allclose(state, step_states[name], atol=1e-5)


def test_other_networks_read_long_prompts_whole() -> None:
    spec, weights = network(UNFORGETFUL)
    weights = weights | {"recurrent_1/recurrent_kernel": np.eye(24, dtype=np.float32)}
    onnx_engine = engine(spec, weights, "float32")
    ids_T = np.random.default_rng(1).integers(0, VOCAB, 3000)
    assert onnx_engine.read_suffix(ids_T, SUFFIX_LENGTHS[0]) is None
    np.testing.assert_allclose(
        onnx_engine.read(ids_T)[0], onnx_engine.read_steps(ids_T)[0], rtol=1e-3
    )


def test_states_that_are_not_finite_do_not_count_as_equal() -> None:
    spec, weights = network(UNFORGETFUL)
    weights = weights | {"recurrent_1/recurrent_kernel": 2 * np.eye(24, dtype=np.float32)}
    assert engine(spec, weights, "float32").read_suffix(np.zeros(1000, int), 1000) is None
