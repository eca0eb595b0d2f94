"""One process at a time has the lock; killing a process releases it."""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from seqgen.errors import CheckpointError
from seqgen.io import lock
from seqgen.io.lock import locked

HOLD = """
import sys, time
from pathlib import Path
from seqgen.io.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def holder(path, seconds):
    """Start another process that has the lock."""
    command = [sys.executable, "-c", HOLD, str(path), str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    return process


@pytest.mark.slow
def test_a_second_process_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "TIMEOUT", 0.2)
    with holder(tmp_path / "x", 60) as other:
        with pytest.raises(CheckpointError, match=str(tmp_path / "x")):
            locked(tmp_path / "x").__enter__()
        with locked(tmp_path / "y"):
            pass
        other.kill()


def test_killing_the_process_releases_the_lock(tmp_path):
    with holder(tmp_path / "x", 60) as other:
        other.send_signal(signal.SIGKILL)
        other.wait()
        with locked(tmp_path / "x"):
            pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_waits_for_a_process_that_is_about_to_exit(tmp_path):
    with holder(tmp_path / "x", 0.5) as other, locked(tmp_path / "x"):
        assert other.wait() == 0


def test_an_unwritable_folder_is_an_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CheckpointError), locked(tmp_path / "file" / "x"):
        pass


def test_a_folder_made_for_the_lock_is_removed_if_empty(tmp_path):
    with locked(tmp_path / "new" / "x"):
        assert (tmp_path / "new").is_dir()
    assert not (tmp_path / "new").exists()
    with locked(tmp_path / "new" / "x"):
        (tmp_path / "new" / "x").mkdir()
    assert (tmp_path / "new" / "x").is_dir()


def test_the_lock_is_inside_the_checkpoint_if_only_that_is_writable(plain_user):
    # Not tmp_path: its parents are closed to other users, and filelock needs the whole path.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x")
        path.mkdir()
        path.chmod(0o777)
        Path(folder).chmod(0o555)
        with plain_user(), locked(path):
            assert [file.name for file in path.iterdir()] == [".lock"]
        assert list(path.iterdir()) == []
        Path(folder).chmod(0o755)
