"""Training runs are killed repeatedly and must end like an uninterrupted run."""

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
# Saves and evaluates much more often than usual, so that kills hit these.
OFTEN = "save_every = 0.1\nevaluations = 400\npatience = 1000000\nthreads = {threads}\n"
# Fraction of kills while the process starts; the others come while it trains.
EARLY = 0.15
START_SECONDS, TRAIN_SECONDS = 4.0, 1.5
# Metrics that depend on the speed.
TIMED = ("seconds", "tokens_per_second")


@dataclass
class Kills:
    """Counts and faults of killed runs."""

    kills: int = 0
    resumed: int = 0
    runs: int = 0
    faults: list[str] = field(default_factory=list)


def prepare(folder: Path, seed: int, threads: int) -> None:
    """Write a corpus that depends on the seed, and the config file."""
    rng = random.Random(seed)
    words = ["river", "sea", "sky", "rain", "down", "again", "asks", "no", "one", "why"]
    lines = (" ".join(rng.choices(words, k=8)) for _ in range(400))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "river.txt").write_text("\n".join(lines) + "\n")
    (folder / "often.toml").write_text(OFTEN.format(threads=threads))


def command(folder: Path, name: str, epochs: float) -> list[str]:
    """Command that starts a run, or resumes it if possible."""
    seqgen = [sys.executable, "-m", "seqgen", "train"]
    path = folder / "checkpoints" / name
    if train_state.resumable(path):
        return [*seqgen, "--resume", str(path)]
    more = ["--config", "often.toml", "--epochs", str(epochs), "--dropout", "0.2"]
    return [*seqgen, "river.txt", "--name", name, "--overwrite", *NETWORK, *more]


def run_uninterrupted(folder: Path, epochs: float) -> Path:
    """Complete a run without kills and return its checkpoint."""
    subprocess.run(command(folder, "whole", epochs), cwd=folder, check=True, capture_output=True)
    return folder / "checkpoints" / "whole"


def kill(
    folder: Path, whole: Path, epochs: float, times: int, seed: int, on_kill: Callable[[], None]
) -> Kills:
    """Kill runs `times` times in total, and compare each finished run with `whole`.

    on_kill: Called after each kill.
    """
    rng, result = random.Random(seed), Kills()
    while result.kills < times:
        name = f"killed-{seed}-{result.runs}"
        path = folder / "checkpoints" / name
        ended = False
        while not ended:
            # The last run is not killed.
            ended, fault = run_until_killed(
                folder, name, epochs, rng if result.kills < times else None
            )
            if fault:
                result.faults.append(f"{name}, kill {result.kills}: {fault}")
                return result
            if not ended:
                result.kills += 1
                result.faults += [f"{name}, kill {result.kills}: {f}" for f in faults_of(path, rng)]
                result.resumed += train_state.resumable(path)
                on_kill()
        result.faults += [f"{name}: {f}" for f in differences(whole, path)]
        result.runs += 1
    return result


def run_until_killed(
    folder: Path, name: str, epochs: float, rng: random.Random | None
) -> tuple[bool, str]:
    """Kill a run at a random moment; return whether it ended before, and a fault.

    rng: None to let it end.
    """
    errors = folder / f"{name}.err"
    with errors.open("wb") as file, subprocess.Popen(
        command(folder, name, epochs), cwd=folder, stderr=file, stdout=subprocess.DEVNULL
    ) as process:  # fmt: skip
        if rng:
            if rng.random() < EARLY:
                wait(process, rng.uniform(0, START_SECONDS))
            else:
                while process.poll() is None and b"\nstep " not in errors.read_bytes():
                    time.sleep(0.02)
                wait(process, rng.uniform(0, TRAIN_SECONDS))
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


def faults_of(path: Path, rng: random.Random) -> list[str]:
    """Faults of the checkpoint of a killed run: it must load, sample and resume."""
    if not train_state.resumable(path):
        return []
    try:
        checkpoint = open_checkpoint(path)
        train_state.read(path, checkpoint.config)
        checkpoint.metrics()
        if rng.random() < 0.2:
            "".join(load(path).generate(length=5, seed=1))
    except SeqgenError as error:
        return [str(error)]
    return []


def differences(whole: Path, killed: Path) -> list[str]:
    """Differences between two checkpoints of the same run, without times."""
    one, other = open_checkpoint(whole), open_checkpoint(killed)
    faults = []
    for name, array in one.weights().items():
        if not np.array_equal(array, other.weights()[name]):
            faults.append(f"other weights: {name}")
    if without_times(one.metrics()) != without_times(other.metrics()):
        faults.append("other metrics")
    samples = ((path / layout.SAMPLES).read_bytes() for path in (whole, killed))
    if len(set(samples)) > 1:
        faults.append("other samples")
    (_, states), (_, others) = train_state.read(whole), train_state.read(killed)
    faults += [f"other state: {n}" for n, s in states.items() if not np.array_equal(s, others[n])]
    return faults + [f"other files: {name}" for name in files(whole) ^ files(killed)]


def files(path: Path) -> set[str]:
    return {str(file.relative_to(path)) for file in path.rglob("*")}


def without_times(metrics: list[dict[str, Any]]) -> str:
    untimed = ({k: v for k, v in m.items() if k not in TIMED} for m in metrics)
    return json.dumps(list(untimed))
