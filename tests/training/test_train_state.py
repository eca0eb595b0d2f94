"""Saving, reading and resuming of training states."""

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seqgen.checkpoint.layout import RESUME, STATE
from seqgen.checkpoint.read import open_checkpoint
from seqgen.checkpoint.upgrade import upgrade
from seqgen.config.options import RunOptions
from seqgen.data.corpora import open_corpus
from seqgen.errors import CheckpointError
from seqgen.io.arrays import read_arrays
from seqgen.training import train_state
from seqgen.training.run import resume_run, start_run
from seqgen.training.train_state import TrainState

FORMAT_1 = Path(__file__).parents[1] / "checkpoint" / "format1"


def test_states_are_restored(checkpoint: Path) -> None:
    position = TrainState(step=3, seconds=2.5, best=1.25, metrics=10)
    arrays = {"weight/a": np.arange(3.0, dtype=np.float32), "random/0": np.array([1, 2], np.uint32)}
    train_state.save(checkpoint, position, arrays)
    position_read, arrays_read = train_state.read(checkpoint, open_checkpoint(checkpoint).config)
    assert position_read == position
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, arrays_read[name])


@pytest.mark.parametrize("wrong", [{"step": -1}, {"step": 1.5}, {"metrics": "a"}, {"none": 1}])
def test_invalid_positions_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        train_state.position(wrong)


def test_old_names_of_the_time_budget_are_read() -> None:
    words = {"epochs": 6.0, "minutes": None, "most_minutes": 10.0}
    assert train_state.position(words) == TrainState(epochs=6.0, minutes=10.0)
    decided = {"epochs": 6.0, "minutes": 10.0, "most_minutes": None}
    assert train_state.position(decided) == TrainState(epochs=6.0, minutes=10.0)


def test_a_missing_limit_is_infinite_and_null_in_the_file(checkpoint: Path) -> None:
    assert train_state.position({"epochs": None, "minutes": 5.0}) == TrainState(minutes=5.0)
    assert TrainState(minutes=5.0).epochs == math.inf
    train_state.save(checkpoint, TrainState(minutes=5.0), {})
    _, words = read_arrays(checkpoint / RESUME / STATE)
    stored = json.loads(words["position"])
    assert (stored["epochs"], stored["minutes"]) == (None, 5.0)


@pytest.mark.slow
@pytest.mark.usefixtures("tf")
def test_a_state_without_a_length_cannot_be_resumed(text_file: Path, tmp_path: Path) -> None:
    options = {"units": (8,), "embedding": 8, "seq_length": 16, "batch_size": 8, "epochs": 0.1}
    path = tmp_path / "a"
    list(start_run(open_corpus([str(text_file)]), RunOptions.of(options), path))
    state, arrays = train_state.read(path)
    train_state.save(path, replace(state, epochs=math.inf, minutes=math.inf), arrays)
    with pytest.raises(CheckpointError, match="no length"):
        list(resume_run(path, {}))


@pytest.mark.slow
@pytest.mark.usefixtures("tf")
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"weight_averaging": 0.5},
        {"cell": "esn", "readout": "ridge"},
        {"dense": True, "layers": 2},
    ],
)
def test_states_are_smaller_than_the_limit(text_file, tmp_path, more: dict[str, object]) -> None:
    options = {"units": (40,), "embedding": 8, "seq_length": 16, "batch_size": 8, "epochs": 0.2}
    list(start_run(open_corpus([str(text_file)]), RunOptions.of(options | more), tmp_path / "a"))
    config = open_checkpoint(tmp_path / "a").config
    size = (tmp_path / "a" / RESUME / STATE).stat().st_size
    assert size < train_state.most_bytes(config)


def test_states_beyond_the_limit_are_refused(checkpoint: Path) -> None:
    config = open_checkpoint(checkpoint).config
    many = np.zeros(train_state.most_bytes(config) // 4 + 1, np.float32)
    train_state.save(checkpoint, TrainState(), {"weight/a": many})
    with pytest.raises(CheckpointError, match=STATE):
        train_state.read(checkpoint, config)
    small = replace(config, training=replace(config.training, batch_size=2))
    assert train_state.most_bytes(small) <= train_state.most_bytes(config)


@pytest.mark.slow
@pytest.mark.usefixtures("tf")
@pytest.mark.parametrize("upgraded", [False, True])
@pytest.mark.parametrize(
    ("name", "step", "loss"), [("river", 54, 3.183386423149887), ("book", 2, 4.935246960870151)]
)
def test_resumes_runs_of_format_1(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    step: int,
    loss: float,
    upgraded: bool,
) -> None:
    """Step and loss are those of the original version after resuming the run, in float32."""
    monkeypatch.setattr("seqgen.models.tf_runtime.has_bfloat16", lambda: False)
    shutil.copytree(FORMAT_1 / name, tmp_path / name)
    if upgraded:
        assert upgrade(tmp_path / name)
    list(resume_run(tmp_path / name, {"epochs": 2.0}))
    last = open_checkpoint(tmp_path / name).metrics()[-1]
    assert last["step"] == step
    assert last["validation_loss"] == pytest.approx(loss, rel=1e-6)
