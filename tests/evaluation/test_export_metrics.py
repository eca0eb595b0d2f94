import math
from pathlib import Path

import numpy as np
import pytest

from seqgen.checkpoint import layout
from seqgen.checkpoint.export import export
from seqgen.checkpoint.read import Checkpoint, open_checkpoint
from seqgen.checkpoint.run_data import stored_validation
from seqgen.data.token_files import VALIDATION
from seqgen.errors import CheckpointError, TokenError
from seqgen.evaluation.export_metrics import losses, measure, rows_of
from seqgen.tasks import TASKS

LINES = "The quick brown fox jumps over the lazy dog.\n" * 3


@pytest.fixture
def run(checkpoint: Path) -> Checkpoint:
    """A checkpoint with its validation tokens."""
    model = open_checkpoint(checkpoint)
    (checkpoint / layout.RESUME).mkdir()
    rows = rows_of(model, [LINES]).astype(np.uint8)
    (checkpoint / layout.RESUME / VALIDATION).write_bytes(rows.tobytes())
    return model


def test_the_copy_has_the_losses_before_and_after_halving(run: Checkpoint, tmp_path: Path) -> None:
    excerpt = [LINES[:45]]
    result = export(
        run, tmp_path / "copy", half=True,
        measure=lambda copy: measure(run, copy, half=True, excerpt=excerpt, commands=("a",)),
    )  # fmt: skip
    copy = open_checkpoint(tmp_path / "copy")
    before = losses(run, stored_validation(run))
    assert result.validation == losses(copy, stored_validation(run))
    assert result.excerpt == losses(copy, rows_of(copy, excerpt))
    assert result.halving == result.validation["float32"] - before["float32"]
    assert 0 < abs(result.halving) < 1e-3
    assert set(result.excerpt) == {"int8", "float32"}


def test_without_tokens_or_halving_losses_are_missing(run: Checkpoint) -> None:
    result = measure(run, run, half=False)
    assert result.halving is None
    assert result.validation
    (run.path / layout.RESUME / VALIDATION).unlink()
    result = measure(run, run, half=True)
    assert (result.halving, result.validation, result.excerpt) == (None, {}, {})


def test_the_loss_of_an_untrained_network_is_that_of_chance(
    tune_checkpoint: Path,
) -> None:
    model = open_checkpoint(tune_checkpoint)
    text = "R:jig\nM:6/8\nK:Cmaj\nABcdef|gabc3|]\n\nR:jig\nM:6/8\nK:Cdor\nABcgab|c3|]\n"
    tunes = TASKS.load("tunes").parse_excerpt(text)
    assert len(tunes) == 2
    rows = rows_of(model, tunes)
    assert rows.shape[1] == 1 + len(model.config.feature_sizes)
    assert (rows[:, 0] == 0).sum() == 2, "each tune is preceded by END"
    assert losses(model, rows)["float32"] == pytest.approx(math.log(model.config.vocab), rel=0.05)
    assert TASKS.load("text").parse_excerpt(text) == [text]


def test_invalid_excerpts_and_tokens_are_refused(run: Checkpoint) -> None:
    with pytest.raises(TokenError):
        rows_of(run, ["Ω"])
    (run.path / layout.RESUME / VALIDATION).write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"validation\.bin"):
        stored_validation(run)
