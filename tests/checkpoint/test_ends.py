"""What corrects the ends of documents is stored beside the weights, and bounded."""

import json
from pathlib import Path

import pytest

from seqgen.checkpoint import ends, format
from seqgen.checkpoint.ends import Ends
from seqgen.errors import CheckpointError

GOOD = Ends((5, 9), (-3.0, 0.5, 3.0))


def test_what_was_stored_is_read_until_it_is_removed(tmp_path: Path) -> None:
    assert ends.read(tmp_path) is None
    ends.save(tmp_path, GOOD)
    assert ends.read(tmp_path) == GOOD
    ends.save(tmp_path, None)
    assert ends.read(tmp_path) is None


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
def test_anything_else_is_refused(data: object, tmp_path: Path) -> None:
    (tmp_path / format.ENDS).write_text(json.dumps(data))
    with pytest.raises(CheckpointError, match=format.ENDS):
        ends.read(tmp_path)
