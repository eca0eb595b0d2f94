"""Progress on standard error, and numbers that JSON cannot represent."""

import io
import math
import sys

import pytest

from seqgen.cli._common import Progress, download_progress, finite


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_appears_after_its_delay_and_is_not_markup(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal, now = Terminal(), [0.0]
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr("seqgen.cli._common.time.monotonic", lambda: now[0])
    with Progress(delay=1.0) as progress:
        progress("early", 0.1)
        assert terminal.getvalue() == ""
        now[0] = 1.5
        progress("reading [bold]a.txt", 0.5)
    assert "reading [bold]a.txt" in terminal.getvalue()
    assert "early" not in terminal.getvalue()


def test_without_a_terminal_only_the_start_of_a_download_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Progress() as progress:
        progress("reading", 0.5)
    with download_progress() as show:
        show("hamlet", 0, 200)
        show("hamlet", 100, 200)
    assert capsys.readouterr() == ("", "downloading hamlet\n")


def test_infinity_and_nan_become_null() -> None:
    assert finite({"a": [1.5, math.inf], "b": (math.nan, "c")}) == {
        "a": [1.5, None],
        "b": [None, "c"],
    }
