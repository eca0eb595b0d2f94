import os
from collections.abc import Callable
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from seqgen.checkpoint import layout
from seqgen.checkpoint.read import best_metric, open_checkpoint
from seqgen.errors import CheckpointError
from seqgen.io.arrays import write_arrays
from seqgen.io.atomic import read_json


def use(path: Path) -> None:
    """Read all files of a checkpoint."""
    checkpoint = open_checkpoint(path)
    checkpoint.weights()
    checkpoint.graph()
    checkpoint.metrics()


def test_weights_have_the_shapes_of_the_architecture(checkpoint: Path) -> None:
    model = open_checkpoint(checkpoint)
    shapes = {name: array.shape for name, array in model.weights().items()}
    assert shapes == model.config.weight_shapes()
    assert model.metrics() == []


@pytest.mark.parametrize("name", [layout.CONFIG, layout.TOKENIZER, layout.WEIGHTS])
def test_a_missing_file_is_named(checkpoint: Path, name: str) -> None:
    (checkpoint / name).unlink()
    with pytest.raises(CheckpointError, match=name):
        use(checkpoint)


@pytest.mark.parametrize("name", [layout.CONFIG, layout.TOKENIZER, layout.WEIGHTS])
@pytest.mark.parametrize("fraction", [0.0, 0.01, 0.5, 0.99])
def test_a_truncated_file_is_named(checkpoint: Path, name: str, fraction: float) -> None:
    content = (checkpoint / name).read_bytes()
    (checkpoint / name).write_bytes(content[: int(len(content) * fraction)])
    with pytest.raises(CheckpointError, match=name):
        use(checkpoint)


@pytest.mark.parametrize("name", [layout.CONFIG, layout.TOKENIZER, layout.WEIGHTS])
@pytest.mark.parametrize("percent", range(0, 100, 9))
def test_any_changed_byte_is_detected(checkpoint: Path, name: str, percent: int) -> None:
    content = bytearray((checkpoint / name).read_bytes())
    content[len(content) * percent // 100] ^= 0x81
    (checkpoint / name).write_bytes(content)
    with pytest.raises(CheckpointError, match=str(checkpoint)):
        use(checkpoint)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="none"):
        open_checkpoint(tmp_path / "none")


def test_a_network_larger_than_the_memory_is_refused(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parameters = open_checkpoint(checkpoint).config.parameters
    monkeypatch.setattr("seqgen.checkpoint.read.available_memory", lambda: 9.0 * parameters)
    with pytest.raises(CheckpointError, match=f"{parameters:,}"):
        open_checkpoint(checkpoint)


@pytest.mark.parametrize("name", [layout.CONFIG, layout.TOKENIZER, layout.METRICS])
def test_a_file_of_1_terabyte_is_not_read(checkpoint: Path, name: str) -> None:
    with (checkpoint / name).open("wb") as file:
        file.truncate(10**12)  # a sparse file
    with pytest.raises(CheckpointError, match=name):
        use(checkpoint)


def test_weights_of_1_terabyte_are_not_mapped_into_memory(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (checkpoint / layout.WEIGHTS).open("r+b") as file:
        file.truncate(10**12)
    # A process with a smaller address space could not report the error.
    monkeypatch.setattr("safetensors.safe_open", lambda *_, **__: pytest.fail("opened"))
    with pytest.raises(CheckpointError, match=layout.WEIGHTS):
        open_checkpoint(checkpoint).weights()


def test_vocabularies_too_large_for_the_network_are_not_parsed(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seqgen.io.atomic.MAX_JSON_BYTES", 1000)
    (checkpoint / layout.TOKENIZER).write_text("[" + "[]," * 1500 + "[]]")
    monkeypatch.setattr("json.loads", lambda *_, **__: pytest.fail("parsed"))
    with pytest.raises(CheckpointError, match=layout.TOKENIZER):
        read_json(checkpoint / layout.TOKENIZER, 30)


def test_links_pipes_and_devices_are_refused(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("{}")
    resume = checkpoint / layout.RESUME
    resume.mkdir()
    for file in (checkpoint / layout.CONFIG, checkpoint / layout.SAMPLES, resume / "training.bin"):
        good = file.read_bytes() if file.exists() else None
        file.unlink(missing_ok=True)
        for make_other in (lambda at: at.symlink_to(tmp_path / "secret"), os.mkfifo):
            make_other(file)
            with pytest.raises(CheckpointError, match=file.name):
                open_checkpoint(checkpoint)
            file.unlink()
        if good:
            file.write_bytes(good)
    resume.rmdir()
    resume.symlink_to(tmp_path)
    with pytest.raises(CheckpointError, match=layout.RESUME):
        open_checkpoint(checkpoint)


def test_weights_of_another_network_are_refused(
    checkpoint: Path, tmp_path: Path, make: Callable[..., Path]
) -> None:
    other = make(tmp_path / "other", units=(12, 9))
    (checkpoint / layout.WEIGHTS).write_bytes((other / layout.WEIGHTS).read_bytes())
    with pytest.raises(CheckpointError, match=layout.WEIGHTS):
        use(checkpoint)


def test_another_vocabulary_is_refused(
    checkpoint: Path, tmp_path: Path, make: Callable[..., Path]
) -> None:
    other = make(tmp_path / "other", text="another alphabet")
    (checkpoint / layout.TOKENIZER).write_bytes((other / layout.TOKENIZER).read_bytes())
    with pytest.raises(CheckpointError, match=layout.TOKENIZER):
        use(checkpoint)


@pytest.mark.parametrize("what", ["missing", "surplus", "type", "bfloat16", "nan", "unsigned"])
def test_arrays_of_another_network_or_type_are_refused(checkpoint: Path, what: str) -> None:
    path = checkpoint / layout.WEIGHTS
    arrays = load_file(path)
    if what == "missing":
        del arrays["decoder/output/bias"]
    elif what == "surplus":
        arrays["more"] = np.zeros(1, np.float32)
    elif what == "type":
        arrays["decoder/output/bias"] = arrays["decoder/output/bias"].astype(np.float64)
    elif what == "bfloat16":
        arrays["decoder/output/bias"] = arrays["decoder/output/bias"].astype(ml_dtypes.bfloat16)
    elif what == "nan":
        arrays["decoder/output/bias"] = arrays["decoder/output/bias"] * np.float32(np.nan)
    if what == "unsigned":
        save_file(arrays, path)
    else:
        write_arrays(path, arrays)
    with pytest.raises(CheckpointError, match=layout.WEIGHTS):
        use(checkpoint)


@pytest.mark.parametrize("content", ["{", "3", "\xff", '{"step": NaN}', "[" * 100_000])
def test_damaged_metrics_are_named_with_their_line(checkpoint: Path, content: str) -> None:
    (checkpoint / layout.METRICS).write_bytes(b'{"step": 1}\n' + content.encode("latin-1"))
    with pytest.raises(CheckpointError, match=r"metrics\.jsonl, line 2"):
        use(checkpoint)


def test_the_best_metric_is_that_of_the_stored_weights() -> None:
    part = {"step": 1, "best": True}
    assert best_metric([]) is None
    assert best_metric([part, {"step": 2, "best": False}]) == part
    whole = {"step": 2, "best": True, "whole": True}
    assert best_metric([part, whole, {"step": 3, "best": False}]) == whole
