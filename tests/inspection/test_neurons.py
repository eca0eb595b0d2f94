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


def finding_of(activations: Activations, name: str) -> neurons.Finding:
    return next(f for f in neurons.search(activations) if f.feature.name == name)


def test_activations_equal_the_equations_of_the_network(made) -> None:
    checkpoint = made()
    text_passage = open_passage(checkpoint, TextOptions(), 200)
    progress: list[float] = []
    activations = neurons.activations(checkpoint, text_passage, progress.append)
    assert progress[-1] == 1
    assert list(activations.states) == [(1, "h"), (1, "c"), (2, "h"), (2, "c")]
    assert activations.units == 2 * (12 + 8)
    w = {name: array.astype(np.float64) for name, array in checkpoint.weights().items()}

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    h, c = [np.zeros(12), np.zeros(8)], [np.zeros(12), np.zeros(8)]
    for n, id in enumerate(text_passage.ids):
        x = w["embedding/embeddings"][id]
        for layer in (0, 1):
            prefix = f"recurrent_{layer + 1}"
            a = (
                x @ w[f"{prefix}/kernel"]
                + h[layer] @ w[f"{prefix}/recurrent_kernel"]
                + w[f"{prefix}/bias"]
            )
            i, f, g, o = np.split(a, 4)
            c[layer] = sigmoid(f) * c[layer] + sigmoid(i) * np.tanh(g)
            x = h[layer] = sigmoid(o) * np.tanh(c[layer])
            np.testing.assert_allclose(activations.states[layer + 1, "h"][n], x, atol=1e-4)
            # As in the paper, the cell state is reported as its tanh.
            np.testing.assert_allclose(
                activations.states[layer + 1, "c"][n], np.tanh(c[layer]), atol=1e-4
            )


def test_finds_a_unit_that_follows_capitals(made) -> None:
    """Unit 3 of the network is set to 1 at capitals and to -1 elsewhere."""

    def plant(weights):
        changed = {name: array.copy() for name, array in weights.items()}
        for id in range(len(changed["embedding/embeddings"])):
            character = checkpoint.tokenizer.decode([id])
            changed["embedding/embeddings"][id, 0] = 3 if character.isupper() else -3
        changed["recurrent_1/kernel"][:, 3] = [1, 0, 0, 0, 0, 0]
        changed["recurrent_1/recurrent_kernel"][:, 3] = 0
        changed["recurrent_1/bias"][3] = 0
        return changed

    checkpoint = made(cell="rnn", units=(8,))
    checkpoint = made(plant, cell="rnn", units=(8,))
    text_passage = open_passage(checkpoint, TextOptions(), 3000)
    activations = neurons.activations(checkpoint, text_passage)
    best = finding_of(activations, "capital").matches[0]
    assert best.unit == Unit(1, "h", 3)
    assert best.correlation == pytest.approx(1, abs=1e-3)
    assert best.held_out == pytest.approx(1, abs=1e-3)
    assert best.confirmed


def test_finds_and_confirms_a_planted_feature_under_noise(lines: str) -> None:
    text_passage = passage(lines)
    rng = np.random.default_rng(0)
    units = rng.standard_normal((len(text_passage.ids), 300)).astype(np.float32)
    depth = np.array(
        [0, *next(f for f in features.TEXT if f.name == "bracket depth").measure(lines)]
    )
    units[:, 77] = -depth + rng.standard_normal(len(depth))
    activations = Activations(
        text_passage, {(1, "h"): np.zeros((len(depth), 4), np.float32), (2, "h"): units}
    )
    best, second, _ = finding_of(activations, "bracket depth").matches
    assert str(best.unit) == "2:h:77"
    half = (len(lines) + 1) // 2
    expected = np.corrcoef(units[1 : 1 + half, 77], depth[1 : 1 + half])[0, 1]
    assert best.correlation == pytest.approx(expected, abs=1e-5)
    other = np.corrcoef(units[1 + half :, 77], depth[1 + half :])[0, 1]
    assert best.held_out == pytest.approx(other, abs=1e-5)
    assert best.correlation < -0.35
    assert best.confirmed
    assert not second.confirmed


@pytest.mark.slow
def test_chance_correlations_of_thousands_of_units_are_not_confirmed() -> None:
    rng = np.random.default_rng(3)
    text = "".join(rng.choice(list("aB c\n1.")) for _ in range(300))
    units = rng.standard_normal((301, 6000)).astype(np.float32)
    findings = [
        f for f in neurons.search(Activations(passage(text), {(1, "h"): units})) if f.matches
    ]
    assert len(findings) >= 5
    for result in findings:
        best = result.matches[0]
        assert abs(best.correlation) > 0.25  # where a single unit has 0.08
        assert abs(best.held_out) < 0.7 * abs(best.correlation)
        assert not best.confirmed


def test_rare_features_are_not_searched(lines: str) -> None:
    units = np.random.default_rng(0).standard_normal((len(lines) + 1, 3)).astype(np.float32)
    activations = Activations(passage(lines), {(1, "h"): units})
    assert finding_of(activations, "number").matches == ()
    assert finding_of(activations, "in comment").matches != ()
    # In the first half only: the second half cannot confirm it.
    half = "(a) " * 100 + "a " * 200
    activations = Activations(passage(half), {(1, "h"): units[: len(half) + 1]})
    assert finding_of(activations, "bracket depth").matches == ()


def test_features_are_those_of_the_last_character_of_a_token() -> None:
    """Activations equal to the feature at each token correlate fully."""
    pieces = ("", "ab", " (c", "", "", ")\n", " x") * 60
    ids = np.array([0, 1, 2, 0, 3, 4, 5] * 60)
    depth = [9, 0, 1, 9, 9, 0, 0] * 60  # a document ends all brackets
    units = np.array(depth, np.float32)[:, None]
    activations = Activations(Passage(ids, pieces, "a test"), {(1, "h"): units})
    best = finding_of(activations, "bracket depth").matches[0]
    assert best.correlation == pytest.approx(1)
    assert best.held_out == pytest.approx(1)


def test_unit_names_are_parsed_or_refused() -> None:
    states = {
        (layer, state): np.zeros((1, 4), np.float32) for layer in (1, 2) for state in ("h", "c")
    }
    activations = Activations(passage(""), states)
    names = ("3", "1:2", " 1:c:0")
    assert neurons.parse_units(names, activations) == (
        Unit(2, "h", 3),
        Unit(1, "h", 2),
        Unit(1, "c", 0),
    )
    for name in ("4", "3:1", "1:z:1", "one", "-1", ""):
        with pytest.raises(ConfigError) as raised:
            neurons.parse_units([name], activations)
        assert raised.value.option == "units"


@pytest.mark.parametrize("cell", cells.names())
def test_every_cell_has_units(made, cell: str) -> None:
    checkpoint = made(cell=cell, units=(5, 4))
    text_passage = open_passage(checkpoint, TextOptions(), 50)
    activations = neurons.activations(checkpoint, text_passage)
    assert {layer for layer, _ in activations.states} == {1, 2}
    for (layer, _), values in activations.states.items():
        assert values.shape == (51, 6 - layer)
        assert np.isfinite(values).all()
        assert (np.ptp(values, axis=0) > 0).all()


def test_activations_larger_than_the_limit_are_refused(
    made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neurons, "MAX_VALUES", 4000)
    checkpoint = made()
    with pytest.raises(ConfigError) as error:
        neurons.activations(checkpoint, open_passage(checkpoint, TextOptions(), 500))
    assert error.value.option == "characters"
