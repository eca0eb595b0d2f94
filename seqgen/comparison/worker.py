"""Train a checkpoint in a separate process, which sends its events through a pipe.

Each variant has its own process, so that all have equal conditions. TensorFlow keeps the thread
pool that it created for the first network of a process: on two cores, an LSTM with 32 streams
trained on 51,000 tokens/s after one with 8 streams, and on 109,000 in a new process. Besides,
memory grew by 25 MB with each small network, and a network that is too large ends only its own
process.
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

# The child imports modules from the same folders as this process, not from the current one.
CHILD = "import sys; sys.path = {path!r}; from seqgen.comparison.worker import main; main()"


def train(path: Path) -> Generator[Event, None, None]:
    """Train a checkpoint from its current state to the end of its run.

    Closing the iterator saves the run; any other interruption leaves it as last saved.

    Raises:
        TrainingError: If training fails or the process is killed.
        CheckpointError: If the checkpoint cannot be read or saved.
    """
    command = [sys.executable, "-c", CHILD.format(path=sys.path), str(path)]
    with (
        tempfile.TemporaryFile() as errors,
        # In a new session, so that Ctrl-C reaches only this process.
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
            for event in _receive(process.stdout):
                finished = finished or isinstance(event, Finished)
                yield event
            process.wait()
        except GeneratorExit:
            process.stdout.close()  # The child gets a broken pipe, saves and exits.
            if status := process.wait():
                raise CheckpointError(f"{path}: {_exit_reason(errors, status)}") from None
            raise
        except BaseException:
            process.kill()
            raise
        if not finished:
            raise TrainingError(_exit_reason(errors, process.returncode))


def _receive(pipe: IO[bytes]) -> Iterator[Event]:
    """Yield the events that the child sends. Raises the error that it sends."""
    while True:
        try:
            event = pickle.load(pipe)
        except (EOFError, pickle.UnpicklingError):  # killed, perhaps while sending one
            return
        if isinstance(event, SeqgenError):
            raise event
        yield event


def _exit_reason(errors: IO[bytes], status: int) -> str:
    """Describe why the child exited, as far as is known."""
    if status < 0:
        hint = "; out of memory?" if -status == signal.SIGKILL else ""
        return f"its process was killed by {signal.Signals(-status).name}{hint}"
    errors.seek(0)
    lines = errors.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else f"its process exited with status {status}"


def main() -> None:
    """Train the checkpoint named by the argument and send events on standard output.

    This is the main function of the child. When the pipe breaks, because the parent closed it or
    exited, it saves the run and exits.
    """
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # Other output must not get into the pipe.
    events = resume_or_start(Path(sys.argv[1]))
    try:
        try:
            for event in events:
                _send(pipe, event)
        except BrokenPipeError:
            events.close()
    except SeqgenError as error:
        with contextlib.suppress(BrokenPipeError):
            _send(pipe, error)
        sys.exit(str(error))  # in case the pipe is broken
    finally:
        with contextlib.suppress(BrokenPipeError):
            pipe.close()


def _send(pipe: IO[bytes], message: Any) -> None:
    pickle.dump(message, pipe)
    pipe.flush()


def resume_or_start(path: Path) -> Generator[Event, None, None]:
    """Train a checkpoint from its current state, before, between or after its steps.

    A run that was interrupted after its last step is evaluated again.
    """
    with locked(path):
        yield from _resume_or_start_locked(path)


def _resume_or_start_locked(path: Path) -> Generator[Event, None, None]:
    """Body of `resume_or_start`; the caller holds the lock."""
    checkpoint = open_checkpoint(path)
    resumed = train_state.resumable(path)
    if not resumed:
        position = TrainState.start(checkpoint.config.training)
        current = yield from _prepare(checkpoint, position, None)
    else:
        position, arrays = train_state.read(path, checkpoint.config)
        current = _load(checkpoint, position, arrays)
    yield from _events(current, resumed, (), ())
