"""Start-up of the command from a cold process: `--help`, and a sample's first character.

``python -m benchmarks.start NAME|PATH`` prints, as JSON, the median seconds of each.
"""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

SEQGEN = Path(sys.executable).with_name("seqgen")
RUNS = 9


def until_output(*arguments: str) -> float:
    """Seconds from starting the command to its first byte on standard output."""
    began = time.perf_counter()
    with subprocess.Popen([SEQGEN, *arguments], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        seconds = time.perf_counter() - began
        process.stdout.read()
    return seconds


def main(checkpoint: str) -> None:
    commands = {"help": ["--help"], "sample": ["sample", checkpoint, "--length", "50"]}
    found = {}
    for name, command in commands.items():
        until_output(*command)
        found[name] = statistics.median(until_output(*command) for _ in range(RUNS))
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
