"""What a run would take of memory is weighed before it begins."""

import math

import pytest

from seqgen.config.options import RunOptions
from seqgen.errors import TrainingError
from seqgen.training.autoconfig import memory_bytes, plan
from seqgen.training.memory import MORE_ADDRESSES, check_memory

VOCAB = 65


@pytest.fixture
def options() -> RunOptions:
    said = RunOptions.of({"units": (512,), "epochs": 1.0})
    return plan(said, "char", 100_000, VOCAB).options


def test_a_run_that_fits_is_let_through(options, monkeypatch: pytest.MonkeyPatch) -> None:
    needed = memory_bytes(options, VOCAB)
    monkeypatch.setattr("seqgen.training.memory.machine_memory", lambda: needed)
    monkeypatch.setattr("seqgen.training.memory.address_limit", lambda: needed + MORE_ADDRESSES)
    check_memory(options, VOCAB)


def test_one_that_does_not_is_refused(options, monkeypatch: pytest.MonkeyPatch) -> None:
    needed = memory_bytes(options, VOCAB)
    monkeypatch.setattr("seqgen.training.memory.address_limit", lambda: needed + 1e9)
    with pytest.raises(TrainingError, match=r"GB of addresses, and this process .* \(ulimit -v\)"):
        check_memory(options, VOCAB)
    monkeypatch.setattr("seqgen.training.memory.address_limit", lambda: math.inf)
    monkeypatch.setattr("seqgen.training.memory.machine_memory", lambda: needed - 1)
    with pytest.raises(
        TrainingError, match=r"GB of memory, and this machine has .*smaller `units`"
    ):
        check_memory(options, VOCAB)
