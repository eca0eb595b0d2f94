"""Shards of a batch and the default precision."""

import pytest

from seqgen.io import system
from seqgen.models import tf_runtime


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch):
    monkeypatch.setattr(tf_runtime, "has_gpu", lambda: False)


def test_shards_are_equal_and_not_too_small(monkeypatch):
    def shards(batch, threads=None):
        return tf_runtime.shards(batch, threads)

    monkeypatch.setattr(tf_runtime, "cores", lambda: 4)
    assert [shards(batch) for batch in (1, 7, 8, 16, 17, 24, 32, 64)] == [
        1, 1, 1, 2, 1, 3, 4, 4,
    ]  # fmt: skip
    assert shards(64, threads=2) == 2


def test_bfloat16_is_the_default_on_cpus_that_support_it(monkeypatch, tmp_path):
    flags = tmp_path / "cpuinfo"
    monkeypatch.setattr(system, "CPU_INFO", flags)
    assert tf_runtime.precision("auto") == "float32"
    flags.write_text("flags\t\t: fpu avx512f avx512_bf16x\n")
    assert tf_runtime.precision("auto") == "float32"
    assert tf_runtime.precision("bfloat16") == "bfloat16"
    flags.write_text("flags\t\t: fpu avx512f avx512_bf16\n")
    assert tf_runtime.precision("auto") == "bfloat16"
    assert tf_runtime.precision("float32") == "float32"
