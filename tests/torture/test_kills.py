"""A few of the kills that `make torture` does by the hundred."""

from pathlib import Path

import pytest

from tests.torture.kills import kill, lay, run_through

EPOCHS = 6
KILLS = 2


@pytest.mark.slow
def test_a_killed_run_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    lay(tmp_path, 0, threads=2)
    whole = run_through(tmp_path, EPOCHS)
    found = kill(tmp_path, whole, EPOCHS, KILLS, 0, lambda: None)
    assert (found.kills, found.faults) == (KILLS, [])
