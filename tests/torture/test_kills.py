"""A few of the kills of `make torture`."""

from pathlib import Path

import pytest

from tests.torture.kills import kill, prepare, run_uninterrupted

EPOCHS = 1
KILLS = 2


@pytest.mark.slow
def test_a_killed_run_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    prepare(tmp_path, 0, threads=2)
    whole = run_uninterrupted(tmp_path, EPOCHS)
    result = kill(tmp_path, whole, EPOCHS, KILLS, 0, lambda: None)
    assert (result.kills, result.faults) == (KILLS, [])
