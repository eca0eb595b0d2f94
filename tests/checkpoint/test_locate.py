import re
from collections.abc import Callable
from pathlib import Path

import pytest

from seqgen.checkpoint.locate import (
    find_checkpoint,
    is_shipped,
    list_checkpoints,
    shipped_checkpoints,
    shipped_folder,
    validate_name,
)
from seqgen.errors import CheckpointError, ConfigError


def test_finds_by_name_and_by_path(checkpoint: Path) -> None:
    assert find_checkpoint("fox", checkpoint.parent) == checkpoint
    assert find_checkpoint(str(checkpoint), Path("elsewhere")) == checkpoint


@pytest.mark.parametrize("name", ["cat", "../fox/..", "", "x" * 5000, "a\0b"])
def test_unknown_names_list_existing_checkpoints(checkpoint: Path, name: str) -> None:
    with pytest.raises(CheckpointError, match=r"fox.*seqgen train"):
        find_checkpoint(name, checkpoint.parent)


@pytest.mark.parametrize(
    ("name", "suggestion"), [("fxo", "fox"), ("Fox", "fox"), ("checkpoints/fo", "fox"), ("zzz", "")]
)
def test_unknown_names_suggest_the_closest(checkpoint: Path, name: str, suggestion: str) -> None:
    with pytest.raises(CheckpointError) as error:
        find_checkpoint(name, checkpoint.parent)
    assert ("did you mean" in str(error.value)) == bool(suggestion)
    assert not suggestion or f"did you mean {suggestion}?" in str(error.value)


def test_files_and_folders_that_are_not_checkpoints_are_refused(tmp_path: Path) -> None:
    (tmp_path / "poems.txt").write_text("Shall I compare thee")
    for path in (tmp_path, tmp_path / "poems.txt"):
        with pytest.raises(CheckpointError, match=r"config\.json"):
            find_checkpoint(str(path), Path("elsewhere"))


def test_shipped_checkpoints_are_suggested(make: Callable[..., Path], shipped: Path) -> None:
    make(shipped / "shakespeare")
    with pytest.raises(CheckpointError, match=r"'shakespear'; did you mean shakespeare\?"):
        find_checkpoint("shakespear", Path("elsewhere"))


def test_an_empty_folder_suggests_training(tmp_path: Path) -> None:
    assert list_checkpoints(tmp_path / "none") == []
    with pytest.raises(CheckpointError, match="seqgen train"):
        find_checkpoint("fox", tmp_path / "none")


def test_local_checkpoints_take_precedence_over_shipped_ones(
    checkpoint: Path, shipped: Path, make: Callable[..., Path]
) -> None:
    cat, fox = make(shipped / "cat"), make(shipped / "fox")
    assert shipped_checkpoints() == [cat, fox]
    assert find_checkpoint("cat", checkpoint.parent) == cat
    assert find_checkpoint("fox", checkpoint.parent) == checkpoint
    assert find_checkpoint("fox", Path("elsewhere")) == fox
    assert find_checkpoint(str(fox), checkpoint.parent) == fox
    assert is_shipped(fox)
    assert not is_shipped(checkpoint)
    with pytest.raises(CheckpointError, match="cat, fox"):
        find_checkpoint("dog", Path("elsewhere"))


def test_shipped_checkpoints_have_a_folder_of_their_own() -> None:
    """In a checkout, `seqgen train tunes` can write checkpoints/tunes."""
    checkout = Path(__file__).parents[2]
    assert shipped_folder() == checkout / "checkpoints" / "shipped"
    assert shipped_folder() not in [p.parent for p in list_checkpoints(checkout / "checkpoints")]


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "-x", ".x", "a\\b", "x" * 101, "a b"])
def test_invalid_names_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(repr(name))) as error:
        validate_name(name)
    assert error.value.option == "name"


@pytest.mark.parametrize("name", ["sonnets", "o-neills.2", "träume", "a_b"])
def test_valid_names_are_accepted(name: str) -> None:
    assert validate_name(name) == name
