from pathlib import Path

import pytest

from seqgen.checkpoint.find import checked_name, find, list_checkpoints
from seqgen.errors import CheckpointError, ConfigError


def test_finds_by_name_and_by_path(checkpoint: Path) -> None:
    assert find("fox", checkpoint.parent) == checkpoint
    assert find(str(checkpoint), Path("elsewhere")) == checkpoint


@pytest.mark.parametrize("name", ["cat", "../fox/..", "", "x" * 5000, "a\0b"])
def test_an_unknown_name_lists_those_that_there_are(checkpoint: Path, name: str) -> None:
    with pytest.raises(CheckpointError, match=r"fox.*seqgen train"):
        find(name, checkpoint.parent)


def test_an_empty_place_says_how_to_train_one(tmp_path: Path) -> None:
    assert list_checkpoints(tmp_path / "none") == []
    with pytest.raises(CheckpointError, match=r"holds none yet.*seqgen train"):
        find("fox", tmp_path / "none")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "-x", ".x", "a\\b", "x" * 101, "a b"])
def test_a_name_is_a_plain_word(name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be a checkpoint's name"):
        checked_name(name)


@pytest.mark.parametrize("name", ["sonnets", "o-neills.2", "träume", "a_b"])
def test_plain_words_are_names(name: str) -> None:
    assert checked_name(name) == name
