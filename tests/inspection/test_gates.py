import numpy as np
import pytest

from seqgen.inspection import gates
from seqgen.inspection.options import TextOptions
from seqgen.inspection.text import open_passage


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_lstm_fractions_equal_its_equations(made) -> None:
    checkpoint = made(units=(7,), scale=1.2)
    passage = open_passage(checkpoint, TextOptions(), 300)
    w = {name: array.astype(np.float64) for name, array in checkpoint.weights().items()}
    h, c = np.zeros(7), np.zeros(7)
    gate_values = []
    for id in passage.ids:
        x = w["embedding/embeddings"][id]
        a = x @ w["recurrent_1/kernel"] + h @ w["recurrent_1/recurrent_kernel"]
        i, f, g, o = np.split(a + w["recurrent_1/bias"], 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        gate_values.append([sigmoid(i), sigmoid(f), sigmoid(o)])
    values_TGH = np.array(gate_values)
    gate_facts = gates.measure(checkpoint, passage)
    assert [(gate.layer, gate.name) for gate in gate_facts] == [(1, "i"), (1, "f"), (1, "o")]
    for n, gate in enumerate(gate_facts):
        values_TH = values_TGH[:, n]
        # In float32, values near a threshold may fall on either side.
        np.testing.assert_allclose(gate.units_open, (values_TH > 0.9).mean(0), atol=0.004)
        np.testing.assert_allclose(gate.units_closed, (values_TH < 0.1).mean(0), atol=0.004)
        assert gate.mean == pytest.approx(values_TH.mean(), abs=1e-4)
        assert gate.open == pytest.approx((values_TH > 0.9).mean(), abs=0.004)
        assert gate.open + gate.closed + gate.between == pytest.approx(1)
        assert 0 < gate.open < 1


def test_saturated_gates_are_open_or_shut(made) -> None:
    def saturate(weights):
        bias = np.repeat(np.array([-50, 50, 0, 0], np.float32), 4)
        return {"recurrent_2/bias": bias}

    checkpoint = made(saturate, units=(4, 4), scale=0.2)
    gate_facts = gates.measure(checkpoint, open_passage(checkpoint, TextOptions(), 100))
    by_name = {(gate.layer, gate.name): gate for gate in gate_facts}
    assert len(by_name) == 6
    assert by_name[2, "i"].closed == 1
    assert by_name[2, "f"].open == 1
    assert by_name[2, "o"].between == 1
    assert by_name[1, "f"].open < 0.5


def test_documents_start_from_the_zero_state(made) -> None:
    """A repeated document gives the same fractions regardless of its context."""
    once = made(documents=2, units=(5,), scale=1.0, validation="The river runs.")
    passage = open_passage(once, TextOptions(), 100)
    twice = type(passage)(np.tile(passage.rows, 2), passage.pieces * 2, passage.source)
    assert gates.measure(once, twice) == gates.measure(once, passage)
    carried = made(documents=1, units=(5,), scale=1.0, validation="The river runs.")
    assert gates.measure(carried, twice) != gates.measure(carried, passage)


def test_a_vanilla_network_has_no_gates(made) -> None:
    checkpoint = made(cell="rnn")
    assert gates.measure(checkpoint, open_passage(checkpoint, TextOptions(), 50)) == ()
