"""A checkpoint is written in the background, and a failed write is retried."""

import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from seqgen.checkpoint import layout, titles, write
from seqgen.checkpoint.read import open_checkpoint
from seqgen.data.token_files import TRAINING, VALIDATION, open_ids
from seqgen.errors import CheckpointError
from seqgen.training import train_state
from seqgen.training.checkpoint_writer import AsyncCheckpointWriter
from seqgen.training.events import Saved, Unsaved
from seqgen.training.train_state import TrainState

ARRAYS = {"weight/a": np.ones(3, np.float32)}
IDS = {TRAINING: np.arange(20, dtype=np.uint8), VALIDATION: np.arange(9, dtype=np.uint8)}


def open_writer(path: Path) -> AsyncCheckpointWriter:
    return AsyncCheckpointWriter(open_checkpoint(path), IDS, TrainState(), None)


@pytest.fixture
def writer(checkpoint: Path) -> AsyncCheckpointWriter:
    return open_writer(checkpoint)


def test_a_reported_save_is_on_disk(writer: AsyncCheckpointWriter, checkpoint: Path) -> None:
    writer.best = {name: array + 1 for name, array in open_checkpoint(checkpoint).weights().items()}
    writer.add_metric({"step": 5})
    writer.add_sample("step 5", "la la")
    writer.save(TrainState(step=5), ARRAYS)
    writer.finish()
    assert set(writer.outcomes()) == {Saved(5)}
    position, arrays = train_state.read(checkpoint)
    assert position.step == 5
    np.testing.assert_array_equal(arrays["weight/a"], ARRAYS["weight/a"])
    stored_checkpoint = open_checkpoint(checkpoint)
    assert stored_checkpoint.metrics() == [{"step": 5}]
    np.testing.assert_array_equal(
        stored_checkpoint.weights()["output/bias"], writer.best["output/bias"]
    )
    assert (checkpoint / layout.SAMPLES).read_text() == "--- step 5 ---\nla la\n\n"


def test_training_does_not_wait_for_the_disk(
    writer: AsyncCheckpointWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = threading.Event()
    save = train_state.save
    monkeypatch.setattr(train_state, "save", lambda *given: slow.wait(60) and save(*given))
    writer.save(TrainState(step=1), ARRAYS)
    assert list(writer.outcomes()) == []
    slow.set()
    writer.finish()
    assert Saved(1) in writer.outcomes()


def test_the_next_save_retries_a_failed_write(
    writer: AsyncCheckpointWriter, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object, **named: object) -> None:
        raise CheckpointError("cannot write it: No space left on device")

    writer.best = open_checkpoint(checkpoint).weights()
    (checkpoint / layout.WEIGHTS).unlink()
    writer.add_metric({"step": 1})
    with monkeypatch.context() as patched:
        patched.setattr(write, "save_weights", full)
        writer.save(TrainState(step=1), ARRAYS)
        with pytest.raises(CheckpointError, match="No space left"):
            writer.finish()
    assert set(writer.outcomes()) == {Unsaved(1, "cannot write it: No space left on device")}
    writer.save(TrainState(step=2), ARRAYS)
    writer.finish()
    stored_checkpoint = open_checkpoint(checkpoint)
    assert stored_checkpoint.weights()
    assert stored_checkpoint.metrics() == [{"step": 1}]
    assert train_state.read(checkpoint)[0].step == 2


@pytest.mark.parametrize("remnant", [False, True])
def test_a_deleted_folder_is_recreated(
    writer: AsyncCheckpointWriter, checkpoint: Path, remnant: bool
) -> None:
    writer.best = open_checkpoint(checkpoint).weights()
    writer.add_metric({"step": 1})
    writer.save(TrainState(step=1), ARRAYS)
    writer.finish()
    shutil.rmtree(checkpoint)
    if remnant:  # deleted while a file was being written
        checkpoint.mkdir()
        (checkpoint / layout.METRICS).write_text("half")
        (checkpoint / ".metrics.jsonl.12345678.tmp").write_text("half")
    writer.add_metric({"step": 2})
    writer.save(TrainState(step=2), ARRAYS)
    writer.finish()
    stored_checkpoint = open_checkpoint(checkpoint)
    assert stored_checkpoint.weights()
    assert [line["step"] for line in stored_checkpoint.metrics()] == [1, 2]
    for name, ids in IDS.items():
        stored = open_ids(checkpoint / layout.RESUME / name, stored_checkpoint.config.vocab, ())
        np.testing.assert_array_equal(stored, ids)


def test_a_recreated_folder_has_the_titles(checkpoint: Path) -> None:
    titles.save(checkpoint, ["Fisher's *"])
    writer = open_writer(checkpoint)
    shutil.rmtree(checkpoint)
    writer.save(TrainState(step=1), ARRAYS)
    writer.finish()
    assert titles.read(checkpoint) == ("Fisher's *",)


def test_a_folder_is_recreated_whole_or_not_at_all(
    writer: AsyncCheckpointWriter, checkpoint: Path
) -> None:
    writer.save(TrainState(step=1), ARRAYS)
    writer.finish()
    shutil.rmtree(checkpoint)
    checkpoint.write_text("something else is here")
    writer.save(TrainState(step=2), ARRAYS)
    with pytest.raises(CheckpointError, match="already exists"):
        writer.finish()
    assert checkpoint.read_text() == "something else is here"
    checkpoint.unlink()
    writer.finish()
    assert train_state.read(checkpoint)[0].step == 2


def test_resuming_discards_writes_after_the_last_save(checkpoint: Path) -> None:
    writer = open_writer(checkpoint)
    writer.best = open_checkpoint(checkpoint).weights()
    writer.add_metric({"step": 1})
    writer.add_sample("step 1", "one")
    writer.save(TrainState(step=1), ARRAYS)
    writer.finish()
    position, arrays = train_state.read(checkpoint)
    # The process was killed after it wrote these files and before the state.
    for name, later in ((layout.METRICS, b'{"step": 2}\n'), (layout.SAMPLES, b"--- step 2")):
        with (checkpoint / name).open("ab") as file:
            file.write(later)
    leftovers = [checkpoint / ".model.safetensors.1.tmp", checkpoint / layout.RESUME / ".x.2.tmp"]
    for leftover in leftovers:
        leftover.touch()
    reopened = AsyncCheckpointWriter(open_checkpoint(checkpoint), IDS, position, arrays)
    reopened.save(position, arrays)
    reopened.finish()
    assert open_checkpoint(checkpoint).metrics() == [{"step": 1}]
    assert (checkpoint / layout.SAMPLES).read_text() == "--- step 1 ---\none\n\n"
    assert not any(leftover.exists() for leftover in leftovers)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_state_that_is_not_finite_is_not_saved(
    writer: AsyncCheckpointWriter, checkpoint: Path, wrong: float
) -> None:
    writer.save(TrainState(step=1), ARRAYS)
    writer.save(TrainState(step=2), {"weight/a": np.array([1, wrong], np.float32)})
    writer.finish()
    assert train_state.read(checkpoint)[0].step == 1
    assert writer.arrays is ARRAYS


def test_arrays_before_the_first_save_raise_an_error(
    writer: AsyncCheckpointWriter,
) -> None:
    with pytest.raises(CheckpointError):
        _ = writer.arrays


def test_programming_errors_propagate(
    writer: AsyncCheckpointWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(train_state, "save", fail)
    writer.save(TrainState(step=1), ARRAYS)
    with pytest.raises(ZeroDivisionError):
        writer.finish()
    with pytest.raises(ZeroDivisionError):
        list(writer.outcomes())
