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
    """A checkpoint with the tokens that it was measured by."""
    opened = open_checkpoint(checkpoint)
    (checkpoint / layout.RESUME).mkdir()
    rows = rows_of(opened, [LINES]).astype(np.uint8)
    (checkpoint / layout.RESUME / VALIDATION).write_bytes(rows.tobytes())
    return opened


def test_a_copy_knows_what_halving_cost_and_the_loss_of_its_excerpt(
    run: Checkpoint, tmp_path: Path
) -> None:
    excerpt = [LINES[:45]]
    found = export(
        run, tmp_path / "copy", half=True,
        measure=lambda copy: measure(run, copy, half=True, excerpt=excerpt, commands=("a",)),
    )  # fmt: skip
    copy = open_checkpoint(tmp_path / "copy")
    before = losses(run, stored_validation(run))
    assert found.validation == losses(copy, stored_validation(run))
    assert found.excerpt == losses(copy, rows_of(copy, excerpt))
    assert found.halving == found.validation["float32"] - before["float32"]
    assert 0 < abs(found.halving) < 1e-3
    assert set(found.excerpt) == {"int8", "float32"}


def test_without_tokens_or_halving_there_is_nothing_to_tell(run: Checkpoint) -> None:
    found = measure(run, run, half=False)
    assert found.halving is None
    assert found.validation
    (run.path / layout.RESUME / VALIDATION).unlink()
    found = measure(run, run, half=True)
    assert (found.halving, found.validation, found.excerpt) == (None, {}, {})


def test_the_loss_of_a_network_that_knows_nothing_is_that_of_chance(
    tune_checkpoint: Path,
) -> None:
    opened = open_checkpoint(tune_checkpoint)
    text = "R:jig\nM:6/8\nK:Cmaj\nABcdef|gabc3|]\n\nR:jig\nM:6/8\nK:Cdor\nABcgab|c3|]\n"
    tunes = TASKS.load("tunes").parse_excerpt(text)
    assert len(tunes) == 2
    rows = rows_of(opened, tunes)
    assert rows.shape[1] == 1 + len(opened.config.feature_sizes)
    assert (rows[:, 0] == 0).sum() == 2, "each is led by the token of an end"
    assert losses(opened, rows)["float32"] == pytest.approx(math.log(opened.config.vocab), rel=0.05)
    assert TASKS.load("text").parse_excerpt(text) == [text]


def test_what_cannot_be_read_is_told(run: Checkpoint) -> None:
    with pytest.raises(TokenError):
        rows_of(run, ["Ω"])
    (run.path / layout.RESUME / VALIDATION).write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"validation\.bin"):
        stored_validation(run)
