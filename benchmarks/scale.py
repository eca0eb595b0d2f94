"""Training on a text file of one size.

``python -m benchmarks.scale MEGABYTES [--minutes 0.25] [--units 512]`` writes a file of that size
(the sonnets repeated, with shuffled lines), trains on it for 15 seconds, and prints as JSON: the
seconds until the text is encoded and until the first step is done, tokens per second, and the peak
memory of the process in bytes.
"""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# All options whose defaults depend on the size of the text.
NETWORK: dict[str, Any] = {"preset": "medium", "cell": "lstm", "layers": 1, "embedding": 128}


def write_text(path: Path, size: int) -> None:
    """Write a text of ``size`` bytes."""
    from seqgen.data.corpora import open_corpus

    lines = str(open_corpus(["sonnets"]).documents[0].text).splitlines()
    shuffled = random.Random(0)
    with open(path, "w", encoding="utf-8") as file:
        while file.tell() < size:
            shuffled.shuffle(lines)
            file.write("\n".join(lines) + "\n")
        file.truncate(size)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("megabytes", type=float)
    parser.add_argument("--minutes", type=float, default=0.25)
    parser.add_argument("--epochs", type=float, help="instead of minutes")
    parser.add_argument("--units", type=int, default=512)
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "text.txt")
        write_text(path, round(args.megabytes * 10**6))
        length = {"epochs": args.epochs} if args.epochs else {"minutes": args.minutes}
        print(json.dumps(measure(path, {"units": args.units, "evaluations": 1} | length)))


def measure(path: Path, options: dict[str, Any]) -> dict[str, float]:
    """Train on a file; return times, speed and memory."""
    began = time.perf_counter()
    import seqgen
    from seqgen.training.events import Preparing, Step

    results: dict[str, float] = {}
    for event in seqgen.train(path, checkpoints_dir=path.parent, **options, **NETWORK):
        passed = time.perf_counter() - began
        match event:
            case Preparing(share=share) if share:
                results["encoded"] = passed
            case Step():
                results.setdefault("first_step", passed)
                results["tokens_per_second"] = event.tokens_per_second
    status = Path("/proc/self/status").read_text()
    results["memory"] = 1024 * int(status.split("VmHWM:")[1].split()[0])
    return results


if __name__ == "__main__":
    main()
