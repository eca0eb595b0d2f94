import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from seqgen.checkpoint.read import Checkpoint, open_checkpoint
from seqgen.data.tokenizers.base import END
from seqgen.generation.engine import Engine
from seqgen.generation.scoring import (
    mean_loss,
    negative_log_likelihood,
    quantisation_loss,
    token_losses,
)

SONNETS = Path(__file__).parents[2] / "corpora" / "sonnets.txt"


@pytest.fixture
def engine(checkpoint: Path) -> Engine:
    return Engine(open_checkpoint(checkpoint).graph())


def some_tokens(engine: Engine, length: int = 400) -> np.ndarray:
    """Ids as they lie on disk."""
    return np.random.default_rng(0).integers(1, engine.vocab, length).astype(np.uint8)


def alone(engine: Engine, tokens: np.ndarray) -> list[float]:
    """The loss of every token after the first, read in one go by one stream."""
    ids_T = tokens.astype(np.int64)
    logits_TBV, _ = engine.run(ids_T[:-1, None], engine.start(1))
    logits_TV = logits_TBV[:, 0].astype(np.float64)
    total_T = np.log(np.exp(logits_TV).sum(axis=1))
    return (total_T - logits_TV[np.arange(len(ids_T) - 1), ids_T[1:]]).tolist()


def test_one_stream_is_the_mean_over_the_text(engine: Engine) -> None:
    tokens = some_tokens(engine)
    assert mean_loss(engine, tokens, streams=1) == pytest.approx(
        np.mean(alone(engine, tokens)), abs=1e-5
    )


@pytest.mark.parametrize("length", [2, 3, 65, 1000, 1001])
def test_many_streams_count_each_token_once(engine: Engine, length: int) -> None:
    tokens = some_tokens(engine, length)
    single = np.mean(alone(engine, tokens))
    # So far after what a stream has not read this network remembers nothing of it.
    assert mean_loss(engine, tokens) == pytest.approx(single, abs=1e-3)


def test_each_document_is_read_from_nothing(engine: Engine) -> None:
    one, two = some_tokens(engine, 200), some_tokens(engine, 300)[200:]
    end = np.array([END], np.uint8)
    expected = alone(engine, np.concatenate([one, end])) + alone(engine, np.concatenate([end, two]))
    tokens = np.concatenate([one, end, two])
    for streams in (1, 7):
        found = mean_loss(engine, tokens, boundary=END, streams=streams)
        assert found == pytest.approx(np.mean(expected), abs=1e-3)
    assert mean_loss(engine, tokens, streams=1) != pytest.approx(np.mean(expected), abs=1e-6)


def lstm_by_its_equations(checkpoint: Checkpoint, ids: np.ndarray) -> list[float]:
    """The loss of every token after the first, in float64, one step after the other."""
    weights = {name: array.astype(np.float64) for name, array in checkpoint.weights().items()}

    def sigmoid(x: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-x))

    layers = len(checkpoint.config.model.units)
    states = [(np.zeros(n), np.zeros(n)) for n in checkpoint.config.model.units]
    found = []
    for id, follows in itertools.pairwise(ids.tolist()):
        x = weights["embedding/embeddings"][id]
        for layer in range(layers):
            h, c = states[layer]
            kernel, recurrent, bias = (
                weights[f"recurrent_{layer + 1}/{name}"]
                for name in ("kernel", "recurrent_kernel", "bias")
            )
            i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            x = sigmoid(o) * np.tanh(c)
            states[layer] = x, c
        logits = x @ weights["output/kernel"] + weights["output/bias"]
        found.append(float(np.log(np.exp(logits).sum()) - logits[follows]))
    return found


def test_the_losses_of_a_real_text_are_those_of_the_equations(
    tmp_path: Path, make: Callable[..., Path]
) -> None:
    text = SONNETS.read_text(encoding="utf-8")[:5000]
    opened = open_checkpoint(make(tmp_path / "x", text=text))
    ids = np.concatenate([[END], opened.tokenizer.encode(text)])
    expected = lstm_by_its_equations(opened, ids)
    engine = Engine(opened.graph("float32"))
    np.testing.assert_allclose(token_losses(engine, ids, streams=1), expected, atol=1e-5)
    # Side by side, each stream has read only so much before its share.
    np.testing.assert_allclose(token_losses(engine, ids), expected, atol=1e-3)
    assert mean_loss(engine, ids) == pytest.approx(np.mean(expected), abs=1e-5)


def test_how_far_it_is_is_told(engine: Engine) -> None:
    shares: list[float] = []
    token_losses(engine, some_tokens(engine, 20_000), on_progress=shares.append)
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert 0.8 < shares[-1] <= 1
    assert len(shares) > 3


def test_logits_however_large_have_a_loss() -> None:
    logits = np.array([[3000.0, 3000.0], [-3000.0, -3001.0]], np.float32)
    np.testing.assert_allclose(
        negative_log_likelihood(logits, np.array([1, 1])), [np.log(2), 1 + np.log1p(np.exp(-1))]
    )


def test_the_cost_of_int8_is_the_difference_of_the_two_losses(
    tmp_path: Path, make: Callable[..., Path]
) -> None:
    opened = open_checkpoint(make(tmp_path / "x", documents=3))
    tokens = some_tokens(Engine(opened.graph()), 2000)
    tokens[::50] = END
    coded, exact = (
        mean_loss(Engine(opened.graph(precision)), tokens, boundary=END)
        for precision in ("int8", "float32")
    )
    assert quantisation_loss(opened, tokens) == pytest.approx(coded - exact, abs=1e-9)
    assert 0 < abs(coded - exact) < 0.005
