import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from seqgen.checkpoint.read import Checkpoint, open_checkpoint
from seqgen.data.tokenizers.base import END
from seqgen.errors import CheckpointError
from seqgen.evaluation.text.ngram import NGram
from seqgen.evaluation.tunes.bits_per_note import bits_per_note
from seqgen.tasks.tunes import encode_with_positions

TUNES = [f"R:none\nM:3/4\nK:Cmaj\nC2D2E2|{note}2DEFG|{note}6|]" for note in "CDEFGAB"]


@pytest.fixture
def uniform_model(tmp_path: Path, make: Callable[..., Path]) -> Checkpoint:
    """A model of tunes that predicts the uniform distribution."""
    text = "\n".join(TUNES * 3)
    path = make(tmp_path / "uniform", kind="tunes", text=text, tokens="abc", documents=7, scale=0.0)
    return open_checkpoint(path)


def rows(checkpoint: Checkpoint, tunes: list[str]) -> np.ndarray:
    return np.concatenate([part for part, _ in encode_with_positions(tunes, checkpoint.tokenizer)])


def test_bits_per_note_are_total_bits_over_notes(uniform_model: Checkpoint) -> None:
    training, validation = rows(uniform_model, TUNES[:5]), rows(uniform_model, TUNES[5:])
    notes = 2 * 9
    result = bits_per_note(uniform_model, training, validation)
    expected = math.log2(uniform_model.config.vocab) * (len(validation) - 1) / notes
    assert result["float32"] == pytest.approx(expected, rel=1e-5)
    assert result["int8"] == pytest.approx(expected, rel=1e-5)
    ngram = NGram.count(training[:, 0], 6, uniform_model.config.vocab, END)
    ngram_bits = ngram.surprisal(validation[:, 0]).sum() / math.log(2)
    assert result["6-gram"] == pytest.approx(ngram_bits / notes)
    assert result["6-gram"] < 0.5 * expected  # the tunes are similar


def test_a_part_without_notes_is_refused(uniform_model: Checkpoint) -> None:
    rests = ["R:none\nM:3/4\nK:Cmaj\nz6|z6|z6|]"]
    with pytest.raises(CheckpointError):
        bits_per_note(uniform_model, rows(uniform_model, TUNES), rows(uniform_model, rests))
