"""Checkpoints of format 1, written by an earlier version, are read and upgraded.

`format1/` has a model of text and one of tunes; the samples are those of that version.
"""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from seqgen.checkpoint import layout, write
from seqgen.checkpoint.read import open_checkpoint
from seqgen.checkpoint.upgrade import upgrade
from seqgen.errors import CheckpointError
from seqgen.generation import load
from seqgen.io.arrays import read_arrays
from seqgen.io.lock import locked

SAMPLES = {
    "river": "vvTeyhcyehmysti.a\nagc wt;pdukoonwhea;pcs",
    "book": "X:1\nT:Jig 1 in D major\nR:jig\nM:6/8\nL:1/8\nK:Dmaj\n"
    "g'CG,|:^G,C_A3/4=g/4 =Fe_G,-|_G,=F,c (3_b=F,^e=C|1=Fd^e ^d(3^E_D^G,|^d6:|\n[2=f6-|=f6|]\n",
}  # fmt: skip


@pytest.fixture(params=SAMPLES)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A checkpoint of format 1."""
    path = tmp_path / request.param
    shutil.copytree(Path(__file__).parent / "format1" / request.param, path)
    return path


def sample(path: Path) -> str:
    length = 40 if path.name == "river" else None
    return "".join(load(path).generate(seed=1, length=length))


def contents(path: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}


def test_format_1_gives_the_samples_of_its_version(old: Path) -> None:
    assert sample(old).removeprefix("%abc-2.1\n") == SAMPLES[old.name]


def test_an_upgrade_keeps_all_contents(old: Path) -> None:
    before = open_checkpoint(old)
    weights, state = before.weights(), read_arrays(old / layout.RESUME / layout.STATE)[0]
    assert upgrade(old)
    data = json.loads((old / layout.CONFIG).read_text())
    assert data["format"] == 2
    assert data["tokenizers"].keys() == {"target"}
    assert data["models"].keys() == {"decoder"}
    names = read_arrays(old / layout.WEIGHTS)[0].keys()
    assert names == {f"decoder/{name}" for name in weights}
    after = open_checkpoint(old)
    assert after.config == before.config
    assert after.metrics() == before.metrics()
    for name, array in after.weights().items():
        np.testing.assert_array_equal(array, weights[name])
    for name, array in read_arrays(old / layout.RESUME / layout.STATE)[0].items():
        np.testing.assert_array_equal(array, state[name])
    assert not {file.name for file in old.iterdir()} & {*layout.OBSOLETE}
    assert sample(old).removeprefix("%abc-2.1\n") == SAMPLES[old.name]


def test_a_second_upgrade_does_nothing(old: Path) -> None:
    assert upgrade(old)
    before = contents(old)
    assert not upgrade(old)
    assert contents(old) == before


def test_checkpoints_of_this_version_need_no_upgrade(checkpoint: Path) -> None:
    before = contents(checkpoint)
    assert not upgrade(checkpoint)
    assert contents(checkpoint) == before


def test_weights_keep_half_precision(old: Path) -> None:
    checkpoint = open_checkpoint(old)
    write.save_weights(old, checkpoint.config, checkpoint.weights(), half=True)
    upgrade(old)
    assert {array.dtype for array in read_arrays(old / layout.WEIGHTS)[0].values()} == {
        np.dtype(np.float16)
    }


@pytest.mark.parametrize("writes", range(6))
def test_a_full_disk_leaves_the_checkpoint_unchanged(
    old: Path, writes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, fsync, calls = contents(old), os.fsync, iter(range(100))

    def full(handle: int) -> None:
        if next(calls) >= writes:
            raise OSError(28, "No space left on device")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CheckpointError):
        upgrade(old)
    assert contents(old) == before


def test_damaged_weights_are_not_upgraded(old: Path) -> None:
    file = old / layout.WEIGHTS
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    before = contents(old)
    with pytest.raises(CheckpointError):
        upgrade(old)
    assert contents(old) == before


def test_a_checkpoint_in_use_is_not_upgraded(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqgen.io.lock.TIMEOUT", 0.1)
    with locked(old), pytest.raises(CheckpointError):
        upgrade(old)
