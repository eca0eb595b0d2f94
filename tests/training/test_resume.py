"""The state of a run, and how much of it is read."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seqgen.checkpoint.format import RESUME
from seqgen.checkpoint.read import open_checkpoint
from seqgen.config import RunOptions
from seqgen.corpora import open_corpus
from seqgen.errors import CheckpointError
from seqgen.training import resume
from seqgen.training.resume import STATE, Position
from seqgen.training.start import begin


def test_it_comes_back_as_it_was(checkpoint: Path) -> None:
    position = Position(step=3, seconds=2.5, best=1.25, metrics=10)
    arrays = {"weight/a": np.arange(3.0, dtype=np.float32), "random/0": np.array([1, 2], np.uint32)}
    resume.save(checkpoint, position, arrays)
    found, back = resume.read(checkpoint, open_checkpoint(checkpoint).config)
    assert found == position
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, back[name])


@pytest.mark.parametrize("wrong", [{"step": -1}, {"step": 1.5}, {"metrics": "a"}, {"none": 1}])
def test_a_position_that_is_none_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        resume.position(wrong)


def test_a_run_of_an_earlier_version_keeps_the_bound_on_its_length() -> None:
    words = {"epochs": 6.0, "minutes": None, "most_minutes": 10.0}
    assert resume.position(words) == Position(epochs=6.0, minutes=10.0)
    decided = {"epochs": 6.0, "minutes": 10.0, "most_minutes": None}
    assert resume.position(decided) == Position(epochs=6.0, minutes=10.0)


@pytest.mark.usefixtures("tf")
@pytest.mark.parametrize(
    "more",
    [{}, {"average": 0.5}, {"cell": "esn", "readout": "ridge"}, {"dense": True, "layers": 2}],
)
def test_every_run_is_within_its_bound(text_file, tmp_path, more: dict[str, object]) -> None:
    said = {"units": (40,), "embedding": 8, "window": 16, "batch": 8, "epochs": 0.2}
    list(begin(open_corpus([str(text_file)]), RunOptions.of(said | more), tmp_path / "a"))
    config = open_checkpoint(tmp_path / "a").config
    size = (tmp_path / "a" / RESUME / STATE).stat().st_size
    assert size < resume.most_bytes(config)


def test_a_state_beyond_its_bound_is_not_read(checkpoint: Path) -> None:
    config = open_checkpoint(checkpoint).config
    many = np.zeros(resume.most_bytes(config) // 4 + 1, np.float32)
    resume.save(checkpoint, Position(), {"weight/a": many})
    with pytest.raises(CheckpointError, match="bytes are more than its run can have written"):
        resume.read(checkpoint, config)
    small = replace(config, training=replace(config.training, batch=2))
    assert resume.most_bytes(small) <= resume.most_bytes(config)
