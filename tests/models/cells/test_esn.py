"""An echo state network: its reservoir, which training leaves unchanged."""

from typing import Any

import numpy as np
import pytest

from seqgen.data.batching import TBPTTBatches
from seqgen.errors import ConfigError
from seqgen.models import cells
from seqgen.models.cells.esn import spectral_radius
from seqgen.models.network import RecurrentLM
from tests.specs import model_spec, specs

UNITS, VOCAB = 200, 20
SMALL: dict[str, Any] = {"cell": "esn", "layers": 1, "units": (40,), "embedding": 8, "dropout": 0.0}


def reservoir(tf, units=UNITS, **options):
    layer = cells.create("esn", **options).layer(units, "layer")
    layer.build(8)
    return {weight.name: weight.numpy() for weight in layer.weights}


def radius(matrix):
    return np.abs(np.linalg.eigvals(matrix.astype(np.float64))).max()


@pytest.mark.slow
@pytest.mark.parametrize("expected", [0.3, 0.95, 0.999])
def test_the_reservoir_has_the_given_spectral_radius(tf, expected):
    assert radius(reservoir(tf, spectral_radius=expected)["recurrent_kernel"]) == pytest.approx(
        expected, rel=1e-3
    )


@pytest.mark.parametrize(("units", "connectivity"), [(1, 1.0), (5, 0.01), (60, 1.0), (300, 0.02)])
def test_reservoirs_of_all_sizes_and_densities_have_the_given_radius(tf, units, connectivity):
    weights = reservoir(tf, units, connectivity=connectivity, spectral_radius=0.8)
    kernel = weights["recurrent_kernel"]
    assert radius(kernel) == pytest.approx(0.8, rel=1e-2)
    inputs_per_unit = (kernel != 0).sum(axis=0)
    np.testing.assert_array_equal(inputs_per_unit, max(1, round(connectivity * units)))


def test_units_have_ten_inputs_by_default(tf):
    assert ((reservoir(tf)["recurrent_kernel"] != 0).sum(axis=0) == 10).all()


def test_spectral_radius_of_any_matrix():
    rng = np.random.default_rng(0)
    turn = np.array([[0.0, -3.0], [3.0, 0.0]])  # eigenvalues ±3i
    assert spectral_radius(turn) == pytest.approx(3, rel=1e-3)
    assert spectral_radius(np.array([[2.0, 100.0], [0.0, 1.0]])) == pytest.approx(2, rel=1e-3)
    for size in (3, 30):
        matrix = rng.normal(size=(size, size))
        assert spectral_radius(matrix) == pytest.approx(radius(matrix), rel=1e-3)


@pytest.mark.slow
def test_inputs_have_the_given_scale(tf):
    for scale in (0.2, 2.0):
        model = RecurrentLM(model_spec(**SMALL | {"units": (500,), "input_scale": scale}), VOCAB)
        weights = model.arrays()
        added = weights["embedding/embeddings"] @ weights["recurrent_1/kernel"]
        assert added.std() == pytest.approx(scale, rel=0.2)


@pytest.mark.slow
@pytest.mark.parametrize("leak", [1.0, 0.5])
def test_states_do_not_depend_on_the_initial_state(tf, leak):
    cell = cells.create("esn", leak=leak)
    layer = cell.layer(UNITS, "layer")
    layer.build(8)
    rng = np.random.default_rng(0)
    x = tf.constant(rng.normal(size=(300, 1, 8)), tf.float32)
    one, other = (tf.constant(rng.uniform(-1, 1, (1, UNITS)), tf.float32) for _ in range(2))
    gap = np.linalg.norm(layer(x, (one,))[0] - layer(x, (other,))[0], axis=(1, 2))
    assert gap[0] > 1
    assert gap[-1] < 1e-5


def tokens(length=2000):
    stream = [1, 2]
    while len(stream) < length:
        stream.append((stream[-1] + stream[-2]) % VOCAB)
    return np.array(stream, np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize("more", [{}, {"layers": 2}, {"layers": 2, "dense": True, "norm": "layer"}])
def test_only_the_output_layer_is_trained(tf, more):
    from seqgen.training.trainer import Trainer

    trainer = Trainer(*specs(**SMALL | {"batch_size": 16} | more), VOCAB)
    before = trainer.model.arrays()
    windows = TBPTTBatches(tokens(), 16, 8, seed=0)
    losses = [
        trainer.step(windows.read(0, n), 0.02)[0] for _ in range(8) for n in range(windows.steps)
    ]
    assert losses[-1] < 0.7 * losses[0]
    changed = {n for n, a in trainer.model.arrays().items() if not np.array_equal(a, before[n])}
    last = {"norm_3/gamma", "norm_3/beta"} if "norm" in more else set()
    assert changed == {"output/kernel", "output/bias"} | last


def test_the_reservoir_depends_only_on_the_seed(tf):
    from seqgen.training.trainer import Trainer

    def weights(seed):
        return Trainer(*specs(**SMALL | {"batch_size": 8, "seed": seed}), VOCAB).model.arrays()

    one, same, other = weights(1), weights(1), weights(2)
    for name in ("embedding/embeddings", "recurrent_1/kernel", "recurrent_1/recurrent_kernel"):
        np.testing.assert_array_equal(one[name], same[name])
        assert not np.array_equal(one[name], other[name])


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("tie_embeddings", True),
        ("recurrent_dropout", 0.1),
        ("recurrent_init", "identity"),
        ("tau", "10"),
    ],
)
def test_options_that_do_not_apply_are_refused(option, value):
    with pytest.raises(ConfigError) as error:
        model_spec(cell="esn", **{option: value})
    assert error.value.option == option
