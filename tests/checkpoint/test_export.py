import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from seqgen.checkpoint import document_hashes, end_calibration, layout, titles, write
from seqgen.checkpoint.end_calibration import EndCalibration
from seqgen.checkpoint.export import export
from seqgen.checkpoint.measurements import ExportInfo, read_export
from seqgen.checkpoint.read import Checkpoint, open_checkpoint
from seqgen.errors import CheckpointError

FACTS = ExportInfo(
    half=True,
    halving=2.5e-6,
    validation={"int8": 1.5004, "float32": 1.5},
    excerpt={"float32": 1.25},
    commands=("seqgen train fox.txt --name fox",),
)


# Files of an exported model of one text.
FILES = {
    layout.CONFIG, layout.TOKENIZER, layout.WEIGHTS, layout.METRICS, layout.SAMPLES, layout.CARD,
    layout.EXPORT,
}  # fmt: skip


def measure(copy: Checkpoint) -> ExportInfo:
    return FACTS


@pytest.fixture
def run(checkpoint: Path) -> Checkpoint:
    """A checkpoint with all files of a run, and an unrelated file."""
    write.write_metrics(checkpoint, [{"step": 10, "validation_loss": 1.5, "best": True}])
    parts = (write.format_sample(f"step {n}", "a line of a sample\n" * 5) for n in range(100))
    (checkpoint / layout.SAMPLES).write_bytes(b"".join(parts))
    (checkpoint / layout.RESUME).mkdir()
    (checkpoint / layout.RESUME / "state.safetensors").write_bytes(b"x" * 1000)
    (checkpoint / "diary.txt").write_text("private")
    return open_checkpoint(checkpoint)


def test_a_copy_has_all_files_but_the_training_state(run: Checkpoint, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "copy"
    assert export(run, folder, half=True, measure=measure) == FACTS
    assert {path.name for path in folder.iterdir()} == FILES
    copy = open_checkpoint(folder)
    assert copy.config == run.config
    assert copy.metrics() == run.metrics()
    for name, array in run.weights().items():
        np.testing.assert_allclose(copy.weights()[name], array, rtol=1e-3)
    assert read_export(folder) == FACTS
    assert read_export(run.path) is None
    assert list(folder.parent.iterdir()) == [folder]


def test_a_copy_has_the_hashes_of_its_training_documents(
    make: Callable[..., Path], tmp_path: Path
) -> None:
    path = make(tmp_path / "list", documents=40, held_out=4, unit="line")
    training = np.arange(4, dtype=np.uint64)
    document_hashes.save(path, document_hashes.DocumentHashes(training, training + 36))
    end_calibration.save(path, EndCalibration((5,), (-1.0, 2.0)))
    export(open_checkpoint(path), tmp_path / "copy", half=True, measure=measure)
    hashes = document_hashes.corpus_hashes(open_checkpoint(tmp_path / "copy"))
    assert hashes is not None
    np.testing.assert_array_equal(hashes.training, training)
    np.testing.assert_array_equal(hashes.held_out, training + 36)
    assert end_calibration.read(tmp_path / "copy") == EndCalibration((5,), (-1.0, 2.0))


def test_a_copy_has_the_titles(make: Callable[..., Path], tmp_path: Path) -> None:
    path = make(tmp_path / "list", documents=40, held_out=4, unit="line")
    titles.save(path, ["Fisher's *"])
    export(open_checkpoint(path), tmp_path / "copy", half=True, measure=measure)
    assert titles.read(tmp_path / "copy") == ("Fisher's *",)


def test_without_halving_the_weights_are_the_same(run: Checkpoint, tmp_path: Path) -> None:
    export(run, tmp_path / "copy", half=False, measure=measure)
    copy = open_checkpoint(tmp_path / "copy")
    assert copy.stored_weights()[1] == run.stored_weights()[1]
    assert copy.graph() == run.graph()


def test_the_samples_are_the_latest(run: Checkpoint, tmp_path: Path) -> None:
    export(run, tmp_path / "copy", half=True, measure=measure)
    text = (tmp_path / "copy" / layout.SAMPLES).read_text()
    assert text.startswith("--- step ")
    assert text.endswith((run.path / layout.SAMPLES).read_text()[-2000:])
    assert len(text) <= 4000


def test_copies_can_be_exported_again(run: Checkpoint, tmp_path: Path) -> None:
    export(run, tmp_path / "one", half=True, measure=measure)
    export(open_checkpoint(tmp_path / "one"), tmp_path / "two", half=True, measure=measure)
    one, two = (open_checkpoint(tmp_path / name) for name in ("one", "two"))
    # By checksum, since safetensors writes header entries in any order.
    assert one.stored_weights()[1] == two.stored_weights()[1]
    for name in FILES - {layout.WEIGHTS, layout.CARD}:
        assert (one.path / name).read_bytes() == (two.path / name).read_bytes()


@pytest.mark.parametrize("what", ["file", "folder", "dangling link"])
def test_existing_paths_are_refused(run: Checkpoint, tmp_path: Path, what: str) -> None:
    target = tmp_path / "there"
    if what == "file":
        target.write_text("x")
    elif what == "folder":
        target.mkdir()
    else:
        target.symlink_to(tmp_path / "nowhere")
    with pytest.raises(CheckpointError, match=str(target)):
        export(run, target, half=True, measure=measure)
    assert not (tmp_path / "nowhere").exists()


def test_a_copy_is_complete_or_absent(run: Checkpoint, tmp_path: Path) -> None:
    def interrupted(copy: Checkpoint) -> ExportInfo:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(run, tmp_path / "new" / "copy", half=True, measure=interrupted)
    assert list((tmp_path / "new").iterdir()) == []
    (run.path / layout.METRICS).write_text("{")
    with pytest.raises(CheckpointError, match=r"metrics\.jsonl"):
        export(run, tmp_path / "new" / "copy", half=True, measure=measure)
    assert list((tmp_path / "new").iterdir()) == []


def test_a_full_disk_leaves_no_files(
    run: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CheckpointError, match="No space left"):
        export(run, tmp_path / "new" / "copy", half=True, measure=measure)
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.parametrize(
    "change",
    [{"half": "yes"}, {"excerpt": {"int8": "low"}}, {"more": 1}, {"commands": "rm"}],
)
def test_a_damaged_export_json_is_refused(
    run: Checkpoint, tmp_path: Path, change: dict[str, object]
) -> None:
    export(run, tmp_path / "copy", half=True, measure=measure)
    file = tmp_path / "copy" / layout.EXPORT
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(CheckpointError, match=r"export\.json"):
        read_export(tmp_path / "copy")


def test_a_run_replaces_a_copy_completely(run: Checkpoint, tmp_path: Path) -> None:
    export(run, tmp_path / "copy", half=True, measure=measure)
    write.create(tmp_path / "copy", run.config, run.tokenizer, overwrite=True)
    assert read_export(tmp_path / "copy") is None
