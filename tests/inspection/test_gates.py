import numpy as np
import pytest

from seqgen.inspection import gates
from seqgen.inspection.options import TextOptions
from seqgen.inspection.text import open_passage


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_an_lstm_is_counted_as_by_hand(made) -> None:
    checkpoint = made(units=(7,), scale=1.2)
    read = open_passage(checkpoint, TextOptions(), 300)
    w = {name: array.astype(np.float64) for name, array in checkpoint.weights().items()}
    h, c = np.zeros(7), np.zeros(7)
    seen = []
    for id in read.ids:
        x = w["embedding/embeddings"][id]
        a = x @ w["recurrent_1/kernel"] + h @ w["recurrent_1/recurrent_kernel"]
        i, f, g, o = np.split(a + w["recurrent_1/bias"], 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        seen.append([sigmoid(i), sigmoid(f), sigmoid(o)])
    seen_TGH = np.array(seen)
    found = gates.measure(checkpoint, read)
    assert [(gate.layer, gate.name) for gate in found] == [(1, "i"), (1, "f"), (1, "o")]
    for n, gate in enumerate(found):
        values_TH = seen_TGH[:, n]
        # A value at the very edge may fall on either side in float32.
        np.testing.assert_allclose(gate.units_open, (values_TH > 0.9).mean(0), atol=0.004)
        np.testing.assert_allclose(gate.units_shut, (values_TH < 0.1).mean(0), atol=0.004)
        assert gate.mean == pytest.approx(values_TH.mean(), abs=1e-4)
        assert gate.open == pytest.approx((values_TH > 0.9).mean(), abs=0.004)
        assert gate.open + gate.shut + gate.between == pytest.approx(1)
        assert 0 < gate.open < 1


def test_gates_that_are_held_open_and_shut_are_told(made) -> None:
    def held(weights):
        bias = np.repeat(np.array([-50, 50, 0, 0], np.float32), 4)
        return {"recurrent_2/bias": bias}

    checkpoint = made(held, units=(4, 4), scale=0.2)
    found = gates.measure(checkpoint, open_passage(checkpoint, TextOptions(), 100))
    by_name = {(gate.layer, gate.name): gate for gate in found}
    assert len(by_name) == 6
    assert by_name[2, "i"].shut == 1
    assert by_name[2, "f"].open == 1
    assert by_name[2, "o"].between == 1
    assert by_name[1, "f"].open < 0.5


def test_documents_are_read_from_nothing(made) -> None:
    """The same document again gives the same shares, however much stood before it."""
    once = made(documents=2, units=(5,), scale=1.0, kept="The river runs.")
    read = open_passage(once, TextOptions(), 100)
    twice = type(read)(np.tile(read.rows, 2), read.pieces * 2, read.source)
    assert gates.measure(once, twice) == gates.measure(once, read)
    carried = made(documents=1, units=(5,), scale=1.0, kept="The river runs.")
    assert gates.measure(carried, twice) != gates.measure(carried, read)


def test_a_vanilla_network_has_none(made) -> None:
    checkpoint = made(cell="rnn")
    assert gates.measure(checkpoint, open_passage(checkpoint, TextOptions(), 50)) == ()
