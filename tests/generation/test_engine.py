from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from seqgen.checkpoint.read import open_checkpoint
from seqgen.errors import CheckpointError
from seqgen.generation.engine import CHUNK, Engine
from seqgen.stack import cells


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def lstm_logits(weights: dict[str, np.ndarray], ids_T: np.ndarray) -> np.ndarray:
    """Logits [T, V] of a stack of LSTMs, one step after the other in float64."""
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
    return Engine(open_checkpoint(make(tmp_path / "x", cell=request.param)).graph())


def test_lstm_equals_its_equations_in_float64(checkpoint: Path) -> None:
    opened = open_checkpoint(checkpoint)
    ids_T = np.random.default_rng(1).integers(0, opened.config.vocab, 100)
    expected = lstm_logits(opened.weights(), ids_T)
    found = run_in_chunks(Engine(opened.graph()), ids_T[:, None], [100])[:, 0]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_chunks_with_carried_state_equal_the_whole(engine: Engine) -> None:
    ids_TB = np.random.default_rng(2).integers(0, engine.vocab, (40, 3))
    whole = run_in_chunks(engine, ids_TB, [40])
    for lengths in ([1] * 40, [7, 1, 30, 2]):
        np.testing.assert_allclose(run_in_chunks(engine, ids_TB, lengths), whole, atol=1e-5)


def test_streams_do_not_see_one_another(engine: Engine) -> None:
    ids_TB = np.random.default_rng(3).integers(0, engine.vocab, (20, 4))
    together = run_in_chunks(engine, ids_TB, [20])
    for b in range(4):
        alone = run_in_chunks(engine, ids_TB[:, b : b + 1], [20])
        np.testing.assert_allclose(together[:, b : b + 1], alone, atol=1e-5)


@pytest.mark.parametrize("length", [1, CHUNK - 1, CHUNK, 2 * CHUNK + 3])
def test_a_prompt_is_read_as_token_by_token(checkpoint: Path, length: int) -> None:
    engine = Engine(open_checkpoint(checkpoint).graph())
    ids_T = np.random.default_rng(4).integers(0, engine.vocab, length).astype(np.uint8)
    logits_1V, states = engine.read(ids_T)
    expected = run_in_chunks(engine, ids_T[:, None].astype(np.int64), [1] * length)[-1]
    np.testing.assert_allclose(logits_1V, expected, atol=1e-5)
    assert all(state.shape[0] == 1 for state in states.values())


def test_nonsense_is_refused_in_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CheckpointError, match=r"step\.onnx cannot be run") as caught:
        Engine(b"nonsense")
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def test_another_graph_is_refused() -> None:
    from onnx import TensorProto, helper

    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    node = helper.make_node("Identity", ["x"], ["y"])
    model = helper.make_model(
        helper.make_graph([node], "g", [value], [output]),
        opset_imports=[helper.make_opsetid("", 17)], ir_version=8,
    )  # fmt: skip
    with pytest.raises(CheckpointError, match="not the graph"):
        Engine(model.SerializeToString())
