"""Products in a graph equal NumPy."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqgen.models.onnx.builder import CONTRIB, WEIGHT_STEPS, GraphBuilder

RNG = np.random.default_rng(0)


def run(
    build: Callable[[GraphBuilder], str], *, int8: bool, **inputs: np.ndarray
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The outputs of a graph, and its constants."""
    import onnxruntime as ort
    from onnx import helper, numpy_helper

    graph = GraphBuilder(int8=int8)
    nodes, constants = graph.finish({build(graph): "y"})

    def value(name: str, dtype: np.dtype, ndim: int):
        kind = helper.np_dtype_to_tensor_dtype(dtype)
        return helper.make_tensor_value_info(name, kind, [None] * ndim)

    model = helper.make_model(
        helper.make_graph(
            nodes,
            "test",
            [value(name, a.dtype, a.ndim) for name, a in inputs.items()],
            [value("y", np.dtype(np.float32), 2)],
            constants,
        ),
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(CONTRIB, 1)],
        ir_version=8,
    )
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (y,) = session.run(["y"], inputs)
    return np.asarray(y), {c.name: numpy_helper.to_array(c) for c in constants}


def weight(inputs: int, outputs: int) -> np.ndarray:
    """Weights with columns of very different magnitude."""
    sizes = np.exp(RNG.normal(size=outputs) * 2)
    return (RNG.normal(size=(inputs, outputs)) * sizes).astype(np.float32)


@pytest.mark.parametrize("int8", [False, True])
@pytest.mark.parametrize("with_bias", [False, True])
def test_a_product_of_several_inputs(int8: bool, with_bias: bool) -> None:
    x, h = (RNG.uniform(-1, 1, (5, n)).astype(np.float32) for n in (30, 20))
    w, r = weight(30, 9), weight(20, 9)
    bias = RNG.normal(size=9).astype(np.float32) if with_bias else None
    y, _ = run(lambda g: g.linear({"x": w, "h": r}, bias, "p"), int8=int8, x=x, h=h)
    expected = x @ w + h @ r + (0 if bias is None else bias)
    # At most half a step for each of the 50 terms, in practice less than a fifth of that.
    largest = np.abs(np.concatenate([w, r])).max(0)
    rounding = 50 * largest * (0.5 / WEIGHT_STEPS + 0.5 / 127) / 5
    assert (np.abs(y - expected) <= (rounding if int8 else 1e-5 * largest)).all()
    assert (np.abs(y - expected) > 1e-4 * largest).any() == int8


@pytest.mark.parametrize("int8", [False, True])
def test_the_products_of_a_small_table_are_looked_up(int8: bool) -> None:
    table, w, r = weight(6, 8), weight(8, 4), weight(7, 4)
    bias, ids = np.ones(4, np.float32), np.array([5, 0, 5])
    h = np.zeros((3, 7), np.float32)

    def build(g: GraphBuilder) -> str:
        return g.linear({g.lookup("ids", table, "table"): w, "h": r}, bias, "p")

    y, constants = run(build, int8=int8, ids=ids, h=h)
    np.testing.assert_allclose(y, table[ids] @ w + bias, rtol=1e-4)
    assert "table" not in constants


@pytest.mark.parametrize("int8", [False, True])
def test_a_large_table_is_multiplied_row_by_row(int8: bool) -> None:
    table, w, ids = 9 * weight(40, 8), weight(8, 4), np.array([39, 3])
    y, constants = run(
        lambda g: g.linear({g.lookup("ids", table, "table"): w}, None, "p"), int8=int8, ids=ids
    )
    scale = 8 * np.abs(table).max() * np.abs(w).max(0)
    assert (np.abs(y - table[ids] @ w) <= scale * (0.01 if int8 else 1e-6)).all()
    assert constants["table"].shape == (40, 8)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([-1.0, 1.0]), st.sampled_from([-1.0, 1.0]), st.integers(1, 300))
def test_the_largest_sums_do_not_overflow(x: float, w: float, terms: int) -> None:
    y, _ = run(
        lambda g: g.linear({"x": np.full((terms, 3), w, np.float32)}, None, "p"),
        int8=True,
        x=np.full((2, terms), x, np.float32),
    )
    np.testing.assert_allclose(y, np.full((2, 3), x * w * terms), rtol=1e-6)


def test_a_column_of_zeros_stays_zero() -> None:
    w = np.array([[0.0, 1.0], [0.0, -1.0]], np.float32)
    x = np.ones((1, 2), np.float32)
    y, _ = run(lambda g: g.linear({"x": w}, None, "p"), int8=True, x=x)
    np.testing.assert_array_equal(y, [[0, 0]])
