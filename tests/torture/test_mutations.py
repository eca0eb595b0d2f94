"""Some of the spoiled checkpoints that `make torture` makes by the thousand."""

from pathlib import Path

from tests.torture.bases import bases
from tests.torture.mutations import mutate


def test_a_spoiled_checkpoint_is_used_as_it_should_be_or_refused(tmp_path: Path) -> None:
    (tmp_path / "spoiled").mkdir()
    outcomes, faults = mutate(bases(tmp_path / "bases"), tmp_path / "spoiled", range(300))
    assert faults == []
    assert outcomes.total() == 300
    assert min(outcomes["used"], outcomes["refused"]) > 20
