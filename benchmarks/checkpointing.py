"""What saving costs: how long steps of training take while the run is saved all the time.

``python -m benchmarks.checkpointing [--units 1024] [--pairs 11] [--steps 10]`` prints, as JSON,
the bytes that are saved, the seconds by which a save in the background holds the steps up, and the
seconds that it takes of a processor; and what share that is of the time, and of all processors, at
the default of one save in 30 seconds. Steps with saves and without take turns, and the medians of
the pairs are told, so that what else the machine does weighs on both.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

import seqgen
from seqgen.checkpoint.layout import RESUME
from seqgen.checkpoint.read import open_checkpoint
from seqgen.config.options import TrainingOptions
from seqgen.models.tf_runtime import cores
from seqgen.training import run, train_state
from seqgen.training.events import Step
from seqgen.training.loop import Run

# The steps are short, so that many saves fall on few of them.
UNITS = 1024
NETWORK = {"layers": 1, "batch_size": 16, "seq_length": 32}
PAIRS = 11
STEPS = 10  # of each half of a pair


def begun(folder: str, units: int) -> Run:
    """A run after its first step."""
    events = seqgen.train("sonnets", checkpoints_dir=folder, epochs=1000, units=(units,), **NETWORK)
    next(event for event in events if isinstance(event, Step))
    events.close()
    path = Path(folder) / "sonnets"
    return run._load(open_checkpoint(path), *train_state.read(path))


def steps(run: Run, count: int, before: Callable[[], None]) -> np.ndarray:
    """Seconds that so many steps take by the clock, and of processors.

    before: called before each.
    """
    began = np.array([time.perf_counter(), time.process_time()])
    for step in range(count):
        before()
        place = (0, step % run.windows.steps)
        run.learner.step(run.windows.read(*place), 1e-4)
    run.keeper.finish()
    return np.array([time.perf_counter(), time.process_time()]) - began


def pair(run: Run, count: int) -> np.ndarray:
    """Seconds that a save adds to the steps that it falls on, by the clock and of processors."""
    saves = told = 0

    def save() -> None:
        nonlocal saves, told
        told += len(list(run.keeper.outcomes()))
        if told == saves:
            run.keeper.save(run.position, run.learner.arrays())
            saves += 1

    alone = steps(run, count, lambda: None)
    list(run.keeper.outcomes())
    return (steps(run, count, save) - alone) / saves


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=UNITS)
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--steps", type=int, default=STEPS)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        run = begun(folder, asked.units)
        steps(run, asked.steps, lambda: None)  # compiles
        pairs = [pair(run, asked.steps) for _ in range(asked.pairs)]
        size = (run.checkpoint.path / RESUME / train_state.STATE).stat().st_size
    seconds, processor = np.median(pairs, 0)
    every = TrainingOptions().save_every
    shares = {"share": seconds / every, "share_of_processors": processor / every / cores()}
    print(json.dumps({"bytes": size, "seconds": seconds, "processor": processor} | shares))


if __name__ == "__main__":
    main()
