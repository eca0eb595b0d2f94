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
    """Ids as stored on disk."""
    return np.random.default_rng(0).integers(1, engine.vocab, length).astype(np.uint8)


def single_stream_losses(engine: Engine, tokens: np.ndarray) -> list[float]:
    """Loss of every token after the first, from one run of one stream."""
    ids_T = tokens.astype(np.int64)
    logits_TBV, _ = engine.run(ids_T[:-1, None], engine.start(1))
    logits_TV = logits_TBV[:, 0].astype(np.float64)
    total_T = np.log(np.exp(logits_TV).sum(axis=1))
    return (total_T - logits_TV[np.arange(len(ids_T) - 1), ids_T[1:]]).tolist()


def test_one_stream_is_the_mean_over_the_text(engine: Engine) -> None:
    tokens = some_tokens(engine)
    assert mean_loss(engine, tokens, streams=1) == pytest.approx(
        np.mean(single_stream_losses(engine, tokens)), abs=1e-5
    )


@pytest.mark.parametrize("length", [2, 3, 65, 1000, 1001])
def test_many_streams_count_each_token_once(engine: Engine, length: int) -> None:
    tokens = some_tokens(engine, length)
    single = np.mean(single_stream_losses(engine, tokens))
    # This network forgets quickly, so the missing context of later streams hardly matters.
    assert mean_loss(engine, tokens) == pytest.approx(single, abs=1e-3)


def test_documents_start_from_the_zero_state(engine: Engine) -> None:
    one, two = some_tokens(engine, 200), some_tokens(engine, 300)[200:]
    end = np.array([END], np.uint8)
    expected = single_stream_losses(engine, np.concatenate([one, end])) + single_stream_losses(
        engine, np.concatenate([end, two])
    )
    tokens = np.concatenate([one, end, two])
    for streams in (1, 7):
        loss = mean_loss(engine, tokens, boundary=END, streams=streams)
        assert loss == pytest.approx(np.mean(expected), abs=1e-3)
    assert mean_loss(engine, tokens, streams=1) != pytest.approx(np.mean(expected), abs=1e-6)


def reference_losses(checkpoint: Checkpoint, ids: np.ndarray) -> list[float]:
    """Loss of every token after the first, computed step by step in float64."""
    weights = {name: array.astype(np.float64) for name, array in checkpoint.weights().items()}

    def sigmoid(x: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-x))

    layers = len(checkpoint.config.model.units)
    states = [(np.zeros(n), np.zeros(n)) for n in checkpoint.config.model.units]
    losses = []
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
        losses.append(float(np.log(np.exp(logits).sum()) - logits[follows]))
    return losses


def test_losses_equal_the_equations_of_the_lstm(tmp_path: Path, make: Callable[..., Path]) -> None:
    text = SONNETS.read_text(encoding="utf-8")[:5000]
    model = open_checkpoint(make(tmp_path / "x", text=text))
    ids = np.concatenate([[END], model.tokenizer.encode(text)])
    expected = reference_losses(model, ids)
    engine = Engine(model.graph("float32"))
    np.testing.assert_allclose(token_losses(engine, ids, streams=1), expected, atol=1e-5)
    # With several streams, each has a limited context before its part.
    np.testing.assert_allclose(token_losses(engine, ids), expected, atol=1e-3)
    assert mean_loss(engine, ids) == pytest.approx(np.mean(expected), abs=1e-5)


def test_progress_is_reported(engine: Engine) -> None:
    fractions: list[float] = []
    token_losses(engine, some_tokens(engine, 20_000), on_progress=fractions.append)
    assert fractions == sorted(fractions)
    assert fractions[0] == 0
    assert 0.8 < fractions[-1] <= 1
    assert len(fractions) > 3


def test_large_logits_have_a_finite_loss() -> None:
    logits = np.array([[3000.0, 3000.0], [-3000.0, -3001.0]], np.float32)
    np.testing.assert_allclose(
        negative_log_likelihood(logits, np.array([1, 1])), [np.log(2), 1 + np.log1p(np.exp(-1))]
    )


def test_quantisation_loss_is_the_difference_of_the_losses(
    tmp_path: Path, make: Callable[..., Path]
) -> None:
    model = open_checkpoint(make(tmp_path / "x", documents=3))
    tokens = some_tokens(Engine(model.graph()), 2000)
    tokens[::50] = END
    quantised, exact = (
        mean_loss(Engine(model.graph(precision)), tokens, boundary=END)
        for precision in ("int8", "float32")
    )
    assert quantisation_loss(model, tokens) == pytest.approx(quantised - exact, abs=1e-9)
    assert 0 < abs(quantised - exact) < 0.005
