"""Fixtures of the command-line tests, above all the command run in this process."""

import gzip
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from seqgen.cli.app import main


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def seqgen(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run ``seqgen ARGUMENTS`` and return exit status, standard output and error."""

    def run(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()  # output of an earlier command
        monkeypatch.setattr(sys, "argv", ["seqgen", *arguments])
        # As strict about encoding errors as the stream of a process.
        with (
            open(1, "w", encoding="utf-8", closefd=False) as stdout,
            pytest.MonkeyPatch.context() as patched,
        ):
            patched.setattr(sys, "stdout", stdout)
            with pytest.raises(SystemExit) as end:
                main()
        code = end.value.code
        assert code is None or isinstance(code, int)
        return code or 0, *capfd.readouterr()

    return run


@pytest.fixture
def files(here: Path, checkpoint: Path) -> Path:
    """The current folder holds the checkpoint fox, good files and files of all bad kinds."""
    assert checkpoint.parents[1] == here
    (here / "good.txt").write_text("It was a good text, and long enough to learn from.\n" * 9)
    (here / "good.abc").write_text("X:1\nT:Good\nM:6/8\nK:D\nABc def|gab c3|]\n")
    (here / "empty.txt").write_text("")
    (here / "blank.txt").write_text(" \n\n")
    (here / "short.txt").write_text("too short")
    (here / "binary.txt").write_bytes(bytes(range(256)) * 20)
    (here / "latin.txt").write_bytes("café\n".encode("cp1252") * 20)
    (here / "text.txt.gz").write_bytes(gzip.compress(b"It was a good text.\n" * 9))
    (here / "folder").mkdir()
    (here / "broken.toml").write_text("units = [")
    (here / "unknown.toml").write_text("unit = 3")
    (here / "nonsense.toml").write_text('patience = "often"')
    return here
