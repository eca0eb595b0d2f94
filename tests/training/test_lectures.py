"""Training shows the effects that lectures on recurrent networks teach."""

from pathlib import Path

import numpy as np
import pytest

from seqgen.data.batching import TBPTTBatches
from tests.specs import model_spec, specs, train_spec

pytestmark = pytest.mark.slow

SONNETS = Path(__file__).parents[2] / "corpora" / "sonnets.txt"

# Symbols of a memory task: two cues, eight of noise, one question.
CUES, NOISE, ASK, SYMBOLS = (0, 2), (2, 10), 10, 11
GAP = 60


def cued(rng, streams):
    """A cue, `GAP` symbols of noise, the question: ids [GAP + 2, B]; the answer is the cue."""
    ids_TB = rng.integers(*NOISE, (GAP + 2, streams))
    ids_TB[0] = rng.integers(*CUES, streams)
    ids_TB[-1] = ASK
    return ids_TB.astype(np.int32)


def best_accuracy(tf, options, steps):
    """Best accuracy on new questions, evaluated every 50 steps of 32 streams.

    Training stops when all answers are right.
    """
    import keras

    from seqgen.models.network import RecurrentLM
    from seqgen.training.optimiser import Adam, clip

    keras.utils.set_random_seed(0)
    model = RecurrentLM(model_spec(units=(32,), embedding=12, **options), SYMBOLS)
    training = train_spec()
    weights = [weight.value for weight in model.learned]
    adam = Adam(weights, training)

    def answers(ids_TB):
        return model(ids_TB, model.initial_state(None, ids_TB.shape[1]))[0][-1]

    @tf.function
    def learn(ids_TB):
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(ids_TB[0], answers(ids_TB))
            loss = tf.reduce_mean(losses)
        gradients = map(tf.convert_to_tensor, tape.gradient(loss, weights))
        adam.apply(clip(list(gradients), training)[0], tf.constant(3e-3))

    answer = tf.function(answers)
    rng = np.random.default_rng(0)
    questions = cued(np.random.default_rng(1), 512)
    best = 0.0
    for _ in range(steps // 50):
        for _ in range(50):
            learn(tf.constant(cued(rng, 32)))
        accuracy = (np.argmax(answer(tf.constant(questions)), -1) == questions[0]).mean()
        best = max(best, accuracy)
        if best == 1:
            break
    return best


@pytest.mark.parametrize(
    "options",
    [
        {"cell": "lstm", "forget_bias": float(np.log(GAP))},
        {"cell": "gru"},
        {"cell": "leaky", "tau": "1:100"},
    ],
    ids=["lstm", "gru", "leaky"],
)
def test_gated_and_leaky_cells_remember_over_sixty_steps(tf, options):
    assert best_accuracy(tf, options, 600) > 0.98


def test_a_vanilla_network_forgets_over_sixty_steps(tf):
    """Hochreiter 1991; Bengio, Simard and Frasconi 1994."""
    assert best_accuracy(tf, {"cell": "rnn", "recurrent_init": "glorot"}, 1000) < 0.6


def losses(options, steps=200):
    """Losses of training on the sonnets, as means of 20 steps, and the gradient norms."""
    from seqgen.training.trainer import Trainer

    text = SONNETS.read_text(encoding="utf-8")
    alphabet = sorted(set(text))
    ids = np.array([alphabet.index(character) for character in text], np.uint8)
    spec, training = specs(**{"batch_size": 16, "threads": 1} | options)
    trainer = Trainer(spec, training, len(alphabet))
    windows = TBPTTBatches(ids, 16, training.seq_length, seed=0)
    rate = training.learning_rate
    positions = [divmod(n, windows.steps) for n in range(steps)]
    results = [trainer.step(windows.read(*n), rate) for n in positions]
    loss, norm = np.array(results).T
    return loss.reshape(-1, 20).mean(1), norm


IRNN = {"cell": "rnn", "activation": "relu", "recurrent_init": "identity"}


def test_a_gradient_that_explodes_must_be_clipped(tf):
    """Pascanu, Mikolov and Bengio 2013, on a network without any other bound."""
    options = IRNN | {"units": 64, "embedding": 32, "seq_length": 100, "learning_rate": 5e-3}
    options["precision"] = "float32"
    loose, norms = losses(options | {"clip_norm": 1e9})
    assert norms.max() > 1e6
    clipped, _ = losses(options | {"clip_norm": 1.0})
    assert loose[-1] > 3.0  # no better than character frequencies
    assert clipped[-1] < 2.6


def test_eight_layers_learn_only_with_residual_connections(tf):
    """He et al. 2016."""
    options = {"cell": "rnn", "layers": 8, "units": 32, "embedding": 32, "seq_length": 16}
    options["learning_rate"] = 3e-3
    plain, _ = losses(options, steps=100)
    residual, _ = losses(options | {"residual": True}, steps=100)
    assert plain[-1] > 3.0
    assert residual[-1] < 2.5
