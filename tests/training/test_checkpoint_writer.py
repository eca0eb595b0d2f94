"""What a run writes arrives in the background, and arrives after all where that failed."""

import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from seqgen.checkpoint import layout, write
from seqgen.checkpoint.read import open_checkpoint
from seqgen.data.token_files import TRAINING, VALIDATION, open_ids
from seqgen.errors import CheckpointError
from seqgen.training import train_state
from seqgen.training.checkpoint_writer import AsyncCheckpointWriter
from seqgen.training.events import Saved, Unsaved
from seqgen.training.train_state import TrainState

ARRAYS = {"weight/a": np.ones(3, np.float32)}
IDS = {TRAINING: np.arange(20, dtype=np.uint8), VALIDATION: np.arange(9, dtype=np.uint8)}


def keeper_of(path: Path) -> AsyncCheckpointWriter:
    return AsyncCheckpointWriter(open_checkpoint(path), IDS, TrainState(), None)


@pytest.fixture
def keeper(checkpoint: Path) -> AsyncCheckpointWriter:
    return keeper_of(checkpoint)


def test_what_is_saved_is_on_disk_once_it_is_told(
    keeper: AsyncCheckpointWriter, checkpoint: Path
) -> None:
    keeper.best = {name: array + 1 for name, array in open_checkpoint(checkpoint).weights().items()}
    keeper.add_metric({"step": 5})
    keeper.add_sample("step 5", "la la")
    keeper.save(TrainState(step=5), ARRAYS)
    keeper.finish()
    assert set(keeper.outcomes()) == {Saved(5)}
    position, arrays = train_state.read(checkpoint)
    assert position.step == 5
    np.testing.assert_array_equal(arrays["weight/a"], ARRAYS["weight/a"])
    opened = open_checkpoint(checkpoint)
    assert opened.metrics() == [{"step": 5}]
    np.testing.assert_array_equal(opened.weights()["output/bias"], keeper.best["output/bias"])
    assert (checkpoint / layout.SAMPLES).read_text() == "--- step 5 ---\nla la\n\n"


def test_training_does_not_wait_for_the_disk(
    keeper: AsyncCheckpointWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = threading.Event()
    save = train_state.save
    monkeypatch.setattr(train_state, "save", lambda *given: slow.wait(60) and save(*given))
    keeper.save(TrainState(step=1), ARRAYS)
    assert list(keeper.outcomes()) == []
    slow.set()
    keeper.finish()
    assert Saved(1) in keeper.outcomes()


def test_what_could_not_be_written_is_written_with_the_next_save(
    keeper: AsyncCheckpointWriter, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object, **named: object) -> None:
        raise CheckpointError("cannot write it: No space left on device")

    keeper.best = open_checkpoint(checkpoint).weights()
    (checkpoint / layout.WEIGHTS).unlink()
    keeper.add_metric({"step": 1})
    with monkeypatch.context() as patched:
        patched.setattr(write, "save_weights", full)
        keeper.save(TrainState(step=1), ARRAYS)
        with pytest.raises(CheckpointError, match="No space left"):
            keeper.finish()
    assert set(keeper.outcomes()) == {Unsaved(1, "cannot write it: No space left on device")}
    keeper.save(TrainState(step=2), ARRAYS)
    keeper.finish()
    opened = open_checkpoint(checkpoint)
    assert opened.weights()
    assert opened.metrics() == [{"step": 1}]
    assert train_state.read(checkpoint)[0].step == 2


@pytest.mark.parametrize("remnant", [False, True])
def test_a_folder_that_was_deleted_is_made_anew(
    keeper: AsyncCheckpointWriter, checkpoint: Path, remnant: bool
) -> None:
    keeper.best = open_checkpoint(checkpoint).weights()
    keeper.add_metric({"step": 1})
    keeper.save(TrainState(step=1), ARRAYS)
    keeper.finish()
    shutil.rmtree(checkpoint)
    if remnant:  # it was deleted while something was written into it
        checkpoint.mkdir()
        (checkpoint / layout.METRICS).write_text("half")
        (checkpoint / ".metrics.jsonl.12345678.tmp").write_text("half")
    keeper.add_metric({"step": 2})
    keeper.save(TrainState(step=2), ARRAYS)
    keeper.finish()
    opened = open_checkpoint(checkpoint)
    assert opened.weights()
    assert [line["step"] for line in opened.metrics()] == [1, 2]
    for name, ids in IDS.items():
        found = open_ids(checkpoint / layout.RESUME / name, opened.config.vocab, ())
        np.testing.assert_array_equal(found, ids)


def test_where_the_folder_cannot_be_made_anew_it_is_not_half_made(
    keeper: AsyncCheckpointWriter, checkpoint: Path
) -> None:
    keeper.save(TrainState(step=1), ARRAYS)
    keeper.finish()
    shutil.rmtree(checkpoint)
    checkpoint.write_text("something else is here")
    keeper.save(TrainState(step=2), ARRAYS)
    with pytest.raises(CheckpointError, match="already exists"):
        keeper.finish()
    assert checkpoint.read_text() == "something else is here"
    checkpoint.unlink()
    keeper.finish()
    assert train_state.read(checkpoint)[0].step == 2


def test_what_was_written_after_the_last_save_is_left_out(checkpoint: Path) -> None:
    keeper = keeper_of(checkpoint)
    keeper.best = open_checkpoint(checkpoint).weights()
    keeper.add_metric({"step": 1})
    keeper.add_sample("step 1", "one")
    keeper.save(TrainState(step=1), ARRAYS)
    keeper.finish()
    position, arrays = train_state.read(checkpoint)
    # It was killed between these files and the state.
    for name, later in ((layout.METRICS, b'{"step": 2}\n'), (layout.SAMPLES, b"--- step 2")):
        with (checkpoint / name).open("ab") as file:
            file.write(later)
    leftovers = [checkpoint / ".model.safetensors.1.tmp", checkpoint / layout.RESUME / ".x.2.tmp"]
    for leftover in leftovers:
        leftover.touch()
    again = AsyncCheckpointWriter(open_checkpoint(checkpoint), IDS, position, arrays)
    again.save(position, arrays)
    again.finish()
    assert open_checkpoint(checkpoint).metrics() == [{"step": 1}]
    assert (checkpoint / layout.SAMPLES).read_text() == "--- step 1 ---\none\n\n"
    assert not any(leftover.exists() for leftover in leftovers)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_state_that_is_not_finite_is_not_saved(
    keeper: AsyncCheckpointWriter, checkpoint: Path, wrong: float
) -> None:
    keeper.save(TrainState(step=1), ARRAYS)
    keeper.save(TrainState(step=2), {"weight/a": np.array([1, wrong], np.float32)})
    keeper.finish()
    assert train_state.read(checkpoint)[0].step == 1
    assert keeper.arrays is ARRAYS


def test_before_the_first_save_there_is_nothing_to_go_back_to(
    keeper: AsyncCheckpointWriter,
) -> None:
    with pytest.raises(CheckpointError, match="nothing was saved"):
        _ = keeper.arrays


def test_an_error_of_the_program_is_not_told_as_one_of_the_disk(
    keeper: AsyncCheckpointWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*given: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(train_state, "save", wrong)
    keeper.save(TrainState(step=1), ARRAYS)
    with pytest.raises(ZeroDivisionError):
        keeper.finish()
    with pytest.raises(ZeroDivisionError):
        list(keeper.outcomes())
