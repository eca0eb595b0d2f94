import numpy as np
import pytest

from seqgen.errors import ConfigError
from seqgen.inspection.gradients import (
    TRACED_STEPS,
    choose_positions,
    curve,
    log_norms,
    measure,
)
from seqgen.inspection.options import GradientOptions, TextOptions
from seqgen.inspection.text import open_passage
from seqgen.models import cells


def rows(checkpoint) -> np.ndarray:
    return open_passage(checkpoint, TextOptions(), 10_000).rows


def test_norms_equal_the_product_of_jacobians(tf, made) -> None:
    checkpoint = made(cell="rnn", units=(5,), scale=0.4)
    ids, steps = rows(checkpoint), 20
    w = {name: array.astype(np.float64) for name, array in checkpoint.weights().items()}
    recurrent = w["recurrent_1/recurrent_kernel"]
    begin = 130
    h_TH = [np.zeros(5)]
    # The warm-up has 100 tokens; the network does not see earlier ones.
    for id in ids[begin - 100 : begin + steps]:
        x = w["embedding/embeddings"][id]
        a = x @ w["recurrent_1/kernel"] + h_TH[-1] @ recurrent + w["recurrent_1/bias"]
        h_TH.append(np.tanh(a))
    logits = h_TH[-1] @ w["output/kernel"] + w["output/bias"]
    probabilities = np.exp(logits - logits.max())
    probabilities /= probabilities.sum()
    probabilities[ids[begin + steps]] -= 1
    gradient = w["output/kernel"] @ probabilities
    expected = []
    for k in range(steps):
        gradient = recurrent @ ((1 - h_TH[-1 - k] ** 2) * gradient)
        expected.append(np.linalg.norm(gradient))
    begins_B = np.array([begin + 40, begin])
    logs = log_norms(checkpoint, checkpoint.weights(), ids, begins_B, steps, lambda share: None)
    norms_KB = np.exp(logs["recurrent_1/h"])
    assert norms_KB.shape == (steps, 2)
    np.testing.assert_allclose(norms_KB[:, 1], expected, rtol=2e-4)
    assert not np.allclose(norms_KB[:, 0], expected, rtol=0.1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cell", "steps"), [*((name, 6) for name in cells.names()), ("delay", TRACED_STEPS)]
)
def test_norms_equal_one_tape_over_all_steps(tf, made, cell: str, steps: int) -> None:
    from seqgen.models.network import RecurrentLM

    checkpoint = made(cell=cell, units=(5, 4))
    ids, begins_B = rows(checkpoint), np.array([110, 150, 333])
    weights = checkpoint.weights()
    logs = log_norms(checkpoint, weights, ids, begins_B, steps, lambda share: None)
    config = checkpoint.config
    model = RecurrentLM(config.model, config.vocab, checkpoint.config.boundary)
    model.assign(weights)
    ids_TB = ids[begins_B + np.arange(-100, steps + 1)[:, None]].astype(np.int32)
    states = model(tf.constant(ids_TB[:100]), model.initial_state(None, 3))[1]
    before = []
    with tf.GradientTape() as tape:
        for step in range(steps):
            tape.watch(states)
            before.append(states)
            logits, states = model(tf.constant(ids_TB[100 + step : 101 + step]), states)
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(ids_TB[-1], logits[0])
    gradients = tape.gradient(loss, before)
    assert set(logs) == set(states)
    for name, logs_KB in logs.items():
        for k in range(steps):
            gradient = gradients[steps - 1 - k][name].numpy().reshape(3, -1)
            expected = np.linalg.norm(gradient, axis=1)
            np.testing.assert_allclose(np.exp(logs_KB[k]), expected, rtol=1e-3, atol=1e-9)


def orthogonal(units: int, scale: float) -> np.ndarray:
    q, _ = np.linalg.qr(np.random.default_rng(1).standard_normal((units, units)))
    return (scale * q).astype(np.float32)


@pytest.mark.slow
def test_gradients_vanish_at_the_rate_of_the_spectral_radius(tf, made) -> None:
    def small(weights):
        return {
            "recurrent_1/recurrent_kernel": orthogonal(16, 0.4),
            "recurrent_1/kernel": weights["recurrent_1/kernel"] * 0.05,
            "recurrent_1/bias": weights["recurrent_1/bias"] * 0,
        }

    checkpoint = made(small, cell="rnn", units=(16,))
    result = measure(checkpoint, rows(checkpoint), GradientOptions(streams=8))
    (h_curve,), (kernel,) = result.curves, result.kernels
    assert (h_curve.layer, h_curve.state, len(h_curve.median)) == (1, "h", 100)
    assert kernel.radius == pytest.approx(0.4, abs=1e-4)
    assert h_curve.per_step == pytest.approx(0.4, rel=0.03)
    assert h_curve.per_step < kernel.norm
    # Exponential decay: the ratio over ten steps is constant, far below the range of float32.
    assert h_curve.median[99] < 1e-38
    ratios = np.log(np.array(h_curve.median[10::10]) / np.array(h_curve.median[:-10:10]))
    assert np.ptp(ratios) < 0.1 * abs(ratios.mean())


@pytest.mark.slow
def test_gradients_of_an_lstm_with_open_forget_gates_do_not_vanish(tf, made) -> None:
    def remembering(weights):
        i, f, g, o = np.split(np.zeros(64, np.float32), 4)
        return {
            "recurrent_1/bias": np.concatenate([i - 1, f + 8, g, o + 1]),
            "recurrent_1/recurrent_kernel": weights["recurrent_1/recurrent_kernel"] * 0.05,
            "recurrent_1/kernel": weights["recurrent_1/kernel"] * 0.3,
        }

    checkpoint = made(remembering, units=(16,))
    result = measure(checkpoint, rows(checkpoint), GradientOptions(streams=8))
    by_state = {curve.state: curve for curve in result.curves}
    assert list(by_state) == ["h", "c", "all"]
    assert by_state["c"].per_step == pytest.approx(1, abs=0.03)
    assert by_state["c"].median[99] > 0.1 * by_state["c"].median[0]
    both = np.hypot(by_state["h"].median, by_state["c"].median)
    np.testing.assert_allclose(by_state["all"].median, both, rtol=0.2)


@pytest.mark.slow
def test_exploding_gradients_are_measured_beyond_float32(tf, made) -> None:
    def large(weights):
        return {
            "recurrent_1/recurrent_kernel": orthogonal(16, 3.0),
            "recurrent_1/kernel": weights["recurrent_1/kernel"] * 0,
            "recurrent_1/bias": weights["recurrent_1/bias"] * 0,
        }

    checkpoint = made(large, cell="rnn", units=(16,))
    result = measure(checkpoint, rows(checkpoint), GradientOptions(streams=2))
    assert result.curves[0].per_step == pytest.approx(3, rel=0.01)
    assert result.curves[0].median[99] > 1e38


def test_positions_stay_within_one_document() -> None:
    ids = np.array([0, 5, 5, 5, 5, 5, 0, 5, 5, 0, 5, 5, 5, 5, 5, 5])
    begins, steps = choose_positions(ids, 4, 64, boundary=0)
    assert steps == 4
    for begin in begins:
        assert 0 not in ids[begin : begin + 4]
        assert begin + 4 < len(ids)
    assert begins.tolist() == [1, 2, 10, 11]
    assert choose_positions(ids, None, 1, boundary=0)[1] == 5
    assert choose_positions(ids, None, 3, boundary=None)[1] == 15
    with pytest.raises(ConfigError) as error:
        choose_positions(ids, 6, 64, boundary=0)
    assert error.value.option == "steps"
    with pytest.raises(ConfigError) as error:
        choose_positions(ids[:2], None, 64, boundary=0)
    assert error.value.option == "text"


def test_zero_gradients_have_no_rate() -> None:
    log_zeros = np.full((3, 4), -np.inf)
    zero = curve(1, "h", [log_zeros, log_zeros])
    assert zero.median == zero.mean == (0.0, 0.0, 0.0)
    assert zero.per_step is None
    log_values = np.log(np.array([[1.0, 3, 5], [2, 6, 10]]))
    assert curve(1, "h", [log_values]).median == pytest.approx((3, 6))
    assert curve(1, "h", [log_values]).per_step == pytest.approx(2)
    assert curve(None, "all", [log_values, log_values]).mean == pytest.approx(
        (3 * 2**0.5, 6 * 2**0.5)
    )
