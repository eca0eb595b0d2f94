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
def test_an_unknown_name_lists_those_that_there_are(checkpoint: Path, name: str) -> None:
    with pytest.raises(CheckpointError, match=r"fox.*seqgen train"):
        find_checkpoint(name, checkpoint.parent)


@pytest.mark.parametrize(
    ("name", "offered"), [("fxo", "fox"), ("Fox", "fox"), ("checkpoints/fo", "fox"), ("zzz", "")]
)
def test_an_unknown_name_offers_the_nearest(checkpoint: Path, name: str, offered: str) -> None:
    with pytest.raises(CheckpointError) as error:
        find_checkpoint(name, checkpoint.parent)
    assert ("did you mean" in str(error.value)) == bool(offered)
    assert not offered or f"did you mean {offered}?" in str(error.value)


def test_a_file_or_folder_that_is_no_checkpoint_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "poems.txt").write_text("Shall I compare thee")
    for path in (tmp_path, tmp_path / "poems.txt"):
        with pytest.raises(CheckpointError, match=r"config\.json"):
            find_checkpoint(str(path), Path("elsewhere"))


def test_a_shipped_checkpoint_is_offered_too(make: Callable[..., Path], shipped: Path) -> None:
    make(shipped / "shakespeare")
    with pytest.raises(CheckpointError, match=r"'shakespear'; did you mean shakespeare\?"):
        find_checkpoint("shakespear", Path("elsewhere"))


def test_an_empty_place_says_how_to_train_one(tmp_path: Path) -> None:
    assert list_checkpoints(tmp_path / "none") == []
    with pytest.raises(CheckpointError, match="seqgen train"):
        find_checkpoint("fox", tmp_path / "none")


def test_those_that_come_with_seqgen_are_found_where_there_is_none_of_that_name(
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


def test_in_a_checkout_a_run_never_lies_where_one_ships() -> None:
    """`seqgen train tunes` there writes checkpoints/tunes, as it does everywhere."""
    checkout = Path(__file__).parents[2]
    assert shipped_folder() == checkout / "checkpoints" / "shipped"
    assert shipped_folder() not in [p.parent for p in list_checkpoints(checkout / "checkpoints")]


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "-x", ".x", "a\\b", "x" * 101, "a b"])
def test_a_name_is_a_plain_word(name: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(repr(name))):
        validate_name(name)


@pytest.mark.parametrize("name", ["sonnets", "o-neills.2", "träume", "a_b"])
def test_plain_words_are_names(name: str) -> None:
    assert validate_name(name) == name
