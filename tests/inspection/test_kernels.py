import numpy as np
import pytest

from seqgen.config.resolved import ModelSpec
from seqgen.inspection.kernels import kernels
from tests.specs import model_spec


def spec(cell: str) -> ModelSpec:
    return model_spec(cell=cell, units=(2,), embedding=2)


def test_radius_and_norm_of_a_kernel() -> None:
    # Powers decay by half, but one application can stretch a vector a lot.
    kernel = np.array([[0.5, 10], [0, 0.5]], np.float32)
    weights = {
        "recurrent_1/kernel": np.eye(2, dtype=np.float32),
        "recurrent_1/recurrent_kernel": kernel,
        "recurrent_1/bias": np.zeros(2, np.float32),
        "output/kernel": np.eye(2, dtype=np.float32),
    }
    (kernel_facts,) = kernels(spec("rnn"), weights)
    assert (kernel_facts.layer, kernel_facts.name) == (1, "recurrent_kernel")
    assert kernel_facts.radius == pytest.approx(0.5, abs=1e-3)
    assert kernel_facts.norm == pytest.approx(np.linalg.svd(kernel)[1][0])


def test_kernels_are_split_by_gate() -> None:
    parts = [scale * np.eye(2, dtype=np.float32) for scale in (1, 2, 3, 4)]
    weights = {"recurrent_1/recurrent_kernel": np.concatenate(parts, axis=1)}
    result = kernels(spec("lstm"), weights)
    assert [(k.name[-1], round(k.radius, 4)) for k in result] == [
        ("i", 1.0), ("f", 2.0), ("g", 3.0), ("o", 4.0)
    ]  # fmt: skip
    result = kernels(spec("rnn"), {"recurrent_1/more": np.concatenate(parts[:2])})
    assert [(k.name, k.radius) for k in result] == [("more 1", 1.0), ("more 2", 2.0)]


def test_input_kernels_are_left_out() -> None:
    assert kernels(spec("rnn"), {"recurrent_1/kernel": np.eye(2, dtype=np.float32)}) == ()
