import json
import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from seqgen.checkpoint import layout, write
from seqgen.checkpoint.read import open_checkpoint
from seqgen.errors import CheckpointError
from seqgen.io.arrays import read_arrays, write_arrays
from seqgen.io.atomic import check_writable, write_atomic


def test_files_are_replaced_without_temporary_files(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    write_atomic(path, b"first")
    write_atomic(path, b"second")
    assert path.read_bytes() == b"second"
    assert list(path.parent.iterdir()) == [path]


def test_a_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CheckpointError, match=str(path)):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_impossible_path_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file" / "below", Path(""), tmp_path / "a\0"):
        with pytest.raises(CheckpointError):
            write_atomic(path, b"x")


def test_a_pipe_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    for name in ("pipe", "link"):
        with pytest.raises(CheckpointError, match=name):
            write_atomic(tmp_path / name, b"x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "pipe"]
    assert (tmp_path / "pipe").is_fifo()


def test_a_missing_permission_is_an_error(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    plain_user: Callable[[], AbstractContextManager[None]],
) -> None:
    monkeypatch.chdir(tmp_path)
    tmp_path.chmod(0o555)
    with plain_user(), pytest.raises(CheckpointError, match="x"):
        write_atomic(Path("x"), b"")


def test_an_existing_checkpoint_is_refused_unless_overwritten(
    checkpoint: Path,
) -> None:
    model = open_checkpoint(checkpoint)
    with pytest.raises(CheckpointError, match="`overwrite=True`"):
        write.create(checkpoint, model.config, model.tokenizer)
    (checkpoint / "mine.txt").write_text("kept")
    (checkpoint / layout.RESUME).mkdir()
    for name in layout.OBSOLETE:
        (checkpoint / name).write_text("of an earlier version")
    (checkpoint / f".{layout.WEIGHTS}.0123.tmp").write_text("of a run that was killed")
    write.create(checkpoint, model.config, model.tokenizer, overwrite=True)
    names = {path.name for path in checkpoint.iterdir()}
    assert names == {layout.CONFIG, layout.TOKENIZER, "mine.txt"}


@pytest.mark.parametrize("overwrite", [False, True])
def test_folders_of_other_programs_are_not_overwritten(
    checkpoint: Path, tmp_path: Path, overwrite: bool
) -> None:
    model = open_checkpoint(checkpoint)
    other = tmp_path / "other"
    other.mkdir()
    (other / layout.CONFIG).write_text('{"name": "a web page"}')
    (other / layout.CARD).write_text("precious")
    with pytest.raises(CheckpointError, match="`name`"):
        write.create(other, model.config, model.tokenizer, overwrite=overwrite)
    assert (other / layout.CARD).read_text() == "precious"


def test_a_file_with_the_name_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    model = open_checkpoint(checkpoint)
    (tmp_path / "x").write_text("a file")
    with pytest.raises(CheckpointError, match="`name`"):
        write.create(tmp_path / "x", model.config, model.tokenizer, overwrite=True)


def test_weights_of_another_shape_are_refused(checkpoint: Path) -> None:
    model = open_checkpoint(checkpoint)
    weights = model.weights() | {"output/bias": np.zeros(3, np.float32)}
    with pytest.raises(CheckpointError):
        write.save_weights(checkpoint, model.config, weights)


def test_half_precision_is_restored_as_float32(checkpoint: Path) -> None:
    model = open_checkpoint(checkpoint)
    weights = model.weights()
    before = (checkpoint / layout.WEIGHTS).stat().st_size
    write.save_weights(checkpoint, model.config, weights, half=True)
    header = 2000
    assert (checkpoint / layout.WEIGHTS).stat().st_size < before / 2 + header
    restored = model.weights()
    for name, array in weights.items():
        assert restored[name].dtype == np.float32
        np.testing.assert_array_equal(restored[name], array.astype(np.float16).astype(np.float32))


def test_values_out_of_the_range_of_float16_are_refused(checkpoint: Path) -> None:
    model = open_checkpoint(checkpoint)
    weights = model.weights()
    weights["output/bias"][0] = 70_000
    with pytest.raises(CheckpointError, match=r"output/bias.*`half=False`"):
        write.save_weights(checkpoint, model.config, weights, half=True)


def test_nan_in_metrics_becomes_null(checkpoint: Path) -> None:
    losses = (float("nan"), 1.5)
    metrics = [{"step": step, "validation_loss": loss} for step, loss in enumerate(losses, 1)]
    write.write_metrics(checkpoint, metrics)
    lines = (checkpoint / layout.METRICS).read_text().splitlines()
    assert [json.loads(line)["validation_loss"] for line in lines] == [None, 1.5]
    assert open_checkpoint(checkpoint).metrics()[1]["step"] == 2
    write.write_metrics(checkpoint, [{"step": 9}])
    assert open_checkpoint(checkpoint).metrics() == [{"step": 9}]


def test_samples_are_appended() -> None:
    text = write.format_sample("step 1", "[b]é\ud800") + write.format_sample("step 2", "two\n")
    assert text.decode() == "--- step 1 ---\n[b]é?\n\n--- step 2 ---\ntwo\n\n"


def test_arrays_are_restored(tmp_path: Path) -> None:
    arrays: dict[str, np.ndarray] = {
        "scalar": np.array(7, np.int64),
        "none": np.zeros((0, 3), np.float32),
        "bytes": np.arange(5, dtype=np.uint8),
        "turned": np.arange(6, dtype=np.float64).reshape(2, 3).T,
    }
    write_arrays(tmp_path / "x", arrays, {"position": "12"})
    restored, metadata = read_arrays(tmp_path / "x")
    assert metadata["position"] == "12"
    assert set(restored) == set(arrays)
    for name, array in arrays.items():
        assert restored[name].dtype == array.dtype
        np.testing.assert_array_equal(restored[name], array)


def test_files_have_the_mode_of_the_umask(tmp_path):
    (tmp_path / "plain").touch()
    write_arrays(tmp_path / "arrays", {"x": np.zeros(3, np.float32)})
    write_atomic(tmp_path / "bytes", b"x")
    modes = {path.name: path.stat().st_mode for path in tmp_path.iterdir()}
    assert len(set(modes.values())) == 1


def test_an_unwritable_path_is_detected_before_writing(tmp_path: Path) -> None:
    check_writable(tmp_path / "new" / "folder" / "file.html")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.html").mkdir()
    check_writable(tmp_path / "file")
    for unwritable in (
        tmp_path / "folder.html",
        tmp_path / "file" / "a.html",
        Path("/proc/a.html"),
    ):
        with pytest.raises(CheckpointError, match=re.escape(str(unwritable))):
            check_writable(unwritable)
