"""The memory of a run is estimated and checked before it starts."""

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


def test_runs_that_fit_are_accepted(sizes, monkeypatch: pytest.MonkeyPatch) -> None:
    needed = memory_bytes(*sizes)
    monkeypatch.setattr("seqgen.training.memory.physical_memory", lambda: needed)
    monkeypatch.setattr("seqgen.training.memory.address_limit", lambda: needed + MORE_ADDRESSES)
    check_memory(*sizes)


def test_runs_that_do_not_fit_are_refused(sizes, monkeypatch: pytest.MonkeyPatch) -> None:
    needed = memory_bytes(*sizes)
    monkeypatch.setattr("seqgen.training.memory.address_limit", lambda: needed + 1e9)
    with pytest.raises(TrainingError, match="ulimit -v"):
        check_memory(*sizes)
    monkeypatch.setattr("seqgen.training.memory.address_limit", lambda: math.inf)
    monkeypatch.setattr("seqgen.training.memory.physical_memory", lambda: needed - 1)
    with pytest.raises(TrainingError, match="`units`"):
        check_memory(*sizes)


def test_more_streams_take_more_memory(sizes) -> None:
    model, training, vocab = sizes
    assert memory_bytes(model, replace(training, batch_size=200), vocab) > memory_bytes(*sizes)
