"""Some of the damaged checkpoints of `make torture`."""

from pathlib import Path

import pytest

from tests.torture.bases import bases
from tests.torture.mutations import mutate


@pytest.mark.slow
def test_damaged_checkpoints_work_or_are_refused(tmp_path: Path) -> None:
    (tmp_path / "mutated").mkdir()
    outcomes, faults = mutate(bases(tmp_path / "bases"), tmp_path / "mutated", range(300))
    assert faults == []
    assert outcomes.total() == 300
    assert min(outcomes["used"], outcomes["refused"]) > 20
