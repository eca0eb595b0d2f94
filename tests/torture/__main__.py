"""Long robustness tests: python -m tests.torture [--kills N] [--mutations N].

Kills and resumes training runs with one and two threads; damages checkpoints and uses them. Prints
a line of counts for each, and exits with status 1 after a fault.
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
from tests.torture.kills import Kills, kill, prepare, run_uninterrupted
from tests.torture.mutations import mutate

WORKERS = 2
EPOCHS = 300.0
PORTION = 500  # mutations of one process
MAX_ADDRESS_SPACE = 16 * 2**30  # so that a worker cannot exhaust the machine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--mutations", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        work(*arguments.worker)
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        Progress(console=Console(stderr=True)) as progress,
    ):
        faults = []
        if arguments.kills:
            faults += kills(Path(folder) / "kills", arguments.kills, arguments.seed, progress)
        if arguments.mutations:
            faults += mutations(
                Path(folder) / "mutations", arguments.mutations, arguments.seed, progress
            )
    for fault in faults:
        print("FAULT", fault)
    sys.exit(bool(faults))


def kills(folder: Path, times: int, seed: int, progress: Progress) -> list[str]:
    task = progress.add_task("kills", total=times)

    def run_worker(number: int) -> Kills:
        subfolder = folder / str(number)
        prepare(subfolder, seed + number, threads=1 + number)
        whole = run_uninterrupted(subfolder, EPOCHS)
        count = times // WORKERS + (number < times % WORKERS)
        return kill(subfolder, whole, EPOCHS, count, seed + number, lambda: progress.advance(task))

    with ThreadPoolExecutor(WORKERS) as executor:
        results = list(executor.map(run_worker, range(WORKERS)))
    faults = [fault for each in results for fault in each.faults]
    print(
        f"{sum(each.kills for each in results)} kills of {sum(each.runs for each in results)} "
        f"runs, {sum(each.resumed for each in results)} resumed from a saved state; "
        f"{len(faults)} faults"
    )
    return faults


def mutations(folder: Path, times: int, seed: int, progress: Progress) -> list[str]:
    task = progress.add_task("mutations", total=times)
    originals_folder = folder / "bases"
    bases(originals_folder)
    first = seed * 10**9
    portions = [
        (begin, min(begin + PORTION, first + times))
        for begin in range(first, first + times, PORTION)
    ]

    def run_portion(portion: tuple[int, int]) -> tuple[Counter[str], list[str]]:
        begin, end = portion
        outcomes: Counter[str] = Counter()
        faults: list[str] = []
        while begin < end:
            command = [sys.executable, "-m", "tests.torture", "--worker", str(originals_folder)]
            done = subprocess.run(
                [*command, str(begin), str(end)], capture_output=True, text=True, check=False
            )
            lines = [json.loads(line) for line in done.stdout.splitlines()]
            begin += len(lines)
            for line in lines:
                outcomes += Counter(line["outcomes"])
                faults += line["faults"]
            if done.returncode:  # the next mutation ended the process
                faults.append(
                    f"seed {begin}: ended with status {done.returncode}: {done.stderr[-300:]}"
                )
                outcomes["fault"] += 1
                begin += 1
        progress.advance(task, portion[1] - portion[0])
        return outcomes, faults

    with ThreadPoolExecutor(WORKERS) as executor:
        results = list(executor.map(run_portion, portions))
    outcomes = sum((each for each, _ in results), Counter[str]())
    faults = [fault for _, each in results for fault in each]
    print(
        f"{outcomes.total():,} mutated checkpoints: {outcomes['used']:,} used, "
        f"{outcomes['refused']:,} refused; {len(faults)} faults"
    )
    return faults


def work(folder: str, begin: str, end: str) -> None:
    """Mutate checkpoints and print a line of JSON for each."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_ADDRESS_SPACE, MAX_ADDRESS_SPACE))
    originals = sorted(path for path in Path(folder).iterdir() if path.is_dir())
    with tempfile.TemporaryDirectory() as copies, tempfile.TemporaryDirectory() as cache:
        os.environ["XDG_CACHE_HOME"] = cache
        for seed in range(int(begin), int(end)):
            outcomes, faults = mutate(originals, Path(copies), range(seed, seed + 1))
            print(json.dumps({"outcomes": outcomes, "faults": faults}), flush=True)


if __name__ == "__main__":
    main()
