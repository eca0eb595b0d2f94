from collections.abc import Callable
from pathlib import Path

import pytest

from seqgen.checkpoint.locate import list_checkpoints

Seqgen = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(checkpoint: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, which holds the checkpoint fox."""
    monkeypatch.chdir(checkpoint.parents[1])
    return checkpoint.parents[1]


def test_the_copy_gives_the_same_samples(folder: Path, seqgen: Seqgen) -> None:
    code, out, err = seqgen("checkpoints", "export", "fox", "out/copy", "--no-half")
    assert (code, out) == (0, "")
    assert "out/copy: " in err
    assert "MB" in err
    options = ("--seed", "3", "--length", "50")
    assert seqgen("sample", "out/copy", *options) == seqgen("sample", "fox", *options)


def test_existing_folders_are_refused(folder: Path, seqgen: Seqgen) -> None:
    code, _, err = seqgen("checkpoints", "export", "fox", "checkpoints/fox")
    assert code == 1
    assert "checkpoints/fox" in err


def test_unknown_checkpoints_are_refused(folder: Path, seqgen: Seqgen) -> None:
    code, _, err = seqgen("checkpoints", "export", "cat", "out")
    assert code == 1
    assert "no checkpoint 'cat'" in err


def test_shipped_checkpoints_sample_anywhere_and_are_not_written_to(
    folder: Path, shipped: Path, seqgen: Seqgen,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    seqgen("checkpoints", "export", "fox", str(shipped / "cat"))
    before = {path: path.stat().st_mtime_ns for path in shipped.rglob("*")}
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    code, out, err = seqgen("sample", "cat", "--prompt", "The", "--length", "20", "--verbose")
    assert code == 0
    assert out.startswith("The")
    assert "shipped with seqgen" in err
    assert {path: path.stat().st_mtime_ns for path in shipped.rglob("*")} == before
    assert list(Path.cwd().iterdir()) == []


def test_local_checkpoints_take_precedence_over_shipped_ones(
    folder: Path, shipped: Path, seqgen: Seqgen, make: Callable[..., Path]
) -> None:
    make(shipped / "fox", units=(5,))
    _, _, err = seqgen("sample", "fox", "--length", "5", "--verbose")
    assert "12, 8 units" in err
    assert "shipped with seqgen" not in err


def test_copies_cannot_be_resumed(folder: Path, shipped: Path, seqgen: Seqgen) -> None:
    seqgen("checkpoints", "export", "fox", str(shipped / "cat"))
    code, _, err = seqgen("train", "--resume", "cat", "--minutes", "1")
    assert code == 1
    assert "shipped/cat" in err


@pytest.mark.slow
def test_a_run_may_have_the_name_of_a_shipped_checkpoint(
    folder: Path, shipped: Path, seqgen: Seqgen, make: Callable[..., Path]
) -> None:
    """It needs no --overwrite and leaves the shipped checkpoint unchanged."""
    make(shipped / "river")
    before = {path: path.stat().st_mtime_ns for path in shipped.rglob("*")}
    (folder / "river.txt").write_text("The river runs down to the sea.\n" * 40)
    code, _, _ = seqgen("train", "river.txt", "--epochs", "1", "--units", "8", "--layers", "1")
    assert code == 0
    assert "river" in [path.name for path in list_checkpoints()]
    assert {path: path.stat().st_mtime_ns for path in shipped.rglob("*")} == before
    _, _, err = seqgen("sample", "river", "--length", "5", "--verbose")
    assert err.startswith("checkpoints/river: ")
