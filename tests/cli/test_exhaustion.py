"""Real limits of disk and memory: a run goes on where it can, and loses nothing that was saved."""

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from seqgen.checkpoint.read import open_checkpoint
from seqgen.training import train_state

COMMAND = (sys.executable, "-m", "seqgen")
TEXT = "The river runs down to the sea, and the sea runs up to the sky;\n" * 40
OFTEN = "save_every = 0.05\nevaluations = 100\n"


@pytest.fixture(autouse=True)
def river(here: Path) -> None:
    """The current folder holds a text, and the options for a run that is saved often."""
    Path("river.txt").write_text(TEXT)
    Path("often.toml").write_text(OFTEN)


def until(process: "subprocess.Popen[str]", words: str) -> str:
    """What a process has written to standard error, up to the line that has these words."""
    assert process.stderr
    seen = ""
    for line in process.stderr:
        seen += line
        if words in line:
            return seen
    raise AssertionError(seen)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits another process")
def test_a_disk_that_is_full_for_a_while_costs_nothing(here: Path) -> None:
    arguments = ("--units", "64", "--epochs", "150", "--config", "often.toml")
    command = [*COMMAND, "train", "river.txt", *arguments]
    path = here / "checkpoints" / "river"
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        until(process, "step 1 ")
        while not train_state.resumable(path):
            time.sleep(0.01)
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (2000, most))
        seen = until(process, "; training continues")
        assert "cannot write" in seen
        # What was saved last is whole, and so are the weights.
        assert train_state.read(path, open_checkpoint(path).config)[0].step >= 0
        assert open_checkpoint(path).weights()
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, most))
        seen = until(process, "saved in ")
        process.communicate()
    assert process.returncode == 0
    metrics = open_checkpoint(path).metrics()
    assert [m["step"] for m in metrics] == sorted(m["step"] for m in metrics)
    assert metrics[-1]["int8_loss"] is not None
    assert (path / "samples.txt").read_text().count("--- step ") == len(metrics) - 1


@pytest.mark.slow
def test_a_disk_that_stays_full_is_told_at_the_end(here: Path) -> None:

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    arguments = ("--units", "64", "--epochs", "3", "--config", "often.toml")
    command = [*COMMAND, "train", "river.txt", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=limit)
    assert done.returncode == 1
    assert "training continues" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: cannot write checkpoints/river/")
    assert "File too large" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def limited(gigabytes: float, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """A command whose process may take so many addresses, from its start on."""
    most = int(gigabytes * 1e9)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (most, most))

    command = [*COMMAND, *arguments]
    return subprocess.run(command, capture_output=True, text=True, preexec_fn=limit)


def content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(done: "subprocess.CompletedProcess[str]", message: str) -> None:
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert message in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("more", [(), ("--overwrite",)])
def test_a_network_that_memory_does_not_suffice_for_is_refused(
    here: Path, trained: Callable[..., Path], more: tuple[str, ...]
) -> None:
    name = "other"
    if more:
        name = trained(here / "checkpoints" / "river", ["river.txt"]).name
    before = content(here)
    arguments = ("--units", "8000", "--epochs", "1", "--name", name)
    done = limited(4, "train", "river.txt", *arguments, *more)
    refused(done, "GB of addresses, and this process is limited to 4.0 (ulimit -v); try smaller")
    assert content(here) == before


def test_a_run_that_cannot_go_on_for_lack_of_memory_stays_as_it_is(
    here: Path, trained: Callable[..., Path]
) -> None:
    path = trained(here / "checkpoints" / "river", ["river.txt"])
    train_state.save(path, train_state.TrainState(epochs=1.0), {})
    before = content(here)
    refused(limited(1, "train", "--resume", "river"), "GB of addresses, and this process is")
    assert content(here) == before


def test_a_sample_is_written_in_little_memory_or_refused(
    here: Path, make: Callable[..., Path]
) -> None:
    make(here / "checkpoints" / "fox")
    done = limited(0.5, "sample", "fox", "--length", "20", "--seed", "1")
    assert (done.returncode, len(done.stdout)) == (0, 20)
    for gigabytes in (0.17, 0.19, 0.21, 0.23):
        done = limited(gigabytes, "sample", "fox", "--length", "20")
        refused(done, "of memory, and this process can use")
