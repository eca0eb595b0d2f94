"""Overhead of saving: time of training steps while the run is saved continuously.

``python -m benchmarks.checkpointing [--units 1024] [--pairs 11] [--steps 10]`` prints, as JSON, the
size of a save in bytes, the seconds by which a background save delays the steps, the processor
seconds it takes, and the fractions of time and of all processors that these are at the default of
one save in 30 seconds. Steps with and without saves alternate, and medians over the pairs are
printed, so that other load affects both.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import seqgen
from seqgen.checkpoint.layout import RESUME
from seqgen.checkpoint.read import open_checkpoint
from seqgen.config.options import TrainingOptions
from seqgen.io.system import cores
from seqgen.training import run, train_state
from seqgen.training.events import Step
from seqgen.training.loop import Run

# Short steps, so that many saves fall into few of them.
UNITS = 1024
NETWORK: dict[str, Any] = {"layers": 1, "batch_size": 16, "seq_length": 32}
PAIRS = 11
STEPS = 10  # of each half of a pair


def start_run(folder: str, units: int) -> Run:
    """Start a run and stop it after its first step."""
    events = seqgen.train("sonnets", checkpoints_dir=folder, epochs=1000, units=(units,), **NETWORK)
    next(event for event in events if isinstance(event, Step))
    assert isinstance(events, Generator)
    events.close()
    path = Path(folder) / "sonnets"
    return run._load(open_checkpoint(path), *train_state.read(path))


def steps(run: Run, count: int, before: Callable[[], None]) -> np.ndarray:
    """Return wall-clock and processor seconds of ``count`` steps; ``before`` precedes each."""
    began = np.array([time.perf_counter(), time.process_time()])
    for step in range(count):
        before()
        run.trainer.step(run.windows.read(0, step % run.windows.steps), 1e-4)
    run.writer.finish()
    return np.array([time.perf_counter(), time.process_time()]) - began


def pair(run: Run, count: int) -> np.ndarray:
    """Return wall-clock and processor seconds that a save adds to its steps."""
    saves = finished = 0

    def save() -> None:
        nonlocal saves, finished
        finished += len(list(run.writer.outcomes()))
        if finished == saves:
            run.writer.save(run.position, run.trainer.arrays())
            saves += 1

    alone = steps(run, count, lambda: None)
    list(run.writer.outcomes())
    return (steps(run, count, save) - alone) / saves


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=UNITS)
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--steps", type=int, default=STEPS)
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        run = start_run(folder, args.units)
        steps(run, args.steps, lambda: None)  # compiles
        pairs = [pair(run, args.steps) for _ in range(args.pairs)]
        size = (run.checkpoint.path / RESUME / train_state.STATE).stat().st_size
    seconds, processor = np.median(pairs, 0)
    every = TrainingOptions().save_every
    shares = {"share": seconds / every, "share_of_processors": processor / every / cores()}
    print(json.dumps({"bytes": size, "seconds": seconds, "processor": processor} | shares))


if __name__ == "__main__":
    main()
