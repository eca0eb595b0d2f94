"""What a run would take of memory is weighed before it begins."""

import math
from dataclasses import replace

import pytest

from seqgen.config.resolved import ModelSpec, TrainSpec
from seqgen.errors import TrainingError
from seqgen.training.memory import MORE_ADDRESSES, check_memory, memory_bytes
from tests.specs import specs

VOCAB = 65


@pytest.fixture
def sizes() -> tuple[ModelSpec, TrainSpec, int]:
    return *specs(units=(512,), seq_length=64, batch_size=16), VOCAB


def test_a_run_that_fits_is_let_through(sizes, monkeypatch: pytest.MonkeyPatch) -> None:
    needed = memory_bytes(*sizes)
    monkeypatch.setattr("seqgen.training.memory.physical_memory", lambda: needed)
    monkeypatch.setattr("seqgen.training.memory.address_limit", lambda: needed + MORE_ADDRESSES)
    check_memory(*sizes)


def test_one_that_does_not_is_refused(sizes, monkeypatch: pytest.MonkeyPatch) -> None:
    needed = memory_bytes(*sizes)
    monkeypatch.setattr("seqgen.training.memory.address_limit", lambda: needed + 1e9)
    with pytest.raises(TrainingError, match=r"GB of addresses, and this process .* \(ulimit -v\)"):
        check_memory(*sizes)
    monkeypatch.setattr("seqgen.training.memory.address_limit", lambda: math.inf)
    monkeypatch.setattr("seqgen.training.memory.physical_memory", lambda: needed - 1)
    with pytest.raises(
        TrainingError, match=r"GB of memory, and this machine has .*smaller `units`"
    ):
        check_memory(*sizes)


def test_more_streams_take_more_memory(sizes) -> None:
    model, training, vocab = sizes
    assert memory_bytes(model, replace(training, batch_size=200), vocab) > memory_bytes(*sizes)
