"""Training on a text file of one size, by the command itself, in a process of its own.

``python -m benchmarks.scale MEGABYTES [--minutes 0.25] [--units 512]`` writes a file of that size
(the sonnets over and over, their lines shuffled each time), trains on it for 15 seconds, and prints
as JSON: the seconds until the tokens lay in their file and until the first step was done, tokens a
second, and the most memory that the process ever held, in bytes.
"""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

# All that the plan would choose by the size of the text.
NETWORK = {"preset": "medium", "cell": "lstm", "layers": 1, "embedding": 128}


def write_text(path: Path, size: int) -> None:
    """A text of that many bytes."""
    from seqgen.data.corpora import open_corpus

    lines = str(open_corpus(["sonnets"]).documents[0].text).splitlines()
    shuffled = random.Random(0)
    with open(path, "w", encoding="utf-8") as file:
        while file.tell() < size:
            shuffled.shuffle(lines)
            file.write("\n".join(lines) + "\n")
        file.truncate(size)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("megabytes", type=float)
    parser.add_argument("--minutes", type=float, default=0.25)
    parser.add_argument("--epochs", type=float, help="instead of minutes")
    parser.add_argument("--units", type=int, default=512)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "text.txt")
        write_text(path, round(asked.megabytes * 10**6))
        length = {"epochs": asked.epochs} if asked.epochs else {"minutes": asked.minutes}
        print(json.dumps(measured(path, {"units": asked.units, "evaluations": 1} | length)))


def measured(path: Path, options: dict[str, float]) -> dict[str, float]:
    """What training on a file takes."""
    began = time.perf_counter()
    import seqgen
    from seqgen.training.events import Preparing, Step

    found: dict[str, float] = {}
    for event in seqgen.train(path, checkpoints_dir=path.parent, **options, **NETWORK):
        passed = time.perf_counter() - began
        match event:
            case Preparing(share=share) if share:
                found["encoded"] = passed
            case Step():
                found.setdefault("first_step", passed)
                found["tokens_per_second"] = event.tokens_per_second
    status = Path("/proc/self/status").read_text()
    found["memory"] = 1024 * int(status.split("VmHWM:")[1].split()[0])
    return found


if __name__ == "__main__":
    main()
