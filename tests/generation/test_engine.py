from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqgen.checkpoint.read import open_checkpoint
from seqgen.errors import CheckpointError
from seqgen.generation.engine import Engine
from seqgen.models import cells
from seqgen.models.architecture import weight_shapes
from seqgen.models.onnx import graph
from tests.specs import model_spec


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def lstm_logits(weights: dict[str, np.ndarray], ids_T: np.ndarray) -> np.ndarray:
    """Logits [T, V] of stacked LSTMs, computed step by step in float64."""
    w = {name: array.astype(np.float64) for name, array in weights.items()}
    layers = sorted({name.split("/")[0] for name in w if name.startswith("recurrent")})
    h = {layer: np.zeros(w[f"{layer}/recurrent_kernel"].shape[0]) for layer in layers}
    c = dict(h)
    logits = []
    for id in ids_T:
        x = w["embedding/embeddings"][id]
        for layer in layers:
            z = x @ w[f"{layer}/kernel"] + h[layer] @ w[f"{layer}/recurrent_kernel"]
            i, f, g, o = np.split(z + w[f"{layer}/bias"], 4)
            c[layer] = sigmoid(f) * c[layer] + sigmoid(i) * np.tanh(g)
            h[layer] = x = sigmoid(o) * np.tanh(c[layer])
        logits.append(x @ w["output/kernel"] + w["output/bias"])
    return np.array(logits)


def run_in_chunks(engine: Engine, ids_TB: np.ndarray, lengths: list[int]) -> np.ndarray:
    states, begin, logits = engine.start(ids_TB.shape[1]), 0, []
    for length in lengths:
        part, states = engine.run(ids_TB[begin : begin + length], states)
        logits.append(part)
        begin += length
    assert begin == len(ids_TB)
    return np.concatenate(logits)


@pytest.fixture(params=cells.names())
def engine(request: pytest.FixtureRequest, tmp_path: Path, make: Callable[..., Path]) -> Engine:
    """The engine of a network of two layers, for each cell."""
    return Engine(open_checkpoint(make(tmp_path / "x", cell=request.param)).graph("float32"))


def test_lstm_equals_its_equations_in_float64(checkpoint: Path) -> None:
    model = open_checkpoint(checkpoint)
    ids_T = np.random.default_rng(1).integers(0, model.config.vocab, 100)
    expected = lstm_logits(model.weights(), ids_T)
    logits = run_in_chunks(Engine(model.graph("float32")), ids_T[:, None], [100])[:, 0]
    np.testing.assert_allclose(logits, expected, atol=1e-4)


def test_chunks_with_carried_state_equal_the_whole(engine: Engine) -> None:
    ids_TB = np.random.default_rng(2).integers(0, engine.vocab, (40, 3))
    whole = run_in_chunks(engine, ids_TB, [40])
    for lengths in ([1] * 40, [7, 1, 30, 2]):
        np.testing.assert_allclose(run_in_chunks(engine, ids_TB, lengths), whole, atol=1e-5)


ARCHITECTURES: dict[str, dict[str, Any]] = {
    "reset before": {"cell": "gru", "reset": "before"},
    "residual": {"residual": True, "layers": 4, "units": (40,)},
    "dense": {"dense": True},
    "layer norm": {"norm": "layer"},
    "batch norm": {"norm": "batch"},
    "tied": {"tie_embeddings": True, "units": (40,)},
}
KINDS = {cell: {"cell": cell} for cell in cells.names()} | ARCHITECTURES


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("embedding", [12, 40])  # narrower and wider than the vocabulary of 30
def test_int8_changes_predictions_little(kind: str, embedding: int) -> None:
    if embedding == 12 and kind in ("residual", "tied"):
        embedding = 40
    exact_TBV, quantised_TBV = (
        log_probabilities(KINDS[kind], embedding, precision) for precision in ("float32", "int8")
    )
    entropy = -(np.exp(exact_TBV) * exact_TBV).sum(-1).mean()
    divergence = (np.exp(exact_TBV) * (exact_TBV - quantised_TBV)).sum(-1).mean()
    # Weights in 15 steps instead of 63 would cost at least twice the bound.
    assert 0 < divergence < 0.003 * (np.log(30) - entropy)


def log_probabilities(options: dict[str, Any], embedding: int, precision: str) -> np.ndarray:
    """Log-probabilities [T, B, V] of a random network on 60 random tokens of 8 streams."""
    sizes: dict[str, Any] = {"layers": 2, "units": (48, 40), "embedding": embedding}
    spec = model_spec(**sizes | options)
    random = np.random.default_rng(0)
    weights = {
        # Scaled so that states neither vanish nor become chaotic; outputs are far from uniform.
        name: (random.normal(size=shape) / np.sqrt(shape[0])).astype(np.float32)
        for name, shape in weight_shapes(spec, 30).items()
    }
    for name in weights:
        if name.endswith(("gamma", "moving_variance")):
            weights[name] = random.uniform(0.5, 2, weights[name].shape).astype(np.float32)
    weights["embedding/embeddings" if spec.tie_embeddings else "output/kernel"] *= 4
    engine = Engine(graph.build(spec, 30, weights, precision))
    logits_TBV, _ = engine.run(random.integers(0, 30, (60, 8)), engine.start(8))
    return logits_TBV - np.logaddexp.reduce(logits_TBV.astype(np.float64), -1, keepdims=True)


def test_int8_results_do_not_depend_on_the_number_of_streams(
    tmp_path: Path, make: Callable[..., Path]
) -> None:
    for cell in cells.names():
        engine = Engine(open_checkpoint(make(tmp_path / cell, cell=cell)).graph())
        ids_TB = np.random.default_rng(3).integers(0, engine.vocab, (30, 17))
        together = run_in_chunks(engine, ids_TB, [30])
        for b in (0, 16):
            alone = run_in_chunks(engine, ids_TB[:, b : b + 1], [30])
            np.testing.assert_array_equal(together[:, b : b + 1], alone)


def test_selected_streams_continue_unchanged(engine: Engine) -> None:
    ids_TB = np.random.default_rng(5).integers(0, engine.vocab, (12, 5))
    whole = run_in_chunks(engine, ids_TB, [12])
    start = engine.start(5)
    streams = engine.streams(start)
    for ids_B in ids_TB[:7]:
        streams.step(ids_B)
    streams = streams.select([4, 1])
    for t in range(7, 12):
        np.testing.assert_allclose(streams.step(ids_TB[t, [4, 1]]), whole[t, [4, 1]], atol=1e-5)
    assert not any(state.any() for state in start.values())


def test_reset_streams_start_again(engine: Engine) -> None:
    ids_TB = np.random.default_rng(6).integers(0, engine.vocab, (12, 3))
    whole, restarted = (run_in_chunks(engine, ids, [len(ids)]) for ids in (ids_TB, ids_TB[5:]))
    streams = engine.streams(engine.start(3))
    for ids_B in ids_TB[:5]:
        streams.step(ids_B)
    streams.reset(np.array([False, True, False]))
    logits_BV = [streams.step(ids_B) for ids_B in ids_TB[5:]][-1]
    np.testing.assert_allclose(logits_BV[1], restarted[-1, 1], atol=1e-5)
    np.testing.assert_allclose(logits_BV[[0, 2]], whole[-1, [0, 2]], atol=1e-5)


def test_streams_are_independent(engine: Engine) -> None:
    ids_TB = np.random.default_rng(3).integers(0, engine.vocab, (20, 4))
    together = run_in_chunks(engine, ids_TB, [20])
    for b in range(4):
        alone = run_in_chunks(engine, ids_TB[:, b : b + 1], [20])
        np.testing.assert_allclose(together[:, b : b + 1], alone, atol=1e-5)


@pytest.mark.parametrize("length", [1, 2, 300])
def test_reading_a_prompt_equals_token_by_token(checkpoint: Path, length: int) -> None:
    engine = Engine(open_checkpoint(checkpoint).graph())
    ids_T = np.random.default_rng(4).integers(0, engine.vocab, length).astype(np.uint8)
    logits_1V, states = engine.read(ids_T)
    expected = run_in_chunks(engine, ids_T[:, None].astype(np.int64), [1] * length)[-1]
    np.testing.assert_allclose(logits_1V, expected, atol=1e-5)
    assert all(state.shape[0] == 1 for state in states.values())


def test_a_long_prompt_is_read_by_the_sequence_graph(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seqgen.generation.engine.SEQUENCE_GRAPH_MIN_TOKENS", 600)
    model, built = open_checkpoint(checkpoint), []

    def sequence_graph() -> bytes:
        built.append(True)
        return model.sequence_graph("float32")

    engine = Engine(model.graph("float32"), sequence_graph=sequence_graph)
    ids_T = np.random.default_rng(4).integers(0, engine.vocab, 1100)
    progress_calls: list[tuple[int, int]] = []
    engine.read(ids_T[:599], lambda *progress: progress_calls.append(progress))
    assert not built
    assert progress_calls == [(512, 599)]
    logits_1V, _ = engine.read(ids_T, lambda *progress: progress_calls.append(progress))
    assert progress_calls[1:] == [(512, 1100), (1024, 1100), (1100, 1100)]
    engine.read(ids_T)
    assert len(built) == 1
    expected = run_in_chunks(engine, ids_T[:, None], [1100])[-1]
    np.testing.assert_allclose(logits_1V, expected, atol=1e-4)


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_results_do_not_depend_on_threads(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch, precision: str
) -> None:
    """A long prompt is read by one or several threads, whichever is faster."""
    monkeypatch.setattr("seqgen.generation.engine.CHUNK_TOKENS", 20)
    model = open_checkpoint(checkpoint)
    content = model.sequence_graph(precision)
    ids_T = np.random.default_rng(4).integers(0, model.config.vocab, 900)
    results = []
    for threads in (1, 2):
        engine = Engine(model.graph(precision), threads=threads, sequence_graph=lambda: content)
        results.append(engine.read_sequence(ids_T))
    (logits_1V, states), (others_1V, other_states) = results
    np.testing.assert_allclose(logits_1V, others_1V, atol=1e-6)
    for name, state in states.items():
        np.testing.assert_allclose(state, other_states[name], atol=1e-6)


def test_invalid_sequence_graphs_are_refused(checkpoint: Path) -> None:
    engine = Engine(open_checkpoint(checkpoint).graph(), sequence_graph=lambda: b"nonsense")
    with pytest.raises(CheckpointError, match="sequence graph"):
        engine.read_sequence(np.array([1]))


def test_invalid_graphs_are_refused_in_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CheckpointError, match="one-step graph") as caught:
        Engine(b"nonsense")
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def test_other_graphs_are_refused() -> None:
    from onnx import TensorProto, helper

    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    node = helper.make_node("Identity", ["x"], ["y"])
    model = helper.make_model(
        helper.make_graph([node], "g", [value], [output]),
        opset_imports=[helper.make_opsetid("", 17)], ir_version=8,
    )  # fmt: skip
    with pytest.raises(CheckpointError, match="one-step graph"):
        Engine(model.SerializeToString())
