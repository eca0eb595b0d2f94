"""Storing, reading and validating the calibration of document ends."""

import json
from pathlib import Path

import pytest

from seqgen.checkpoint import end_calibration, layout
from seqgen.checkpoint.end_calibration import EndCalibration
from seqgen.errors import CheckpointError

GOOD = EndCalibration((5, 9), (-3.0, 0.5, 3.0))


def test_a_calibration_is_stored_and_removed(tmp_path: Path) -> None:
    assert end_calibration.read(tmp_path) is None
    end_calibration.save(tmp_path, GOOD)
    assert end_calibration.read(tmp_path) == GOOD
    end_calibration.save(tmp_path, None)
    assert end_calibration.read(tmp_path) is None


@pytest.mark.parametrize(
    "data",
    [
        {"lengths": [9, 5], "biases": [0.0, 0.0, 0.0]},
        {"lengths": [5, 5], "biases": [0.0, 0.0, 0.0]},
        {"lengths": [5, 9], "biases": [0.0, 0.0]},
        {"lengths": [5], "biases": [0.0, 1e9]},
        {"lengths": [5], "biases": [0.0, "1"]},
        {"lengths": [-5], "biases": [0.0, 1.0]},
        {"lengths": list(range(1000)), "biases": [0.0] * 1001},
        {"lengths": [5]},
        [],
    ],
)
def test_invalid_data_is_refused(data: object, tmp_path: Path) -> None:
    (tmp_path / layout.ENDS).write_text(json.dumps(data))
    with pytest.raises(CheckpointError, match=layout.ENDS):
        end_calibration.read(tmp_path)
