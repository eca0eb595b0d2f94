"""Start-up of the command from a cold process: help, a sample's first character, a first step.

``python -m benchmarks.start NAME|PATH`` prints, as JSON, the median seconds of each; the step is
the first of ``seqgen train sonnets``.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SEQGEN = Path(sys.executable).with_name("seqgen")
RUNS = 9
STEPS = 3


def until_output(*arguments: str) -> float:
    """Seconds from starting the command to its first byte on standard output."""
    began = time.perf_counter()
    with subprocess.Popen([SEQGEN, *arguments], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        seconds = time.perf_counter() - began
        process.stdout.read()
    return seconds


def until_step() -> float:
    """Seconds from starting a training to the line that tells of its first step."""
    with tempfile.TemporaryDirectory() as folder:
        command = [SEQGEN, "train", "sonnets", "--out", folder, "--epochs", "0.01"]
        began = time.perf_counter()
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            next(line for line in process.stderr if line.startswith("step 1 "))
            seconds = time.perf_counter() - began
            process.stderr.read()
    return seconds


def main(checkpoint: str) -> None:
    commands = {"help": ["--help"], "sample": ["sample", checkpoint, "--length", "50"]}
    found = {}
    for name, command in commands.items():
        until_output(*command)
        found[name] = statistics.median(until_output(*command) for _ in range(RUNS))
    found["step"] = statistics.median(until_step() for _ in range(STEPS))
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
