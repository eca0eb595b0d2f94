"""Windows follow one another, and every token of a part is measured once."""

import itertools
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.data.batching import EvalBatches, TBPTTBatches


def windows(**changes):
    chosen = {
        "tokens": np.arange(1000, dtype=np.uint16),
        "batch_size": 4,
        "seq_length": 10,
        "seed": 0,
    }
    return TBPTTBatches(**chosen | changes)


def test_targets_are_the_next_tokens_and_windows_go_on():
    cut = windows()
    assert cut.steps == 25
    for step in range(cut.steps - 1):
        ids = cut.read(0, step)
        assert ids.shape == (11, 4)
        np.testing.assert_array_equal((ids[:-1] + 1) % 1000, ids[1:])
        np.testing.assert_array_equal(cut.read(0, step + 1)[0], ids[-1])


def test_an_epoch_reads_each_token_once():
    cut = windows()
    targets = np.concatenate([cut.read(0, step)[1:].ravel() for step in range(cut.steps)])
    np.testing.assert_array_equal(np.sort(targets), np.arange(1000))


def test_epochs_begin_at_other_places_and_the_seed_says_where():
    cut = windows()
    assert cut.read(0, 0)[0, 0] != cut.read(1, 0)[0, 0]
    np.testing.assert_array_equal(cut.read(3, 2), windows().read(3, 2))
    assert (windows(seed=1).read(0, 0) != cut.read(0, 0)).any()


def test_some_streams_forget_and_the_seed_says_which():
    cut = windows(batch=50, window=2)
    forgets = np.stack([cut.forgets(e, s) for e in range(20) for s in range(cut.steps)])
    assert 0.01 < forgets.mean() < 0.03
    np.testing.assert_array_equal(cut.forgets(2, 3), windows(batch=50, window=2).forgets(2, 3))


def test_random_windows_go_on_and_have_the_mean_length():
    cut = windows(tokens=np.arange(60_000), random=True)
    assert cut.steps == 1500
    read = [cut.read(0, step) for step in range(cut.steps)]
    for one, other in itertools.pairwise(read):
        np.testing.assert_array_equal(other[0], one[-1])
    lengths = np.array([len(ids) - 1 for ids in read])
    assert lengths.mean() == pytest.approx(10, rel=0.1)
    # The chance to end is the same after every step.
    for steps in (1, 5, 20):
        assert (lengths[lengths >= steps] == steps).mean() == pytest.approx(0.1, abs=0.05)
    assert [len(cut.read(1, n)) - 1 for n in range(9)] != lengths[:9].tolist()


@given(
    length=st.integers(2, 400),
    streams=st.integers(1, 9),
    window=st.integers(1, 40),
    warm=st.integers(0, 30),
)
def test_every_token_but_the_first_counts_once_with_its_own_past(length, streams, window, warm):
    spans = EvalBatches(np.arange(length), streams, window, warm)
    counted = []
    for step in range(spans.steps):
        ids, counts = spans.read(step)
        assert ids.shape == (window + 1, streams)
        inside = counts.astype(bool)
        counted += ids[1:][inside].tolist()
        np.testing.assert_array_equal(ids[:-1][inside] + 1, ids[1:][inside])
    assert sorted(counted) == list(range(1, length))


@pytest.mark.parametrize("tokens", [40, 41])
def test_a_part_of_exactly_one_window_is_one_step(tokens):
    assert windows(tokens=np.arange(tokens)).steps == 1


@pytest.mark.skipif(not os.path.exists("/proc/self/smaps"), reason="tells what is resident")
def test_reading_a_mapped_file_holds_little_of_it(tmp_path):
    file = tmp_path / "tokens.bin"
    np.zeros(50_000_000, np.uint8).tofile(file)
    mapped = np.memmap(file, np.uint8, mode="r")
    assert mapped.sum() == 0
    assert resident(file) > 40_000
    windows(tokens=mapped).read(0, 0)
    assert resident(file) < 4_000
    assert mapped.sum() == 0
    EvalBatches(mapped, 4, 10).read(0)
    assert resident(file) < 4_000


def resident(file):
    """Kilobytes of a mapped file that are in this process's memory."""
    lines = Path("/proc/self/smaps").read_text().splitlines()
    found = next(n for n, line in enumerate(lines) if line.endswith(str(file)))
    return int(next(line for line in lines[found:] if line.startswith("Rss:")).split()[1])
