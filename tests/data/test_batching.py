"""Training windows are consecutive, and evaluation counts every token once."""

import itertools
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.data.batching import EvalBatches, TBPTTBatches


def windows(**changes):
    defaults: dict[str, Any] = {
        "tokens": np.arange(1000, dtype=np.uint16),
        "batch_size": 4,
        "seq_length": 10,
        "seed": 0,
    }
    return TBPTTBatches(**defaults | changes)


def test_targets_are_the_next_tokens_and_windows_are_consecutive():
    batches = windows()
    assert batches.steps == 25
    for step in range(batches.steps - 1):
        batch = batches.read(0, step)
        assert batch.inputs.shape == batch.targets.shape == (10, 4)
        assert batch.reset.shape == (4,)
        assert batch.tokens == 40
        np.testing.assert_array_equal((batch.inputs + 1) % 1000, batch.targets)
        np.testing.assert_array_equal(batches.read(0, step + 1).inputs[0], batch.targets[-1])


def test_targets_have_no_input_features():
    rows = np.stack([np.arange(1000), np.arange(1000) % 7], axis=1).astype(np.uint16)
    batch = windows(tokens=rows).read(0, 3)
    assert batch.inputs.shape == (10, 4, 2)
    np.testing.assert_array_equal(batch.inputs[..., 1], batch.inputs[..., 0] % 7)
    np.testing.assert_array_equal((batch.inputs[..., 0] + 1) % 1000, batch.targets)
    batch = EvalBatches(rows, 3, 10).read(0, 15)
    assert (batch.inputs.shape, batch.targets.shape) == ((10, 3, 2), (10, 3))


def test_an_epoch_reads_each_token_once():
    batches = windows()
    targets = [batches.read(0, step).targets.ravel() for step in range(batches.steps)]
    np.testing.assert_array_equal(np.sort(np.concatenate(targets)), np.arange(1000))


def test_the_start_of_an_epoch_depends_on_the_seed():
    batches = windows()
    assert batches.read(0, 0).inputs[0, 0] != batches.read(1, 0).inputs[0, 0]
    np.testing.assert_array_equal(batches.read(3, 2).inputs, windows().read(3, 2).inputs)
    assert (windows(seed=1).read(0, 0).inputs != batches.read(0, 0).inputs).any()


def test_resets_depend_on_the_seed():
    batches = windows(batch_size=50, seq_length=2)
    resets = np.stack([batches.read(e, s).reset for e in range(20) for s in range(batches.steps)])
    assert 0.01 < resets.mean() < 0.03
    repeated = windows(batch_size=50, seq_length=2).reset_mask(2, 3)
    np.testing.assert_array_equal(batches.reset_mask(2, 3), repeated)


def test_random_windows_are_consecutive_and_have_the_mean_length():
    batches = windows(tokens=np.arange(60_000), random=True)
    assert batches.steps == 1500
    all_batches = [batches.read(0, step) for step in range(batches.steps)]
    for one, other in itertools.pairwise(all_batches):
        np.testing.assert_array_equal(other.inputs[0], one.targets[-1])
    lengths = np.array([len(batch.inputs) for batch in all_batches])
    assert lengths.mean() == pytest.approx(10, rel=0.1)
    # The probability to end is the same after every step.
    for steps in (1, 5, 20):
        assert (lengths[lengths >= steps] == steps).mean() == pytest.approx(0.1, abs=0.05)
    assert [len(batches.read(1, n).inputs) for n in range(9)] != lengths[:9].tolist()


@given(
    length=st.integers(2, 400),
    streams=st.integers(1, 9),
    seq_length=st.integers(1, 40),
    burn_in=st.integers(0, 30),
)
def test_every_token_but_the_first_counts_once(length, streams, seq_length, burn_in):
    batches = EvalBatches(np.arange(length), streams, seq_length, burn_in)
    counted = []
    for step in range(batches.steps):
        batch = batches.read(0, step)
        assert batch.inputs.shape == (seq_length, streams)
        inside = batch.weights.astype(bool)
        counted += batch.targets[inside].tolist()
        np.testing.assert_array_equal(batch.inputs[inside] + 1, batch.targets[inside])
    assert sorted(counted) == list(range(1, length))


@pytest.mark.parametrize("tokens", [40, 41])
def test_tokens_for_one_window_are_one_step(tokens):
    assert windows(tokens=np.arange(tokens)).steps == 1


@pytest.mark.skipif(
    not os.path.exists("/proc/self/smaps"), reason="needs /proc for resident memory"
)
def test_reading_a_mapped_file_keeps_little_in_memory(tmp_path):
    file = tmp_path / "tokens.bin"
    np.zeros(50_000_000, np.uint8).tofile(file)
    mapped = np.memmap(file, np.uint8, mode="r")
    assert mapped.sum() == 0
    assert resident(file) > 40_000
    windows(tokens=mapped).read(0, 0)
    assert resident(file) < 4_000
    assert mapped.sum() == 0
    EvalBatches(mapped, 4, 10).read(0, 0)
    assert resident(file) < 4_000


def resident(file):
    """Kilobytes of a mapped file that are in this process's memory."""
    lines = Path("/proc/self/smaps").read_text().splitlines()
    first = next(n for n, line in enumerate(lines) if line.endswith(str(file)))
    return int(next(line for line in lines[first:] if line.startswith("Rss:")).split()[1])
