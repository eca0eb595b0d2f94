"""Start-up of the command from a cold process: help, a sample's first character, a first step.

``python -m benchmarks.startup NAME|PATH [--runs 9] [--steps 3]`` prints, as JSON, the median
seconds of each; the step is the first of ``seqgen train sonnets``.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

SEQGEN = (sys.executable, "-m", "seqgen")
RUNS = 9
STEPS = 3


def until_output(*arguments: str) -> float:
    """Seconds from starting the command to its first byte on standard output."""
    began = time.perf_counter()
    with subprocess.Popen([*SEQGEN, *arguments], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        seconds = time.perf_counter() - began
        process.stdout.read()
    return seconds


def until_step(source: str) -> float:
    """Seconds from starting a training to the line that tells of its first step."""
    with tempfile.TemporaryDirectory() as folder:
        command = [*SEQGEN, "train", source, "--checkpoints-dir", folder, "--epochs", "0.01"]
        began = time.perf_counter()
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            next(line for line in process.stderr if line.startswith("step 1 "))
            seconds = time.perf_counter() - began
            process.stderr.read()
    return seconds


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--source", default="sonnets", help="for the step")
    asked = parser.parse_args(arguments)
    commands = {"help": ["--help"], "sample": ["sample", asked.checkpoint, "--length", "50"]}
    found = {}
    for name, command in commands.items():
        until_output(*command)
        found[name] = statistics.median(until_output(*command) for _ in range(asked.runs))
    found["step"] = statistics.median(until_step(asked.source) for _ in range(asked.steps))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
