"""Start-up time of the command: help, first character of a sample, first training step.

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
    """Return the seconds from starting the command to its first byte on standard output."""
    began = time.perf_counter()
    with subprocess.Popen([*SEQGEN, *arguments], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        seconds = time.perf_counter() - began
        process.stdout.read()
    return seconds


def until_step(source: str) -> float:
    """Return the seconds from starting a training to its first step."""
    with tempfile.TemporaryDirectory() as folder:
        command = [*SEQGEN, "train", source, "--checkpoints-dir", folder, "--epochs", "0.01"]
        began = time.perf_counter()
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            next(line for line in process.stderr if line.startswith("step 1 "))
            seconds = time.perf_counter() - began
            process.stderr.read()
    return seconds


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--source", default="sonnets", help="for the step")
    args = parser.parse_args(argv)
    commands = {"help": ["--help"], "sample": ["sample", args.checkpoint, "--length", "50"]}
    results = {}
    for name, command in commands.items():
        until_output(*command)
        results[name] = statistics.median(until_output(*command) for _ in range(args.runs))
    results["step"] = statistics.median(until_step(args.source) for _ in range(args.steps))
    print(json.dumps(results))


if __name__ == "__main__":
    main()
