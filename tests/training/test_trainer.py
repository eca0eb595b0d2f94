"""The trainer learns, evaluates, and restores its state exactly."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from seqgen.data.batching import TBPTTBatches
from seqgen.models import cells
from tests.specs import specs

VOCAB = 11
OPTIONS = {
    "layers": 1,
    "units": (16,),
    "embedding": 8,
    "dropout": 0.2,
    "seq_length": 8,
    "batch_size": 16,
}


@pytest.fixture
def trainer(tf):
    from seqgen.training.trainer import Trainer

    return Trainer(*specs(**OPTIONS), VOCAB)


def tokens(length=2000):
    """A stream with a rule to learn: each token is the sum of the previous two."""
    stream = [1, 2]
    while len(stream) < length:
        stream.append((stream[-1] + stream[-2]) % VOCAB)
    return np.array(stream, np.uint8)


def steps(trainer, count, begin=0):
    windows = TBPTTBatches(tokens(), 16, 8, seed=0)
    return [trainer.step(windows.read(0, n), 0.01)[0] for n in range(begin, begin + count)]


@pytest.mark.slow
def test_learns_a_rule(trainer):
    before, _ = trainer.measure(tokens())
    assert before == pytest.approx(np.log(VOCAB), abs=0.3)
    for _ in range(12):
        steps(trainer, 15)
    assert trainer.measure(tokens())[0] < 0.2 * before


@pytest.mark.slow
def test_evaluating_in_many_streams_equals_one_stream(tf, trainer):
    """Long after the start of a stream, the missing initial state has no effect."""
    steps(trainer, 15)
    ids = tokens(3000)
    reader = trainer.reader
    reader.assign(trainer.model.arrays())
    logits, _ = tf.function(reader)(
        tf.constant(ids[:-1, None].astype(np.int32)), reader.initial_state(None, 1)
    )
    logits = logits.numpy()[:, 0].astype(np.float64)
    target_logits = logits[np.arange(len(logits)), ids[1:]]
    alone = np.mean(np.log(np.exp(logits).sum(1)) - target_logits)
    assert trainer.measure(ids) == (pytest.approx(alone, abs=1e-3), len(ids) - 1)


@pytest.mark.slow
def test_averaged_weights_are_evaluated_but_not_trained(tf):
    from seqgen.training.trainer import Trainer

    averaged, plain = (
        Trainer(*specs(**OPTIONS | {"weight_averaging": share}), VOCAB) for share in (0.5, 0.0)
    )
    assert steps(averaged, 15) == steps(plain, 15)
    average, last = averaged.network(), averaged.model.arrays()
    assert max(np.abs(average[name] - last[name]).max() for name in last) > 1e-3
    assert averaged.measure(tokens()) == plain.measure(tokens(), weights=average)
    assert averaged.measure(tokens(), weights=last) == plain.measure(tokens())


@pytest.mark.slow
def test_evaluating_changes_no_weights(trainer):
    steps(trainer, 3)
    arrays = trainer.arrays()
    trainer.measure(tokens())
    for name, array in trainer.arrays().items():
        np.testing.assert_array_equal(array, arrays[name], name)


@pytest.mark.parametrize(
    "more",
    [
        {},
        pytest.param({"weight_averaging": 0.5, "variational": True}, marks=pytest.mark.slow),
    ],
)
def test_training_continues_from_a_copy_bit_for_bit(tf, more):
    from seqgen.training.trainer import Trainer

    trainer = Trainer(*specs(**OPTIONS | more), VOCAB)
    steps(trainer, 5)
    arrays = trainer.arrays()
    expected = steps(trainer, 5, begin=5)
    other = Trainer(*specs(**OPTIONS | more | {"seed": 7}), VOCAB)
    other.assign(arrays)
    assert steps(other, 5, begin=5) == expected
    for name, array in other.arrays().items():
        np.testing.assert_array_equal(array, trainer.arrays()[name], name)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "feature_sizes"),
    [
        *(({"cell": name}, ()) for name in cells.names()),
        ({"cell": "gru", "reset": "before"}, ()),
        ({"recurrent_dropout": 0.2}, (7, 5)),
    ],
)
def test_repeated_steps_are_bit_identical(tf, more, feature_sizes):
    """Also if many tokens share a row of the embedding, where their gradients are summed."""
    from seqgen.training.trainer import Trainer

    vocab, batch, window = 500, 32, 20
    sizes = {
        "units": (48,),
        "embedding": 24,
        "dropout": 0.3,
        "seq_length": window,
        "batch_size": batch,
    }
    trainer = Trainer(*specs(**OPTIONS | sizes | more), vocab, 0, feature_sizes)
    rng = np.random.default_rng(1)
    ids = rng.zipf(1.3, 4 * batch * window + 1) % vocab
    rows = [ids, *(rng.integers(0, most, len(ids)) for most in feature_sizes)]
    ids = np.stack(rows, 1).astype(np.uint16) if feature_sizes else ids.astype(np.uint16)
    windows = TBPTTBatches(ids, batch, window, seed=0)

    def train_steps():
        losses = [trainer.step(windows.read(0, n), 0.01) for n in range(3)]
        return losses, trainer.arrays()

    before = trainer.arrays()
    losses, arrays = train_steps()
    trainer.assign(before)
    repeated_losses, others = train_steps()
    assert repeated_losses == losses
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, others[name], name)


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["lstm", "delay"])  # whose states are [B, H] and [B, D, H]
def test_reset_streams_do_not_depend_on_the_past(tf, cell):
    from seqgen.training.trainer import Trainer

    trainer = Trainer(*specs(**OPTIONS | {"cell": cell}), VOCAB)
    batch = TBPTTBatches(tokens(), 16, 8, seed=0).read(0, 0)
    steps(trainer, 4)
    arrays = trainer.arrays()
    all_streams = np.ones(16, bool)
    one = trainer.step(replace(batch, reset=all_streams), 0.0)
    trainer.assign(arrays)
    trainer.reset()
    other = trainer.step(replace(batch, reset=~all_streams), 0.0)
    assert one == other


@pytest.mark.slow
def test_the_loss_is_weighted(tf):
    from seqgen.training.trainer import Trainer

    trainer = Trainer(*specs(**OPTIONS | {"precision": "float32", "dropout": 0.0}), VOCAB)
    batch = TBPTTBatches(tokens(), 16, 8, seed=0).read(0, 0)
    batch = replace(batch, reset=np.ones(16, bool))
    plain, _ = trainer.step(batch, 0.0)
    ones = np.ones((8, 16), np.float32)
    assert trainer.step(replace(batch, weights=ones), 0.0)[0] == pytest.approx(plain, rel=1e-5)
    parts = []
    for first in (True, False):
        weights = ones.copy()
        weights[4:] = 0.0 if first else 1.0
        weights[:4] = 1.0 if first else 0.0
        parts.append(trainer.step(replace(batch, weights=weights), 0.0)[0])
    assert np.mean(parts) == pytest.approx(plain, rel=1e-5)
    assert parts[0] != parts[1]


@pytest.mark.slow
def test_random_windows_are_compiled_once(tf):
    from seqgen.training.trainer import Trainer

    trainer = Trainer(*specs(**OPTIONS | {"truncate": "random"}), VOCAB)
    windows = TBPTTBatches(tokens(), 16, 8, seed=0, random=True)
    before, _ = trainer.measure(tokens())
    lengths = set()
    for n in range(12 * windows.steps):
        batch = windows.read(*divmod(n, windows.steps))
        lengths.add(len(batch.inputs))
        trainer.step(batch, 0.01)
    assert len(lengths) > 10
    assert trainer._train_step.experimental_get_tracing_count() == 1
    assert trainer.measure(tokens())[0] < 0.5 * before


@pytest.mark.slow
def test_the_expected_gradient_of_random_windows_is_the_full_gradient(tf):
    """All ways to cut a sequence, weighted by their probability, equal the uncut sequence."""
    from seqgen.training.trainer import Trainer

    steps, ids = 5, tokens()[: 16 * 6].reshape(16, 6).T.astype(np.int32)

    def gradient(trainer, *parts):
        """Gradient of the kernel, summed over consecutive windows."""
        states, total = trainer.model.initial_state(None, 16), 0.0
        for part in parts:
            with tf.GradientTape() as tape:
                logits, states = trainer.model(part[:-1], states)
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(part[1:], logits)
                loss = tf.reduce_sum(losses)
            total += tape.gradient(loss, trainer.model.recurrent[0].by_name["kernel"].value)
        return total

    options = OPTIONS | {"seq_length": 3, "cell": "rnn", "precision": "float32"}
    whole, random = (
        Trainer(*specs(**options | {"truncate": mode}), VOCAB) for mode in ("fixed", "random")
    )
    expected = gradient(whole, ids)
    mean = 0.0
    for cuts in itertools.product([True, False], repeat=steps - 1):
        edges = [0, *(t for t, cut in enumerate(cuts, 1) if cut), steps]
        parts = [ids[begin : end + 1] for begin, end in itertools.pairwise(edges)]
        probability = np.prod([1 / 3 if cut else 2 / 3 for cut in cuts])
        mean += probability * gradient(random, *parts)
    np.testing.assert_allclose(mean, expected, atol=1e-4 * np.abs(expected).max())
    # Without the compensation they differ.
    cut = gradient(whole, *[ids[t : t + 2] for t in range(steps)])
    assert np.abs(cut - expected).max() > 0.01 * np.abs(expected).max()
