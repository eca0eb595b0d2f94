"""A training run is killed again and again, and must end as one that was left alone."""

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from seqgen.checkpoint import layout
from seqgen.checkpoint.read import open_checkpoint
from seqgen.errors import SeqgenError
from seqgen.generation import load
from seqgen.training import train_state

NETWORK = ("--units", "24", "--embedding", "8", "--seq-length", "16", "--batch-size", "16")
# Saved and measured far oftener than otherwise, so that a kill often hits it.
OFTEN = "save_every = 0.1\nevaluations = 400\npatience = 1000000\nthreads = {threads}\n"
# Of the kills, those that come while the process still starts; the others while it trains.
EARLY = 0.15
START_SECONDS, TRAIN_SECONDS = 4.0, 1.5
# Of a metric, what the clock says.
BY_THE_CLOCK = ("seconds", "tokens_per_second")


@dataclass
class Kills:
    """What became of a run: how often it was killed, and all that was not as it should be."""

    kills: int = 0
    resumed: int = 0
    runs: int = 0
    faults: list[str] = field(default_factory=list)


def lay(folder: Path, seed: int, threads: int) -> None:
    """A text to learn, the same for each seed, and the rare options."""
    chance = random.Random(seed)
    words = ["river", "sea", "sky", "rain", "down", "again", "asks", "no", "one", "why"]
    lines = (" ".join(chance.choices(words, k=8)) for _ in range(400))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "river.txt").write_text("\n".join(lines) + "\n")
    (folder / "often.toml").write_text(OFTEN.format(threads=threads))


def command(folder: Path, name: str, epochs: float) -> list[str]:
    """What begins a run, or takes it up where there is something to take up."""
    seqgen = [sys.executable, "-m", "seqgen", "train"]
    path = folder / "checkpoints" / name
    if train_state.resumable(path):
        return [*seqgen, "--resume", str(path)]
    more = ["--config", "often.toml", "--epochs", str(epochs), "--dropout", "0.2"]
    return [*seqgen, "river.txt", "--name", name, "--overwrite", *NETWORK, *more]


def run_through(folder: Path, epochs: float) -> Path:
    """The run that is left alone; the folder of its checkpoint."""
    subprocess.run(command(folder, "whole", epochs), cwd=folder, check=True, capture_output=True)
    return folder / "checkpoints" / "whole"


def kill(
    folder: Path, whole: Path, epochs: float, times: int, seed: int, tell: Callable[[], None]
) -> Kills:
    """Kill runs so many times in all; each that comes to its end is compared with `whole`.

    tell: called after each kill.
    """
    chance, found = random.Random(seed), Kills()
    while found.kills < times:
        name = f"killed-{seed}-{found.runs}"
        path = folder / "checkpoints" / name
        ended = False
        while not ended:
            # The last run is left to come to its end.
            ended, fault = leg(folder, name, epochs, chance if found.kills < times else None)
            if fault:
                found.faults.append(f"{name}, kill {found.kills}: {fault}")
                return found
            if not ended:
                found.kills += 1
                found.faults += [f"{name}, kill {found.kills}: {f}" for f in usable(path, chance)]
                found.resumed += train_state.resumable(path)
                tell()
        found.faults += [f"{name}: {f}" for f in differences(whole, path)]
        found.runs += 1
    return found


def leg(folder: Path, name: str, epochs: float, chance: random.Random | None) -> tuple[bool, str]:
    """Run until it is killed, at a random moment, or ends by itself: whether it did, and a fault.

    chance: None to let it end.
    """
    errors = folder / f"{name}.err"
    with errors.open("wb") as file, subprocess.Popen(
        command(folder, name, epochs), cwd=folder, stderr=file, stdout=subprocess.DEVNULL
    ) as process:  # fmt: skip
        if chance:
            if chance.random() < EARLY:
                wait(process, chance.uniform(0, START_SECONDS))
            else:
                while process.poll() is None and b"\nstep " not in errors.read_bytes():
                    time.sleep(0.02)
                wait(process, chance.uniform(0, TRAIN_SECONDS))
            process.send_signal(signal.SIGKILL)
        status = process.wait()
    if status == -signal.SIGKILL:
        return False, ""
    return True, errors.read_text("utf-8", "replace")[-500:] if status else ""


def wait(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def usable(path: Path, chance: random.Random) -> list[str]:
    """What is wrong with a checkpoint whose run was killed: it must load, sample and resume."""
    if not train_state.resumable(path):
        return []
    try:
        checkpoint = open_checkpoint(path)
        train_state.read(path, checkpoint.config)
        checkpoint.metrics()
        if chance.random() < 0.2:
            "".join(load(path).generate(length=5, seed=1))
    except SeqgenError as error:
        return [str(error)]
    return []


def differences(whole: Path, killed: Path) -> list[str]:
    """In what two checkpoints of the same run differ, beside what the clock says."""
    one, other = open_checkpoint(whole), open_checkpoint(killed)
    found = []
    for name, array in one.weights().items():
        if not np.array_equal(array, other.weights()[name]):
            found.append(f"other weights: {name}")
    if timeless(one.metrics()) != timeless(other.metrics()):
        found.append("other metrics")
    samples = ((path / layout.SAMPLES).read_bytes() for path in (whole, killed))
    if len(set(samples)) > 1:
        found.append("other samples")
    (_, states), (_, others) = train_state.read(whole), train_state.read(killed)
    found += [f"other state: {n}" for n, s in states.items() if not np.array_equal(s, others[n])]
    return found + [f"other files: {name}" for name in files(whole) ^ files(killed)]


def files(path: Path) -> set[str]:
    return {str(file.relative_to(path)) for file in path.rglob("*")}


def timeless(metrics: list[dict[str, Any]]) -> str:
    kept = ({k: v for k, v in m.items() if k not in BY_THE_CLOCK} for m in metrics)
    return json.dumps(list(kept))
