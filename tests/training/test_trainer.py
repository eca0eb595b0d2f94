"""The network learns, measures as a single reader would, and comes back exactly."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from seqgen.data.batching import TBPTTBatches
from seqgen.models import cells
from tests.specs import specs

VOCAB = 11
SAID = {
    "layers": 1,
    "units": (16,),
    "embedding": 8,
    "dropout": 0.2,
    "seq_length": 8,
    "batch_size": 16,
}


@pytest.fixture
def learner(tf):
    from seqgen.training.trainer import Trainer

    return Trainer(*specs(**SAID), VOCAB)


def tokens(length=2000):
    """A stream with a rule to learn: each token is the sum of the two before it."""
    stream = [1, 2]
    while len(stream) < length:
        stream.append((stream[-1] + stream[-2]) % VOCAB)
    return np.array(stream, np.uint8)


def steps(learner, count, begin=0):
    windows = TBPTTBatches(tokens(), 16, 8, seed=0)
    return [learner.step(windows.read(0, n), 0.01)[0] for n in range(begin, begin + count)]


def test_it_learns_a_rule(learner):
    before, _ = learner.measure(tokens())
    assert before == pytest.approx(np.log(VOCAB), abs=0.3)
    for _ in range(12):
        steps(learner, 15)
    assert learner.measure(tokens())[0] < 0.2 * before


def test_measuring_in_many_streams_equals_one_reader(learner):
    """Far from the beginning of a stream, the state that it lacked makes no difference."""
    steps(learner, 15)
    part = tokens(3000)
    reader = learner.reader
    reader.assign(learner.model.arrays())
    logits, _ = reader(part[:-1, None].astype(np.int32), reader.initial_state(None, 1))
    logits = logits.numpy()[:, 0].astype(np.float64)
    chosen = logits[np.arange(len(logits)), part[1:]]
    alone = np.mean(np.log(np.exp(logits).sum(1)) - chosen)
    assert learner.measure(part) == (pytest.approx(alone, abs=1e-3), len(part) - 1)


def test_an_average_is_what_is_measured_and_used_and_not_what_learns(tf):
    from seqgen.training.trainer import Trainer

    averaged, plain = (
        Trainer(*specs(**SAID | {"weight_averaging": share}), VOCAB) for share in (0.5, 0.0)
    )
    assert steps(averaged, 15) == steps(plain, 15)
    used, last = averaged.network(), averaged.model.arrays()
    assert max(np.abs(used[name] - last[name]).max() for name in last) > 1e-3
    assert averaged.measure(tokens()) == plain.measure(tokens(), weights=used)
    assert averaged.measure(tokens(), weights=last) == plain.measure(tokens())


def test_measuring_changes_nothing(learner):
    steps(learner, 3)
    kept = learner.arrays()
    learner.measure(tokens())
    for name, array in learner.arrays().items():
        np.testing.assert_array_equal(array, kept[name], name)


@pytest.mark.parametrize("more", [{}, {"weight_averaging": 0.5, "variational": True}])
def test_from_a_copy_it_goes_on_bit_for_bit(tf, more):
    from seqgen.training.trainer import Trainer

    learner = Trainer(*specs(**SAID | more), VOCAB)
    steps(learner, 5)
    kept = learner.arrays()
    expected = steps(learner, 5, begin=5)
    other = Trainer(*specs(**SAID | more | {"seed": 7}), VOCAB)
    other.assign(kept)
    assert steps(other, 5, begin=5) == expected
    for name, array in other.arrays().items():
        np.testing.assert_array_equal(array, learner.arrays()[name], name)


@pytest.mark.parametrize(
    ("more", "beside"),
    [
        *(({"cell": name}, ()) for name in cells.names()),
        ({"cell": "gru", "reset": "before"}, ()),
        ({"recurrent_dropout": 0.2}, (7, 5)),
    ],
)
def test_the_same_steps_give_the_same_bits_on_all_threads(tf, more, beside):
    """Also where many tokens share a row of the embedding, whose gradients are summed in it."""
    from seqgen.training.trainer import Trainer

    vocab, batch, window = 500, 32, 20
    sizes = {
        "units": (48,),
        "embedding": 24,
        "dropout": 0.3,
        "seq_length": window,
        "batch_size": batch,
    }
    learner = Trainer(*specs(**SAID | sizes | more), vocab, 0, beside)
    chance = np.random.default_rng(1)
    ids = chance.zipf(1.3, 4 * batch * window + 1) % vocab
    rows = [ids, *(chance.integers(0, most, len(ids)) for most in beside)]
    ids = np.stack(rows, 1).astype(np.uint16) if beside else ids.astype(np.uint16)
    windows = TBPTTBatches(ids, batch, window, seed=0)

    def learned():
        losses = [learner.step(windows.read(0, n), 0.01) for n in range(3)]
        return losses, learner.arrays()

    before = learner.arrays()
    losses, arrays = learned()
    learner.assign(before)
    again, others = learned()
    assert again == losses
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, others[name], name)


@pytest.mark.parametrize("cell", ["lstm", "delay"])  # whose states are [B, H] and [B, D, H]
def test_a_stream_that_forgets_does_not_feel_its_past(tf, cell):
    from seqgen.training.trainer import Trainer

    learner = Trainer(*specs(**SAID | {"cell": cell}), VOCAB)
    batch = TBPTTBatches(tokens(), 16, 8, seed=0).read(0, 0)
    steps(learner, 4)
    kept = learner.arrays()
    everyone = np.ones(16, bool)
    one = learner.step(replace(batch, reset=everyone), 0.0)
    learner.assign(kept)
    learner.reset()
    other = learner.step(replace(batch, reset=~everyone), 0.0)
    assert one == other


def test_targets_count_in_the_loss_by_their_weights(tf):
    from seqgen.training.trainer import Trainer

    learner = Trainer(*specs(**SAID | {"precision": "float32", "dropout": 0.0}), VOCAB)
    batch = TBPTTBatches(tokens(), 16, 8, seed=0).read(0, 0)
    batch = replace(batch, reset=np.ones(16, bool))
    plain, _ = learner.step(batch, 0.0)
    ones = np.ones((8, 16), np.float32)
    assert learner.step(replace(batch, weights=ones), 0.0)[0] == pytest.approx(plain, rel=1e-5)
    parts = []
    for first in (True, False):
        weights = ones.copy()
        weights[4:] = 0.0 if first else 1.0
        weights[:4] = 1.0 if first else 0.0
        parts.append(learner.step(replace(batch, weights=weights), 0.0)[0])
    assert np.mean(parts) == pytest.approx(plain, rel=1e-5)
    assert parts[0] != parts[1]


def test_with_random_windows_a_step_is_compiled_once_and_learns(tf):
    from seqgen.training.trainer import Trainer

    learner = Trainer(*specs(**SAID | {"truncate": "random"}), VOCAB)
    windows = TBPTTBatches(tokens(), 16, 8, seed=0, random=True)
    before, _ = learner.measure(tokens())
    lengths = set()
    for n in range(12 * windows.steps):
        batch = windows.read(*divmod(n, windows.steps))
        lengths.add(len(batch.inputs))
        learner.step(batch, 0.01)
    assert len(lengths) > 10
    assert learner._train_step.experimental_get_tracing_count() == 1
    assert learner.measure(tokens())[0] < 0.5 * before


def test_the_mean_gradient_of_random_windows_is_the_whole_one(tf):
    """Two windows of any length, weighed by their chances, against one that is not cut."""
    from seqgen.training.trainer import Trainer

    steps, ids = 5, tokens()[: 16 * 6].reshape(16, 6).T.astype(np.int32)

    def gradient(learner, *parts):
        """Of the kernel, from windows that follow one another."""
        states, total = learner.model.initial_state(None, 16), 0.0
        for part in parts:
            with tf.GradientTape() as tape:
                logits, states = learner.model(part[:-1], states)
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(part[1:], logits)
                loss = tf.reduce_sum(losses)
            total += tape.gradient(loss, learner.model.recurrent[0].by_name["kernel"].value)
        return total

    said = SAID | {"seq_length": 3, "cell": "rnn", "precision": "float32"}
    whole, random = (
        Trainer(*specs(**said | {"truncate": how}), VOCAB) for how in ("fixed", "random")
    )
    expected = gradient(whole, ids)
    mean = 0.0
    for cuts in itertools.product([True, False], repeat=steps - 1):
        edges = [0, *(t for t, cut in enumerate(cuts, 1) if cut), steps]
        parts = [ids[begin : end + 1] for begin, end in itertools.pairwise(edges)]
        chance = np.prod([1 / 3 if cut else 2 / 3 for cut in cuts])
        mean += chance * gradient(random, *parts)
    np.testing.assert_allclose(mean, expected, atol=1e-4 * np.abs(expected).max())
    # It is not so without the compensation.
    cut = gradient(whole, *[ids[t : t + 2] for t in range(steps)])
    assert np.abs(cut - expected).max() > 0.01 * np.abs(expected).max()
