"""A few of the kills that `make torture` does by the hundred."""

from pathlib import Path

from tests.torture.kills import kill, lay, run_through

EPOCHS = 20


def test_a_run_that_is_killed_ends_as_one_that_was_left_alone(tmp_path: Path) -> None:
    lay(tmp_path, 0, threads=2)
    whole = run_through(tmp_path, EPOCHS)
    found = kill(tmp_path, whole, EPOCHS, 3, 0, lambda: None)
    assert (found.kills, found.faults) == (3, [])
