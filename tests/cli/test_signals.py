"""Signals and closed terminals: the run is saved."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from seqgen.cli.signals import SIGNALS, Interruption, Screen, print_message
from seqgen.errors import CheckpointError
from seqgen.training import train_state
from tests.cli.processes import COMMAND, control_terminal, read_terminal

TRAIN = (
    *(*COMMAND, "train", "river.txt"),
    *("--units", "16", "--embedding", "8", "--epochs"),
)


@pytest.mark.parametrize("number", SIGNALS)
def test_errors_after_a_signal_count_as_an_interruption(number: signal.Signals) -> None:
    # Background processes may ignore it.
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


def test_an_interruption_does_not_hide_a_failure_to_save() -> None:
    def fail_to_save() -> None:
        with Interruption() as interruption:
            interruption.may_wait = True
            signal.raise_signal(signal.SIGINT)
            raise CheckpointError("cannot save: the disk is full")

    with pytest.raises(CheckpointError, match="disk is full"):
        fail_to_save()
    with pytest.raises(ValueError, match="no signal came"), Interruption():
        raise ValueError("no signal came")


def test_ignored_signals_stay_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interruption() as interruption:
            signal.raise_signal(signal.SIGHUP)
        assert interruption.signal is None
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_closed_screen_is_not_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    monkeypatch.setattr("os.dup", lambda _: writer)
    with Screen() as screen:
        for _ in range(1000):
            screen.write("nobody reads this\n")
            screen.flush()


def test_messages_go_to_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    print_message("so it is: é")
    assert capfd.readouterr() == ("", "so it is: é\n")


@pytest.mark.slow
@pytest.mark.parametrize("handled", [True, False])
def test_closing_the_terminal_saves_the_run(text_file: Path, tmp_path: Path, handled: bool) -> None:
    """The run is saved, as after Ctrl-C; under nohup it continues to its end."""
    leader, follower = os.openpty()

    def set_up_process() -> None:
        control_terminal()
        signal.signal(signal.SIGHUP, signal.SIG_DFL if handled else signal.SIG_IGN)

    with subprocess.Popen(
        [*TRAIN, "100000" if handled else "30"], cwd=tmp_path, stdin=follower, stdout=follower,
        stderr=follower, start_new_session=True, preexec_fn=set_up_process,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "100", "LINES": "30"},
    ) as process:  # fmt: skip
        os.close(follower)
        read_terminal(leader, rb"sample at step [\s\S]* left")
        os.close(leader)
        try:
            status = process.wait(60)
        finally:
            process.kill()
    path = tmp_path / "checkpoints" / "river"
    assert status == (128 + signal.SIGHUP if handled else 0)
    assert train_state.read(path)[0].step > 0
    assert (path / "README.md").exists() == (not handled)
