"""Training in a child process."""

import os
import signal
from pathlib import Path

import pytest

from seqgen.comparison import worker
from seqgen.comparison.events import VariantEvent, VariantFinished
from seqgen.comparison.results import read
from seqgen.comparison.runner import compare
from seqgen.data.corpora import open_corpus
from seqgen.errors import CheckpointError, TrainingError
from seqgen.training import train_state
from seqgen.training.events import Started, Step

OPTIONS = {
    "units": ((16,),), "embedding": (8,), "seq_length": (16,), "batch_size": (8,),
    "cell": ("rnn", "gru"), "epochs": (200.0,), "save_every": (60.0,),
}  # fmt: skip


def children() -> set[int]:
    task = Path(f"/proc/self/task/{os.getpid()}/children")
    return set(map(int, task.read_text().split()))


@pytest.fixture
def prepared(text_file, tmp_path) -> Path:
    """A prepared checkpoint before its first step."""
    events = compare(open_corpus([str(text_file)]), OPTIONS, tmp_path / "c")
    while not (tmp_path / "c.json").exists():
        next(events)
    events.close()
    return tmp_path / "c-rnn"


@pytest.mark.slow
@pytest.mark.usefixtures("tf")
def test_closing_saves_the_run_and_ends_the_process(prepared: Path) -> None:
    before = children()
    events = worker.train(prepared)
    for event in events:
        if isinstance(event, Step) and event.step == 20:
            assert children() > before
            events.close()
            break
    assert children() == before
    position, _ = train_state.read(prepared)
    assert position.step >= 20
    resumed = worker.resume_or_start(prepared)
    for event in resumed:
        if isinstance(event, Started):
            assert event.resumed
        if isinstance(event, Step):
            assert event.step == position.step + 1
            resumed.close()
            break


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds its child in /proc")
def test_a_killed_process_fails_only_its_variant(text_file, tmp_path) -> None:
    before = children()
    events = compare(open_corpus([str(text_file)]), OPTIONS, tmp_path / "c")
    for event in events:
        if isinstance(event, VariantEvent) and isinstance(event.event, Step):
            os.kill((children() - before).pop(), signal.SIGKILL)
        elif isinstance(event, VariantFinished):
            break
    events.close()
    first, second = read(tmp_path / "c").entries
    assert first.failure == "its process was killed by SIGKILL; out of memory?"
    assert not second.finished


@pytest.mark.slow
def test_errors_of_the_child_are_raised_here(prepared: Path) -> None:
    (prepared / "resume" / "training.bin").unlink()
    with pytest.raises(CheckpointError, match=r"training\.bin"):
        list(worker.train(prepared))


def test_crashes_of_the_child_are_training_errors(prepared: Path, monkeypatch) -> None:
    monkeypatch.setattr(worker, "CHILD", "raise ZeroDivisionError('of all things')")
    with pytest.raises(TrainingError, match="ZeroDivisionError: of all things"):
        list(worker.train(prepared))


@pytest.mark.slow
def test_a_failure_to_save_on_closing_is_raised(prepared: Path) -> None:
    events = worker.train(prepared)
    for event in events:
        if isinstance(event, Step) and event.step == 3:
            (prepared / "resume" / "state.safetensors").unlink()
            (prepared / "resume" / "state.safetensors").mkdir()
            (prepared / "resume" / "state.safetensors" / "x").touch()
            with pytest.raises(CheckpointError, match=r"state\.safetensors"):
                events.close()
            break
