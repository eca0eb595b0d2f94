"""The machine matters for what is by the clock, and for nothing else."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from seqgen.config.options import RunOptions
from seqgen.models import tf_runtime, throughput
from seqgen.training.fitted import fitted

DATA: Any = SimpleNamespace(
    tokenizer=SimpleNamespace(kind="char", size=66), training=np.zeros(10**6)
)


@pytest.fixture
def speeds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the machine is found to do in turn."""
    found: list[float] = []
    monkeypatch.setattr(tf_runtime, "load", lambda _: None)
    monkeypatch.setattr(throughput, "training_flops", lambda _: found.pop(0))
    return found


def test_a_run_by_the_clock_follows_the_speed(speeds: list[float]) -> None:
    for said in ({"minutes": 10.0}, {}):
        speeds += [4e11, 1e10]
        fast, slow = (fitted(RunOptions.of(said), DATA).options for _ in range(2))
        assert slow.model.widths < fast.model.widths


@pytest.mark.usefixtures("speeds")
def test_a_run_by_epochs_is_the_same_everywhere() -> None:
    found = fitted(RunOptions.of({"epochs": 20.0}), DATA)  # nothing is measured
    assert found.options.training.preset == "medium"
