import numpy as np
import pytest

from seqgen.errors import ConfigError
from seqgen.inspection import features, neurons
from seqgen.inspection.neurons import Activations, Unit
from seqgen.inspection.options import TextOptions
from seqgen.inspection.text import Passage, open_passage
from seqgen.models import cells


def passage(text: str) -> Passage:
    ids = np.array([0, *[1] * len(text)])
    return Passage(ids, ("", *text), "a test")


def finding(found: Activations, name: str) -> neurons.Finding:
    return next(f for f in neurons.search(found) if f.feature.name == name)


def test_activations_are_those_of_the_network(made, lines: str) -> None:
    checkpoint = made()
    read = open_passage(checkpoint, TextOptions(), 200)
    shares: list[float] = []
    found = neurons.activations(checkpoint, read, shares.append)
    assert shares[-1] == 1
    assert list(found.states) == [(1, "h"), (1, "c"), (2, "h"), (2, "c")]
    assert found.units == 2 * (12 + 8)
    w = {name: array.astype(np.float64) for name, array in checkpoint.weights().items()}

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    h, c = [np.zeros(12), np.zeros(8)], [np.zeros(12), np.zeros(8)]
    for n, id in enumerate(read.ids):
        x = w["embedding/embeddings"][id]
        for layer in (0, 1):
            own = f"recurrent_{layer + 1}"
            a = x @ w[f"{own}/kernel"] + h[layer] @ w[f"{own}/recurrent_kernel"] + w[f"{own}/bias"]
            i, f, g, o = np.split(a, 4)
            c[layer] = sigmoid(f) * c[layer] + sigmoid(i) * np.tanh(g)
            x = h[layer] = sigmoid(o) * np.tanh(c[layer])
            np.testing.assert_allclose(found.states[layer + 1, "h"][n], x, atol=1e-4)
            # As in the paper, a cell is shown by its tanh.
            np.testing.assert_allclose(
                found.states[layer + 1, "c"][n], np.tanh(c[layer]), atol=1e-4
            )


def test_a_unit_that_follows_capitals_is_found(made, lines: str) -> None:
    """A network whose unit 3 is set by hand to 1 at a capital and to -1 elsewhere."""

    def planted(weights):
        changed = {name: array.copy() for name, array in weights.items()}
        for id in range(len(changed["embedding/embeddings"])):
            character = checkpoint.tokenizer.decode([id])
            changed["embedding/embeddings"][id, 0] = 3 if character.isupper() else -3
        changed["recurrent_1/kernel"][:, 3] = [1, 0, 0, 0, 0, 0]
        changed["recurrent_1/recurrent_kernel"][:, 3] = 0
        changed["recurrent_1/bias"][3] = 0
        return changed

    checkpoint = made(cell="rnn", units=(8,))
    checkpoint = made(planted, cell="rnn", units=(8,))
    read = open_passage(checkpoint, TextOptions(), 3000)
    found = neurons.activations(checkpoint, read)
    best = finding(found, "capital").matches[0]
    assert best.unit == Unit(1, "h", 3)
    assert best.correlation == pytest.approx(1, abs=1e-3)
    assert best.held_out == pytest.approx(1, abs=1e-3)
    assert best.confirmed


def test_a_planted_feature_is_found_under_noise_and_borne_out(lines: str) -> None:
    read = passage(lines)
    chance = np.random.default_rng(0)
    units = chance.standard_normal((len(read.ids), 300)).astype(np.float32)
    depth = np.array(
        [0, *next(f for f in features.TEXT if f.name == "bracket depth").measure(lines)]
    )
    units[:, 77] = -depth + chance.standard_normal(len(depth))
    found = Activations(read, {(1, "h"): np.zeros((len(depth), 4), np.float32), (2, "h"): units})
    best, second, _ = finding(found, "bracket depth").matches
    assert str(best.unit) == "2:h:77"
    half = (len(lines) + 1) // 2
    expected = np.corrcoef(units[1 : 1 + half, 77], depth[1 : 1 + half])[0, 1]
    assert best.correlation == pytest.approx(expected, abs=1e-5)
    other = np.corrcoef(units[1 + half :, 77], depth[1 + half :])[0, 1]
    assert best.held_out == pytest.approx(other, abs=1e-5)
    assert best.correlation < -0.35
    assert best.confirmed
    assert not second.confirmed


def test_the_best_of_thousands_by_chance_is_not_believed() -> None:
    chance = np.random.default_rng(3)
    text = "".join(chance.choice(list("aB c\n1.")) for _ in range(300))
    units = chance.standard_normal((301, 6000)).astype(np.float32)
    there = [f for f in neurons.search(Activations(passage(text), {(1, "h"): units})) if f.matches]
    assert len(there) >= 5
    for each in there:
        best = each.matches[0]
        assert abs(best.correlation) > 0.25  # where a single unit has 0.08
        assert abs(best.held_out) < 0.7 * abs(best.correlation)
        assert not best.confirmed


def test_what_a_text_hardly_has_is_not_searched(lines: str) -> None:
    units = np.random.default_rng(0).standard_normal((len(lines) + 1, 3)).astype(np.float32)
    found = Activations(passage(lines), {(1, "h"): units})
    assert finding(found, "number").matches == ()
    assert finding(found, "in comment").matches != ()
    # In the first half only: nothing could bear it out.
    half = "(a) " * 100 + "a " * 200
    found = Activations(passage(half), {(1, "h"): units[: len(half) + 1]})
    assert finding(found, "bracket depth").matches == ()


def test_a_token_counts_by_its_last_character_and_documents_by_themselves() -> None:
    """Activations that are right for each token must correlate fully."""
    pieces = ("", "ab", " (c", "", "", ")\n", " x") * 60
    ids = np.array([0, 1, 2, 0, 3, 4, 5] * 60)
    depth = [9, 0, 1, 9, 9, 0, 0] * 60  # a document ends all brackets
    units = np.array(depth, np.float32)[:, None]
    found = Activations(Passage(ids, pieces, "a test"), {(1, "h"): units})
    best = finding(found, "bracket depth").matches[0]
    assert best.correlation == pytest.approx(1)
    assert best.held_out == pytest.approx(1)


def test_units_are_named_and_others_refused() -> None:
    states = {
        (layer, state): np.zeros((1, 4), np.float32) for layer in (1, 2) for state in ("h", "c")
    }
    found = Activations(passage(""), states)
    names = ("3", "1:2", " 1:c:0")
    assert neurons.parse_units(names, found) == (Unit(2, "h", 3), Unit(1, "h", 2), Unit(1, "c", 0))
    for name in ("4", "3:1", "1:z:1", "one", "-1", ""):
        with pytest.raises(ConfigError) as raised:
            neurons.parse_units([name], found)
        assert raised.value.option == "units"


@pytest.mark.parametrize("cell", cells.names())
def test_every_cell_has_units(made, cell: str) -> None:
    checkpoint = made(cell=cell, units=(5, 4))
    read = open_passage(checkpoint, TextOptions(), 50)
    found = neurons.activations(checkpoint, read)
    assert {layer for layer, _ in found.states} == {1, 2}
    for (layer, _), values in found.states.items():
        assert values.shape == (51, 6 - layer)
        assert np.isfinite(values).all()
        assert (np.ptp(values, axis=0) > 0).all()


def test_more_than_memory_holds_is_refused(made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neurons, "MAX_VALUES", 4000)
    checkpoint = made()
    with pytest.raises(ConfigError) as error:
        neurons.activations(checkpoint, open_passage(checkpoint, TextOptions(), 500))
    assert error.value.option == "characters"
