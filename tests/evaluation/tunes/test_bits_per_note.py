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
def even(tmp_path: Path, make: Callable[..., Path]) -> Checkpoint:
    """A network that finds all tokens alike, of a book of several tunes."""
    text = "\n".join(TUNES * 3)
    path = make(tmp_path / "even", kind="tunes", text=text, tokens="abc", documents=7, scale=0.0)
    return open_checkpoint(path)


def rows(checkpoint: Checkpoint, tunes: list[str]) -> np.ndarray:
    return np.concatenate([part for part, _ in encode_with_positions(tunes, checkpoint.tokenizer)])


def test_all_bits_over_the_notes(even: Checkpoint) -> None:
    training, held_back = rows(even, TUNES[:5]), rows(even, TUNES[5:])
    notes = 2 * 9
    found = bits_per_note(even, training, held_back)
    expected = math.log2(even.config.vocab) * (len(held_back) - 1) / notes
    assert found["float32"] == pytest.approx(expected, rel=1e-5)
    assert found["int8"] == pytest.approx(expected, rel=1e-5)
    model = NGram.count(training[:, 0], 6, even.config.vocab, END)
    bits = model.surprisal(held_back[:, 0]).sum() / math.log(2)
    assert found["6-gram"] == pytest.approx(bits / notes)
    assert found["6-gram"] < 0.5 * expected  # the tunes are much alike


def test_a_part_without_notes_is_refused(even: Checkpoint) -> None:
    rests = ["R:none\nM:3/4\nK:Cmaj\nz6|z6|z6|]"]
    with pytest.raises(CheckpointError):
        bits_per_note(even, rows(even, TUNES), rows(even, rests))
