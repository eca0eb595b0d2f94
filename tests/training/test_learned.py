from collections.abc import Callable
from pathlib import Path

import pytest

from seqgen.checkpoint import format
from seqgen.checkpoint.read import open_checkpoint
from seqgen.errors import CheckpointError, ConfigError
from seqgen.music.notation import text
from seqgen.training.data import TRAINING, VALIDATION, placed_ids, write_rows
from seqgen.training.learned import learned_tunes

TUNES = [f"R:none\nM:3/4\nK:Cmaj\nC2D2E2|{note}6|]" for note in "CDEFG"]


@pytest.fixture
def book(tmp_path: Path, make: Callable[..., Path]) -> Path:
    """A checkpoint with five tunes in its run, two of them held back."""
    path = make(tmp_path / "book", kind="tunes", text="\n".join(TUNES * 3), tokens="abc")
    tokenizer = open_checkpoint(path).tokenizer
    (path / format.RESUME).mkdir(exist_ok=True)
    for name, part in ((TRAINING, TUNES[:3]), (VALIDATION, TUNES[3:])):
        for _ in write_rows(path / format.RESUME / name, placed_ids(part, tokenizer)):
            pass
    return path


def test_the_tunes_are_those_of_the_run(book: Path) -> None:
    training, held_back = learned_tunes(open_checkpoint(book))
    assert [text(tune) for tune in training] == TUNES[:3]
    assert [text(tune) for tune in held_back] == TUNES[3:]


def test_a_run_without_its_tokens_is_told(book: Path) -> None:
    (book / format.RESUME / VALIDATION).unlink()
    with pytest.raises(CheckpointError, match="the tunes cannot be read"):
        learned_tunes(open_checkpoint(book))


def test_tokens_that_are_no_tunes_are_told(book: Path) -> None:
    for name in (TRAINING, VALIDATION):
        (book / format.RESUME / name).write_bytes(bytes([0, 1, 2, 3]))
    with pytest.raises(CheckpointError, match="the tokens cannot be read"):
        learned_tunes(open_checkpoint(book))


def test_a_model_of_text_has_none(checkpoint: Path) -> None:
    with pytest.raises(ConfigError, match="fox is a model of text"):
        learned_tunes(open_checkpoint(checkpoint))
