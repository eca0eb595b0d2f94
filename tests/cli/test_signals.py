"""A run outlives its terminal, and a signal does not cost what was learned."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from seqgen.cli.signals import SIGNALS, Interruption, Screen, print_message
from seqgen.errors import CheckpointError
from seqgen.training import train_state

TRAIN = (
    *(sys.executable, "-m", "seqgen", "train", "river.txt"),
    *("--units", "16", "--embedding", "8", "--epochs"),
)


@pytest.mark.parametrize("number", SIGNALS)
def test_what_ends_a_run_after_a_signal_is_an_interruption(number: signal.Signals) -> None:
    # Where the tests run in the background, it may be ignored.
    before = signal.signal(number, signal.SIG_DFL)
    reached = []
    with Interruption() as interruption:
        signal.raise_signal(number)
        reached.append("before the first step a signal interrupts at once")
    assert (interruption.signal, reached) == (number, [])
    with Interruption() as interruption:
        interruption.may_wait = True
        signal.raise_signal(number)
        reached.append("later it waits for the end of a step")
        raise ImportError("as a module does when an import in it is interrupted")
    assert (interruption.signal, len(reached)) == (number, 1)
    assert signal.signal(number, before) is signal.SIG_DFL


def test_an_interruption_hides_no_failure_to_save() -> None:
    def fail_to_save() -> None:
        with Interruption() as interruption:
            interruption.may_wait = True
            signal.raise_signal(signal.SIGINT)
            raise CheckpointError("cannot save: the disk is full")

    with pytest.raises(CheckpointError, match="disk is full"):
        fail_to_save()
    with pytest.raises(ValueError, match="no signal came"), Interruption():
        raise ValueError("no signal came")


def test_what_was_ignored_is_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interruption() as interruption:
            signal.raise_signal(signal.SIGHUP)
        assert interruption.signal is None
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_screen_that_is_gone_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    monkeypatch.setattr("os.dup", lambda _: writer)
    with Screen() as screen:
        for _ in range(1000):
            screen.write("nobody reads this\n")
            screen.flush()


def test_what_is_said_goes_to_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    print_message("so it is: é")
    assert capfd.readouterr() == ("", "so it is: é\n")


@pytest.mark.slow
@pytest.mark.parametrize("heeded", [True, False])
def test_a_terminal_is_closed(text_file: Path, tmp_path: Path, heeded: bool) -> None:
    """The run is saved, as by Ctrl-C; under nohup it goes on to its end."""
    leader, follower = os.openpty()

    def of_the_terminal() -> None:
        import fcntl
        import termios

        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGHUP, signal.SIG_DFL if heeded else signal.SIG_IGN)

    with subprocess.Popen(
        [*TRAIN, "100000" if heeded else "30"], cwd=tmp_path, stdin=follower, stdout=follower,
        stderr=follower, start_new_session=True, preexec_fn=of_the_terminal,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "100", "LINES": "30"},
    ) as process:  # fmt: skip
        os.close(follower)
        seen = b""
        while not re.search(rb"sample at step [\s\S]* left", seen):
            seen += os.read(leader, 65536)
        os.close(leader)
        try:
            status = process.wait(60)
        finally:
            process.kill()
    path = tmp_path / "checkpoints" / "river"
    assert status == (128 + signal.SIGHUP if heeded else 0)
    assert train_state.read(path)[0].step > 0
    assert (path / "README.md").exists() == (not heeded)
