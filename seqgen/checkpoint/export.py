"""Copies of checkpoints to share: everything that sampling needs, without the training state."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from seqgen.checkpoint import document_hashes, end_calibration, layout, titles, write
from seqgen.checkpoint.measurements import ExportInfo
from seqgen.checkpoint.model_card import write_card
from seqgen.checkpoint.read import Checkpoint, open_checkpoint
from seqgen.errors import CheckpointError
from seqgen.io.atomic import MAX_TEXT_BYTES, read_bytes, write_atomic, write_json
from seqgen.tasks import TASKS

SAMPLE_CHARACTERS = 4000

Measure = Callable[[Checkpoint], ExportInfo]


def export(checkpoint: Checkpoint, folder: Path, *, half: bool, measure: Measure) -> ExportInfo:
    """Copy a checkpoint without its training state into a new folder, atomically.

    Args:
        checkpoint: The checkpoint to copy.
        folder: The folder to create.
        half: Store the weights as float16.
        measure: Called with the finished copy while it still has a temporary name.

    Returns:
        The result of ``measure``, which the copy stores.

    Raises:
        CheckpointError: If the folder exists, the checkpoint is damaged or the copy cannot be
            written.
    """
    if os.path.lexists(folder):
        raise CheckpointError(f"{folder} exists; name a folder that is not there yet")
    with _temporary_folder(folder) as beside:
        _copy_files(checkpoint, beside, half)
        copy = open_checkpoint(beside)
        info = measure(copy)
        write_json(beside / layout.EXPORT, asdict(info))
        write_card(beside)
        copy.stored_weights()
        os.rename(beside, folder)
    return info


@contextlib.contextmanager
def _temporary_folder(folder: Path) -> Iterator[Path]:
    """Create a folder of the same name on the same disk; remove it unless it was moved."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix=f".{folder.name}-", dir=folder.parent, ignore_cleanup_errors=True
        ) as made:
            # tempfile makes a folder that only its owner can read; one inside it is not.
            inside = Path(made) / folder.name
            inside.mkdir()
            yield inside
    except OSError as error:
        raise CheckpointError(f"cannot write {folder}: {error.strerror or error}") from error


def _copy_files(checkpoint: Checkpoint, folder: Path, half: bool) -> None:
    """Write all files of a copy but its measurements and card."""
    config, path = checkpoint.config, checkpoint.path
    write_json(folder / layout.CONFIG, config.to_json())
    write_atomic(folder / layout.TOKENIZER, read_bytes(path / layout.TOKENIZER))
    write.save_weights(folder, config, checkpoint.weights(), half=half)
    write.write_metrics(folder, checkpoint.metrics())
    # With hashes of the training documents, the copy can still omit copies of them.
    if TASKS.load(config.task).has_documents(config):
        hashes = document_hashes.corpus_hashes(checkpoint)
        if hashes is not None:
            document_hashes.save(folder, hashes)
        end_calibration.save(folder, end_calibration.read(path))
        titles.save(folder, titles.read(path))
    with contextlib.suppress(FileNotFoundError):
        os.lstat(path / layout.SAMPLES)
        text = read_bytes(path / layout.SAMPLES, MAX_TEXT_BYTES).decode("utf-8", "replace")
        write_atomic(folder / layout.SAMPLES, _latest_samples(text).encode())


def _latest_samples(samples: str) -> str:
    """Return the last samples of a run, from the start of one if possible."""
    end = samples[-SAMPLE_CHARACTERS:]
    if end == samples:
        return samples
    start = end.find("\n--- ") + 1
    return end[start:] if start else end
