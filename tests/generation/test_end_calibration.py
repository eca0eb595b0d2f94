"""Calibration of document ends by the lengths of real documents."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from seqgen.checkpoint import end_calibration
from seqgen.checkpoint.read import open_checkpoint
from seqgen.data.tokenizers.base import END
from seqgen.generation import load
from seqgen.generation.end_calibration import BEYOND, bias, calibrate, log_odds, ranges
from seqgen.generation.engine import Engine
from seqgen.generation.scoring import token_losses


@pytest.fixture
def path(make: Callable[..., Path], tmp_path: Path) -> Path:
    """A model of a list that ends a document about every sixth token, regardless of its length."""
    return make(
        tmp_path / "list", text="abcdef" * 20, documents=400, held_out=40, unit="line",
        bias={"": 1.0}, scale=0.3,
    )  # fmt: skip


def encode_lengths(path: Path, lengths: list[int]) -> np.ndarray:
    tokenizer = open_checkpoint(path).tokenizer
    return tokenizer.encode_documents(["abcdef"[n % 6] * size for n, size in enumerate(lengths)])


def test_documents_get_the_lengths_of_real_ones(path: Path) -> None:
    engine = Engine(open_checkpoint(path).graph("float32"))
    calibration = calibrate(engine, encode_lengths(path, [8, 9, 10, 11, 12] * 40))
    assert calibration is not None
    assert calibration.lengths[0] == 8
    assert calibration.lengths[-1] == 13
    assert calibration.biases[0] < -2
    assert calibration.biases[-1] >= BEYOND
    end_calibration.save(path, calibration)
    texts = [""] * 200
    generator = load(path)
    from seqgen.config.options import SamplingOptions

    for index, text in generator.pieces("", SamplingOptions(count=200, seed=1, temperature=1.0)):
        texts[index] += text
    sizes = np.array([*map(len, texts)])
    assert ((sizes >= 8) & (sizes <= 13)).mean() > 0.9
    assert 9 < sizes.mean() < 11
    long = "".join(generator.generate("abcdefabcd", seed=1, temperature=1.0))
    assert len(long) <= 4  # the prompt counts


def test_few_documents_give_no_calibration(path: Path) -> None:
    engine = Engine(open_checkpoint(path).graph("float32"))
    assert calibrate(engine, encode_lengths(path, [5] * 29)) is None
    assert calibrate(engine, encode_lengths(path, [5] * 30)) is not None


def test_log_odds_agree_with_the_loss(path: Path) -> None:
    engine = Engine(open_checkpoint(path).graph("float32"))
    tokens = encode_lengths(path, [3, 7])
    nats = token_losses(engine, np.append(tokens, END), boundary=END, streams=1)
    first, second = log_odds(engine, [tokens[:4], tokens[4:]])
    for odds, loss in ((first[-1], nats[3]), (second[-1], nats[11])):
        assert -np.log(1 / (1 + np.exp(-odds))) == pytest.approx(loss, abs=1e-4)


def test_a_calibrated_network_is_not_changed() -> None:
    odds = np.full(1000, -2.0)
    expected = 1000 / (1 + np.exp(2.0))
    assert abs(bias(odds, round(expected))) < 0.02
    assert bias(odds, 500) == pytest.approx(2.0, abs=0.02)
    assert -7 < bias(odds, 0) < -4


def test_ranges_have_similar_numbers_of_documents() -> None:
    assert ranges(np.array([4] * 40)).tolist() == [4, 5]
    edges = ranges(np.arange(100))
    assert len(edges) == 11
    assert edges[0] == 0
    assert edges[-1] == 100
