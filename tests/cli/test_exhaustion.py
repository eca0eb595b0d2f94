"""Real limits of disk and memory: a run continues if possible and keeps what was saved."""

import resource
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqgen.checkpoint.read import open_checkpoint
from seqgen.training import train_state
from tests.cli.processes import COMMAND, read_until

TEXT = "The river runs down to the sea, and the sea runs up to the sky;\n" * 40
OFTEN = "save_every = 0.05\nevaluations = 10\n"


@pytest.fixture(autouse=True)
def river(here: Path) -> None:
    """The current folder holds a text and a config file that saves often."""
    Path("river.txt").write_text(TEXT)
    Path("often.toml").write_text(OFTEN)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits another process")
def test_a_temporarily_full_disk_loses_nothing(here: Path) -> None:
    arguments = ("--units", "64", "--epochs", "30", "--config", "often.toml")
    command = [*COMMAND, "train", "river.txt", *arguments]
    path = here / "checkpoints" / "river"
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        read_until(process, "step 1 ")
        while not train_state.resumable(path):
            time.sleep(0.01)
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (2000, most))
        output = read_until(process, "; training continues")
        assert "cannot write" in output
        # The last saved state and the weights are complete.
        assert train_state.read(path, open_checkpoint(path).config)[0].step >= 0
        assert open_checkpoint(path).weights()
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, most))
        output = read_until(process, "saved in ")
        process.communicate()
    assert process.returncode == 0
    metrics = open_checkpoint(path).metrics()
    assert [m["step"] for m in metrics] == sorted(m["step"] for m in metrics)
    assert metrics[-1]["int8_loss"] is not None
    assert (path / "samples.txt").read_text().count("--- step ") == len(metrics) - 1


@pytest.mark.slow
def test_a_full_disk_is_an_error_at_the_end(
    seqgen: Callable[..., tuple[int, str, str]], tf: Any
) -> None:
    soft, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, most))
    try:
        arguments = ("--units", "64", "--epochs", "3", "--config", "often.toml")
        status, _, err = seqgen("train", "river.txt", *arguments)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, most))
    assert status == 1
    assert "training continues" in err
    assert err.splitlines()[-1].startswith("error: cannot write checkpoints/river/")
    assert "File too large" in err.splitlines()[-1]
    assert "Traceback" not in err


def run_limited(gigabytes: float, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command with a limited address space."""
    most = int(gigabytes * 1e9)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (most, most))

    command = [*COMMAND, *arguments]
    return subprocess.run(command, capture_output=True, text=True, preexec_fn=limit)


def read_files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_refused(done: "subprocess.CompletedProcess[str]", message: str) -> None:
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert message in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("more", [(), ("--overwrite",)])
def test_networks_larger_than_memory_are_refused(
    here: Path, trained: Callable[..., Path], more: tuple[str, ...]
) -> None:
    name = "other"
    if more:
        name = trained(here / "checkpoints" / "river", ["river.txt"]).name
    before = read_files(here)
    arguments = ("--units", "8000", "--epochs", "1", "--name", name)
    done = run_limited(4, "train", "river.txt", *arguments, *more)
    assert_refused(done, "4.0 (ulimit -v)")
    assert read_files(here) == before


@pytest.mark.slow
def test_resuming_without_memory_leaves_the_run_unchanged(
    here: Path, trained: Callable[..., Path]
) -> None:
    path = trained(here / "checkpoints" / "river", ["river.txt"])
    train_state.save(path, train_state.TrainState(epochs=1.0), {})
    before = read_files(here)
    assert_refused(run_limited(1, "train", "--resume", "river"), "ulimit -v")
    assert read_files(here) == before


@pytest.mark.slow
def test_sampling_needs_little_memory_or_is_refused(here: Path, make: Callable[..., Path]) -> None:
    make(here / "checkpoints" / "fox")
    done = run_limited(0.5, "sample", "fox", "--length", "20", "--seed", "1")
    assert (done.returncode, len(done.stdout)) == (0, 20)
    for gigabytes in (0.17, 0.19, 0.21, 0.23):
        done = run_limited(gigabytes, "sample", "fox", "--length", "20")
        assert_refused(done, "memory")
