"""What takes too long for `make test`: python -m tests.torture [--kills N] [--mutations N].

Kills training runs, of one thread and of two, and resumes them, and spoils checkpoints and uses
them; ends with a line of counts for each, and status 1 if anything was not as it should be.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from tests.torture.bases import bases
from tests.torture.kills import Kills, kill, lay, run_through
from tests.torture.mutations import mutate

LANES = 2
EPOCHS = 300.0
# A worker spoils so many checkpoints, and more if it is told to.
PORTION = 500
MOST_ADDRESSES = 16 * 2**30  # so that a worker's end is not the machine's


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--mutations", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.worker:
        work(*asked.worker)
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        Progress(console=Console(stderr=True)) as progress,
    ):
        faults = []
        if asked.kills:
            faults += kills(Path(folder) / "kills", asked.kills, asked.seed, progress)
        if asked.mutations:
            faults += mutations(Path(folder) / "mutations", asked.mutations, asked.seed, progress)
    for fault in faults:
        print("FAULT", fault)
    sys.exit(bool(faults))


def kills(folder: Path, times: int, seed: int, progress: Progress) -> list[str]:
    task = progress.add_task("kills", total=times)

    def lane(number: int) -> Kills:
        own = folder / str(number)
        lay(own, seed + number, threads=1 + number)
        whole = run_through(own, EPOCHS)
        share = times // LANES + (number < times % LANES)
        return kill(own, whole, EPOCHS, share, seed + number, lambda: progress.advance(task))

    with ThreadPoolExecutor(LANES) as lanes:
        found = list(lanes.map(lane, range(LANES)))
    faults = [fault for each in found for fault in each.faults]
    print(
        f"{sum(each.kills for each in found)} kills of {sum(each.runs for each in found)} runs, "
        f"{sum(each.resumed for each in found)} resumed from a saved state; {len(faults)} faults"
    )
    return faults


def mutations(folder: Path, times: int, seed: int, progress: Progress) -> list[str]:
    task = progress.add_task("mutations", total=times)
    spoil = folder / "bases"
    bases(spoil)
    first = seed * 10**9
    portions = [
        (begin, min(begin + PORTION, first + times))
        for begin in range(first, first + times, PORTION)
    ]

    def lane(portion: tuple[int, int]) -> tuple[Counter[str], list[str]]:
        begin, end = portion
        outcomes: Counter[str] = Counter()
        faults: list[str] = []
        while begin < end:
            command = [sys.executable, "-m", "tests.torture", "--worker", str(spoil)]
            done = subprocess.run(
                [*command, str(begin), str(end)], capture_output=True, text=True, check=False
            )
            lines = [json.loads(line) for line in done.stdout.splitlines()]
            begin += len(lines)
            for line in lines:
                outcomes += Counter(line["outcomes"])
                faults += line["faults"]
            if done.returncode:  # the process itself was ended by the next one
                faults.append(
                    f"seed {begin}: ended with status {done.returncode}: {done.stderr[-300:]}"
                )
                outcomes["fault"] += 1
                begin += 1
        progress.advance(task, portion[1] - portion[0])
        return outcomes, faults

    with ThreadPoolExecutor(LANES) as lanes:
        found = list(lanes.map(lane, portions))
    outcomes = sum((each for each, _ in found), Counter[str]())
    faults = [fault for _, each in found for fault in each]
    print(
        f"{outcomes.total():,} spoiled checkpoints: {outcomes['used']:,} used, "
        f"{outcomes['refused']:,} refused; {len(faults)} faults"
    )
    return faults


def work(spoil: str, begin: str, end: str) -> None:
    """Spoil checkpoints one by one, and tell of each in a line of JSON."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESSES, MOST_ADDRESSES))
    originals = sorted(path for path in Path(spoil).iterdir() if path.is_dir())
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as cache:
        os.environ["XDG_CACHE_HOME"] = cache
        for seed in range(int(begin), int(end)):
            outcomes, faults = mutate(originals, Path(folder), range(seed, seed + 1))
            print(json.dumps({"outcomes": outcomes, "faults": faults}), flush=True)


if __name__ == "__main__":
    main()
