"""Keeps a run on disk: written in the background, and written again where that failed."""

import copy
import shutil
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from seqgen.checkpoint import document_hashes, layout, write
from seqgen.checkpoint.read import Checkpoint
from seqgen.errors import CheckpointError
from seqgen.io.atomic import MAX_TEXT_BYTES, read_bytes, write_atomic
from seqgen.training import train_state
from seqgen.training.events import Saved, Unsaved
from seqgen.training.train_state import TrainState

Arrays = dict[str, np.ndarray]


class AsyncCheckpointWriter:
    """Everything that a run puts into its checkpoint. All of it is held here too.

    So a disk that is full for a while costs nothing: what could not be written is written at the
    next save. And a folder that was deleted under the run is made anew, whole.

    checkpoint: what is written into.
    ids: the tokens of both parts by the names of their files.
    position, arrays: where the run stands; without arrays it is a new one.
    Raises CheckpointError if what an earlier run wrote cannot be read.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        ids: Mapping[str, np.ndarray],
        position: TrainState,
        arrays: Arrays | None,
    ) -> None:
        path = checkpoint.path
        self.checkpoint = checkpoint
        self.ids = ids
        file = path / layout.DOCUMENTS
        self.hashes = document_hashes.corpus_hashes(checkpoint) if file.exists() else None
        self.best: Arrays | None = None
        self.metrics = self.samples = b""
        self._state: tuple[TrainState, Arrays] | None = None
        # What is on disk, by file. Only the thread that writes knows.
        self._written: dict[str, object] = {}
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="keeper")
        self._jobs: deque[tuple[int, Future[None]]] = deque()  # that were not told of
        self._last: Future[None] | None = None
        if arrays is not None:
            write.remove_leftovers(path)
            self._state = copy.copy(position), arrays
            if (path / layout.WEIGHTS).exists():
                self.best = checkpoint.weights()
            # What was written after the last save is of steps that are made again.
            self.metrics = beginning(path / layout.METRICS, position.metrics)
            self.samples = beginning(path / layout.SAMPLES, position.samples)
            self._written = {layout.WEIGHTS: self.best, train_state.STATE: self._state}

    @property
    def arrays(self) -> Arrays:
        """What `Trainer.arrays` gave at the last save. Raises CheckpointError before the first."""
        if self._state is None:
            raise CheckpointError(f"nothing was saved in {self.checkpoint.path} yet")
        return self._state[1]

    def add_metric(self, metric: Mapping[str, Any]) -> None:
        """Another line of ``metrics.jsonl``, to be written at the next save."""
        self.metrics += write.format_metric(metric)

    def add_sample(self, heading: str, text: str) -> None:
        """Another part of ``samples.txt``, to be written at the next save."""
        self.samples += write.format_sample(heading, text)

    def save(self, position: TrainState, arrays: Arrays) -> None:
        """Begin to write all that is new, after what is being written; `outcomes` tells the end.

        arrays: copies. Any that are not finite leave the state as it was.
        """
        if all(np.isfinite(array).all() for array in arrays.values()):
            position.metrics, position.samples = len(self.metrics), len(self.samples)
            self._state = copy.copy(position), arrays
        self._begin()

    def outcomes(self) -> Iterator[Saved | Unsaved]:
        """What became of the saves that have ended since this was last asked."""
        while self._jobs and self._jobs[0][1].done():
            yield outcome(*self._jobs.popleft())

    def finish(self) -> None:
        """Write what is new and wait for it. Raises CheckpointError if it cannot be written."""
        self._begin()
        if self._last:
            self._last.result()

    def _begin(self) -> None:
        if self._last:
            self._last.exception()  # One at a time, or a slow disk would pile them up.
        if self._state:
            self._last = self._writer.submit(self._write, self._files())
            self._jobs.append((self._state[0].step, self._last))

    def _files(self) -> dict[str, tuple[object, Callable[[], None]]]:
        """Of each file, what is to be in it, and what writes that; the state last."""
        path, config = self.checkpoint.path, self.checkpoint.config
        best, metrics, samples, state = self.best, self.metrics, self.samples, self._state
        assert state
        files: dict[str, tuple[object, Callable[[], None]]] = {
            layout.METRICS: (metrics, lambda: write_atomic(path / layout.METRICS, metrics)),
            layout.SAMPLES: (samples, lambda: write_atomic(path / layout.SAMPLES, samples)),
            train_state.STATE: (state, lambda: train_state.save(path, *state)),
        }
        if best is None:
            return files
        return {
            layout.WEIGHTS: (best, lambda: write.save_weights(path, config, best)),
            **files,
        }

    def _write(self, files: Mapping[str, tuple[object, Callable[[], None]]]) -> None:
        if not write.is_checkpoint(self.checkpoint.path):
            self._written.clear()
            self._make_anew()
        for name, (content, write_file) in files.items():
            if self._written.get(name) is not content:
                write_file()
                self._written[name] = content

    def _make_anew(self) -> None:
        """Make the folder, which is gone, with what is written only once."""
        checkpoint = self.checkpoint
        folder = checkpoint.path / layout.RESUME
        try:
            if is_remnant(checkpoint.path):
                shutil.rmtree(checkpoint.path)
            write.create(checkpoint.path, checkpoint.config, checkpoint.tokenizer)
            folder.mkdir(exist_ok=True)
            for name, ids in self.ids.items():
                ids.tofile(folder / name)
            if self.hashes is not None:
                document_hashes.save(checkpoint.path, self.hashes)
        except OSError as error:
            # Half of it is none: the next save is to begin here again.
            (checkpoint.path / layout.CONFIG).unlink(missing_ok=True)
            raise CheckpointError(f"cannot write {folder}: {error.strerror or error}") from error


def beginning(path: Path, size: int | None) -> bytes:
    """The first bytes of a file, by default all; none if the file does not exist."""
    return read_bytes(path, MAX_TEXT_BYTES)[:size] if path.exists() else b""


def is_remnant(path: Path) -> bool:
    """Whether a folder was deleted while something was written into it, and holds no more."""
    ours = (*layout.FILES, layout.RESUME)
    return path.is_dir() and all(
        each.name in ours or each.suffix == ".tmp" for each in path.iterdir()
    )


def outcome(step: int, job: Future[None]) -> Saved | Unsaved:
    """What to tell of a save. Raises what is no failure to write."""
    failure = job.exception()
    if isinstance(failure, CheckpointError):
        return Unsaved(step, str(failure))
    if failure:
        raise failure
    return Saved(step)
