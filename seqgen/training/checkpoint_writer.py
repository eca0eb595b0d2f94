"""Writes the files of a run in the background, and again after a failure."""

import copy
import shutil
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from seqgen.checkpoint import document_hashes, layout, titles, write
from seqgen.checkpoint.read import Checkpoint
from seqgen.errors import CheckpointError
from seqgen.io.atomic import MAX_TEXT_BYTES, read_bytes, write_atomic
from seqgen.training import train_state
from seqgen.training.events import Saved, Unsaved
from seqgen.training.train_state import TrainState

Arrays = dict[str, np.ndarray]


class AsyncCheckpointWriter:
    """Writes the files of a run into its checkpoint, with a copy of everything in memory.

    So nothing is lost if the disk is full for a while, or if the folder is deleted: the next save
    writes what is missing.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        ids: Mapping[str, np.ndarray],
        position: TrainState,
        arrays: Arrays | None,
    ) -> None:
        """Begin with the files of a new or resumed run.

        Args:
            checkpoint: Where to write.
            ids: Tokens of both parts by the names of their files.
            position: The state of the run.
            arrays: As `Trainer.arrays` returned them at that state; None for a new run.

        Raises:
            CheckpointError: If a file of a resumed run cannot be read.
        """
        path = checkpoint.path
        self.checkpoint = checkpoint
        self.ids = ids
        file = path / layout.DOCUMENTS
        self.hashes = document_hashes.corpus_hashes(checkpoint) if file.exists() else None
        self.titles = titles.read(path)
        self.best: Arrays | None = None
        self.metrics = self.samples = b""
        self._state: tuple[TrainState, Arrays] | None = None
        # The content of each file on disk; used by the writing thread only.
        self._written: dict[str, object] = {}
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="checkpoint-writer")
        self._jobs: deque[tuple[int, Future[None]]] = deque()  # without a reported outcome
        self._last: Future[None] | None = None
        if arrays is not None:
            write.remove_leftovers(path)
            self._state = copy.copy(position), arrays
            if (path / layout.WEIGHTS).exists():
                self.best = checkpoint.weights()
            # Lines after the last save belong to steps that are repeated.
            self.metrics = _read_beginning(path / layout.METRICS, position.metrics)
            self.samples = _read_beginning(path / layout.SAMPLES, position.samples)
            self._written = {layout.WEIGHTS: self.best, train_state.STATE: self._state}

    @property
    def arrays(self) -> Arrays:
        """The arrays of the last save. Raises CheckpointError before the first."""
        if self._state is None:
            raise CheckpointError(f"nothing was saved in {self.checkpoint.path} yet")
        return self._state[1]

    def add_metric(self, metric: Mapping[str, Any]) -> None:
        """Add a line to ``metrics.jsonl``, which the next save writes."""
        self.metrics += write.format_metric(metric)

    def add_sample(self, heading: str, text: str) -> None:
        """Add a sample to ``samples.txt``, which the next save writes."""
        self.samples += write.format_sample(heading, text)

    def save(self, position: TrainState, arrays: Arrays) -> None:
        """Start to write everything new after the current write; `outcomes` reports the result.

        Args:
            position: The state of the run.
            arrays: Copies of its arrays. If any is not finite, the last state is kept.
        """
        if all(np.isfinite(array).all() for array in arrays.values()):
            position.metrics, position.samples = len(self.metrics), len(self.samples)
            self._state = copy.copy(position), arrays
        self._start()

    def outcomes(self) -> Iterator[Saved | Unsaved]:
        """Yield the outcomes of saves that have ended since the last call."""
        while self._jobs and self._jobs[0][1].done():
            yield _outcome(*self._jobs.popleft())

    def finish(self) -> None:
        """Write everything new and wait for it. Raises CheckpointError if that fails."""
        self._start()
        if self._last:
            self._last.result()

    def _start(self) -> None:
        if self._last:
            self._last.exception()  # one at a time, or they would queue up on a slow disk
        if self._state:
            self._last = self._writer.submit(self._write, self._files(self._state))
            self._jobs.append((self._state[0].step, self._last))

    def _files(
        self, state: tuple[TrainState, Arrays]
    ) -> dict[str, tuple[object, Callable[[], None]]]:
        """Return the content of each file and the function that writes it; the state last."""
        path, config = self.checkpoint.path, self.checkpoint.config
        best, metrics, samples = self.best, self.metrics, self.samples
        files: dict[str, tuple[object, Callable[[], None]]] = {
            layout.METRICS: (metrics, lambda: write_atomic(path / layout.METRICS, metrics)),
            layout.SAMPLES: (samples, lambda: write_atomic(path / layout.SAMPLES, samples)),
            train_state.STATE: (state, lambda: train_state.save(path, *state)),
        }
        if best is None:
            return files
        return {layout.WEIGHTS: (best, lambda: write.save_weights(path, config, best)), **files}

    def _write(self, files: Mapping[str, tuple[object, Callable[[], None]]]) -> None:
        if not write.is_checkpoint(self.checkpoint.path):
            self._written.clear()
            self._create_folder()
        for name, (content, write_file) in files.items():
            if self._written.get(name) is not content:
                write_file()
                self._written[name] = content

    def _create_folder(self) -> None:
        """Create the deleted folder again, with the files that are written only once."""
        checkpoint = self.checkpoint
        folder = checkpoint.path / layout.RESUME
        try:
            if _is_remnant(checkpoint.path):
                shutil.rmtree(checkpoint.path)
            write.create(checkpoint.path, checkpoint.config, checkpoint.tokenizer)
            folder.mkdir(exist_ok=True)
            for name, ids in self.ids.items():
                ids.tofile(folder / name)
            if self.hashes is not None:
                document_hashes.save(checkpoint.path, self.hashes)
            titles.save(checkpoint.path, self.titles)
        except OSError as error:
            # The next save starts again.
            (checkpoint.path / layout.CONFIG).unlink(missing_ok=True)
            raise CheckpointError(f"cannot write {folder}: {error.strerror or error}") from error


def _read_beginning(path: Path, size: int | None) -> bytes:
    """Read the first bytes of a file, by default all; b"" if the file does not exist."""
    return read_bytes(path, MAX_TEXT_BYTES)[:size] if path.exists() else b""


def _is_remnant(path: Path) -> bool:
    """Return whether a folder contains only files written while it was deleted."""
    names = (*layout.FILES, layout.RESUME)
    return path.is_dir() and all(
        each.name in names or each.suffix == ".tmp" for each in path.iterdir()
    )


def _outcome(step: int, job: Future[None]) -> Saved | Unsaved:
    """Return the outcome of a save. Raises its error if it is not a CheckpointError."""
    failure = job.exception()
    if isinstance(failure, CheckpointError):
        return Unsaved(step, str(failure))
    if failure:
        raise failure
    return Saved(step)
