"""The unigram model of token frequencies."""

import math

import numpy as np
import pytest

from seqgen.data import unigram
from seqgen.data.unigram import unigram_loss


@pytest.mark.parametrize("piece", [3, 1000])
def test_the_loss_is_that_of_smoothed_frequencies(
    piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unigram, "TOKENS", piece)
    training = np.array([0, 1, 1, 1, 2, 1, 1], np.uint8)  # 2, 6 and 2 of 10; and 1 of a fourth
    validation = np.array([0, 1, 2, 3, 1], np.uint8)
    probabilities = [6 / 11, 2 / 11, 1 / 11, 6 / 11]
    expected = -np.mean([math.log(p) for p in probabilities])
    assert unigram_loss(training, validation, 4) == pytest.approx(expected)


def test_input_features_are_ignored() -> None:
    ids = np.array([0, 1, 2, 1])
    rows = np.stack([ids, ids * 0], axis=1)
    assert unigram_loss(rows, rows, 3) == unigram_loss(ids, ids, 3)
