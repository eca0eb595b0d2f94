"""Overhead of the live training display, at 50 training steps per second.

``python -m benchmarks.display [SECONDS]`` prints the fraction of all processors that it
takes.
"""

import argparse
import dataclasses
import io
import tempfile
import time
from collections.abc import Sequence

from rich.console import Console

import seqgen
from seqgen.cli.display import display
from seqgen.io.system import cores
from seqgen.training.events import Step

SECONDS = 10.0
STEPS_A_SECOND = 50  # of a small network


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", type=float, nargs="?", default=SECONDS)
    parser.add_argument("--source", default="sonnets")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        events = list(seqgen.train(args.source, checkpoints_dir=folder, epochs=0.01, units=16))
    step = next(event for event in events if isinstance(event, Step))
    before = events[: events.index(step)]
    began, worked = time.perf_counter(), time.process_time()
    with display(Console(file=io.StringIO(), force_terminal=True), verbose=False) as drawing:
        for event in before:
            drawing.draw(event)
        for number in range(round(args.seconds * STEPS_A_SECOND)):
            drawing.draw(dataclasses.replace(step, step=number))
            time.sleep(max(0.0, began + number / STEPS_A_SECOND - time.perf_counter()))
    seconds = time.perf_counter() - began
    print((time.process_time() - worked) / seconds / cores())


if __name__ == "__main__":
    main()
