"""A run in a process of its own, which tells its events through a pipe.

Each variant has one, so that all are measured alike. TensorFlow keeps the threads that the first
network of a process was given: on two cores, an LSTM with 32 streams learned 51,000 tokens/s after
one with 8, and 109,000 by itself. Memory grew by 25 MB with each small network too, and of a
network that is too large only its own process ends.
"""

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import IO, Any

from seqgen.checkpoint.read import open_checkpoint
from seqgen.errors import CheckpointError, SeqgenError, TrainingError
from seqgen.io.lock import locked
from seqgen.training import train_state
from seqgen.training.events import Event, Finished
from seqgen.training.run import _events, _load, _prepare
from seqgen.training.train_state import TrainState

# Modules are found as this process finds them, and not as the current folder would have it.
CHILD = "import sys; sys.path = {path!r}; from seqgen.comparison.worker import main; main()"


def train(path: Path) -> Generator[Event, None, None]:
    """The events of the run that lies in a checkpoint, from where it is to its end.

    Closing the iterator saves the run; any other interruption leaves it as it last was saved.
    Raises TrainingError if it cannot go on or its process is killed, CheckpointError if it cannot
    be read or saved.
    """
    command = [sys.executable, "-c", CHILD.format(path=sys.path), str(path)]
    with (
        tempfile.TemporaryFile() as errors,
        # A session of its own: Ctrl-C is for the process that was started first.
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        ) as process,
    ):
        assert process.stdout
        try:
            finished = False
            for event in received(process.stdout):
                finished = finished or isinstance(event, Finished)
                yield event
            process.wait()
        except GeneratorExit:
            process.stdout.close()  # The child finds nobody to tell, saves and ends.
            if status := process.wait():
                raise CheckpointError(f"{path}: {exit_reason(errors, status)}") from None
            raise
        except BaseException:
            process.kill()
            raise
        if not finished:
            raise TrainingError(exit_reason(errors, process.returncode))


def received(pipe: IO[bytes]) -> Iterator[Event]:
    """The events that a child tells. Raises the error that it tells."""
    while True:
        try:
            event = pickle.load(pipe)
        except (EOFError, pickle.UnpicklingError):  # it was killed, perhaps in the middle of one
            return
        if isinstance(event, SeqgenError):
            raise event
        yield event


def exit_reason(errors: IO[bytes], status: int) -> str:
    """Why a child ended, as far as that can be known."""
    if status < 0:
        hint = "; out of memory?" if -status == signal.SIGKILL else ""
        return f"its process was ended by {signal.Signals(-status).name}{hint}"
    errors.seek(0)
    lines = errors.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else f"its process ended with status {status}"


def main() -> None:
    """The child: trains the checkpoint named as its argument, and tells of it on standard output.

    When nobody reads that any more, since its parent wants it so or is no more, it saves and ends.
    """
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # Whatever else is written there is not for the pipe.
    events = resume_or_start(Path(sys.argv[1]))
    try:
        try:
            for event in events:
                tell(pipe, event)
        except BrokenPipeError:
            events.close()
    except SeqgenError as error:
        with contextlib.suppress(BrokenPipeError):
            tell(pipe, error)
        sys.exit(str(error))  # its last words, should nobody have read the others
    finally:
        with contextlib.suppress(BrokenPipeError):
            pipe.close()


def tell(pipe: IO[bytes], what: Any) -> None:
    pickle.dump(what, pipe)
    pipe.flush()


def resume_or_start(path: Path) -> Generator[Event, None, None]:
    """The events of a run from where it is: before its first step, after its last, or between.

    A run that was interrupted after its last step is measured again.
    """
    with locked(path):
        yield from _resume_or_start_locked(path)


def _resume_or_start_locked(path: Path) -> Generator[Event, None, None]:
    """As `taken_up`, in a place that is ours."""
    checkpoint = open_checkpoint(path)
    resumed = train_state.resumable(path)
    if not resumed:
        options = checkpoint.config.training
        position = TrainState(epochs=options.epochs, minutes=options.minutes)
        current = yield from _prepare(checkpoint, position, None)
    else:
        position, arrays = train_state.read(path, checkpoint.config)
        current = _load(checkpoint, position, arrays)
    yield from _events(current, resumed, (), ())
