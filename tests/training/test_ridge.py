"""An output layer trained by ridge regression: its solution, saving and resuming."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seqgen.checkpoint.read import open_checkpoint
from seqgen.config.options import RunOptions
from seqgen.data.batching import TBPTTBatches
from seqgen.data.corpora import open_corpus
from seqgen.evaluation.text.ngram import NGram
from seqgen.training.events import Evaluated, Finished, Step
from seqgen.training.run import resume_run, start_run
from tests.specs import specs

VOCAB = 7
OPTIONS = {
    "cell": "esn",
    "readout": "ridge",
    "layers": 1,
    "units": (30,),
    "embedding": 5,
    "dropout": 0.0,
    "seq_length": 16,
    "batch_size": 8,
    "ridge": 0.01,
    "precision": "float32",
}
CORPORA = Path(__file__).parents[2] / "corpora"


def windows():
    tokens = np.random.default_rng(0).integers(0, VOCAB, 3000)
    tokens[1::2] = (tokens[::2] * 3 + 1) % VOCAB  # every second token follows from its predecessor
    return TBPTTBatches(tokens.astype(np.uint8), 8, 16, seed=0)


def ridge_trainer(**options):
    from seqgen.training.ridge import RidgeTrainer

    return RidgeTrainer(*specs(**OPTIONS | options), VOCAB)


def states(weights, ids_TB, h_BH):
    """Reservoir states [T, B, H + 1] in float64, with a 1 for the bias, and the last state."""
    w = {name.split("/")[-1]: array.astype(np.float64) for name, array in weights.items()}
    states_TBH = []
    for ids_B in ids_TB:
        a = w["embeddings"][ids_B] @ weights["recurrent_1/kernel"]
        h_BH = np.tanh(a + h_BH @ w["recurrent_kernel"])
        states_TBH.append(np.concatenate([h_BH, np.ones((len(h_BH), 1))], axis=1))
    return np.array(states_TBH), h_BH


def carried(batch):
    """The batch without resets."""
    return replace(batch, reset=np.zeros(8, bool))


@pytest.mark.usefixtures("tf")
@pytest.mark.parametrize("steps", [1, 5])
def test_each_block_solves_a_regression_on_the_errors(steps):
    """Each window is a block: it has more than 2 tokens for each of 31 weights."""
    trainer, data = ridge_trainer(), windows()
    weights = {n: a for n, a in trainer.model.arrays().items() if not n.startswith("output")}
    h_BH, W_IV = np.zeros((8, 30)), np.zeros((31, VOCAB))
    products, tokens = np.zeros((31, 31)), 0
    for n in range(steps):
        batch = carried(data.read(0, n))
        trainer.step(batch, 2.0 / (1 + n))
        x, h_BH = states(weights, batch.inputs, h_BH)
        x, y = x.reshape(-1, 31), batch.targets.reshape(-1)
        p = np.exp(x @ W_IV)
        p /= p.sum(1, keepdims=True)
        products, tokens = products + x.T @ x, tokens + len(x)
        penalty = 0.01 * np.trace(products / tokens) / 31 * np.eye(31)
        errors = x.T @ (np.eye(VOCAB)[y] - p) / len(x)
        W_IV += 2.0 / (1 + n) * np.linalg.inv(products / tokens + penalty) @ errors
    arrays = trainer.model.arrays()
    np.testing.assert_allclose(arrays["output/kernel"], W_IV[:-1], atol=2e-3)
    np.testing.assert_allclose(arrays["output/bias"], W_IV[-1], atol=2e-3)


@pytest.mark.usefixtures("tf")
def test_a_partial_block_is_solved_at_the_end_of_the_epoch():
    trainer, data = ridge_trainer(units=(200,)), windows()
    for n in range(3):  # 384 of the 402 tokens that a block of 201 weights has
        loss, _ = trainer.step(carried(data.read(0, n)), 1.0)
        assert loss == pytest.approx(np.log(VOCAB), abs=1e-5)
    assert not trainer.model.arrays()["output/kernel"].any()
    trainer.reset()
    assert trainer.step(carried(data.read(0, 3)), 1.0)[0] < 0.9 * np.log(VOCAB)


@pytest.mark.slow
@pytest.mark.usefixtures("tf")
def test_training_continues_from_a_copy_bit_for_bit():
    data, one, other = windows(), ridge_trainer(units=(100,)), ridge_trainer(units=(100,), seed=3)

    def train(trainer, first, last):
        return [trainer.step(data.read(0, n), 1.0) for n in range(first, last)]

    train(one, 0, 7)
    other.assign(one.arrays())
    assert train(one, 7, 12) == train(other, 7, 12)
    for name, array in one.arrays().items():
        np.testing.assert_array_equal(array, other.arrays()[name], name)


def run(path, *sources, **options):
    defaults = {"cell": "esn", "readout": "ridge", "units": (200,), "evaluations": 3}
    corpus = open_corpus([str(source) for source in sources])
    return start_run(corpus, RunOptions.of(defaults | options), path)


@pytest.mark.slow
@pytest.mark.usefixtures("tf")
def test_one_epoch_on_the_sonnets_beats_a_bigram_model(tmp_path):
    events = list(run(tmp_path / "sonnets", CORPORA / "sonnets.txt"))
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.result.epoch == 1
    assert [e.step for e in events if isinstance(e, Step)][-1] == 83
    path = tmp_path / "sonnets" / "resume"
    training, validation = (np.fromfile(p, np.uint8) for p in sorted(path.glob("*.bin")))
    pairs = NGram.count(training, 2, 73).loss(validation)
    assert 2.3 < pairs < 2.5
    assert finished.result.validation_loss < pairs - 0.1
    assert abs(finished.result.int8_loss) < 0.02


@pytest.mark.slow
@pytest.mark.usefixtures("tf")
@pytest.mark.parametrize("options", [{}, {"readout": "gradient", "epochs": 2.0}])
def test_an_interrupted_run_resumes_bit_for_bit(text_file, tmp_path, options):
    def steps(events):
        return [event for event in events if isinstance(event, Step | Evaluated)]

    options = {"units": (60,), "batch_size": 8, "seq_length": 16} | options
    whole = steps(run(tmp_path / "whole", text_file, **options))
    first, events = [], run(tmp_path / "parts", text_file, **options)
    for event in events:
        first += steps([event])
        if isinstance(event, Step) and event.step == 13:
            events.close()
            break
    rest = steps(resume_run(tmp_path / "parts", {}))
    losses = [[e.loss for e in part if isinstance(e, Step)] for part in (first, rest, whole)]
    assert losses[0] + losses[1] == losses[2]
    one, other = (open_checkpoint(tmp_path / n).weights() for n in ("whole", "parts"))
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name])
