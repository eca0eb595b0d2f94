"""Run every measurement, programs in turn and each alone on the machine, and write the results."""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from importlib import metadata
from pathlib import Path

from benchmarks.training import Size
from seqgen.stack.backend import cores

RESULTS = Path(__file__).with_name("results.md")
ROUNDS = 5
PEERS = ("torch-float32", "torch-bfloat16")

TRAINING = {
    Size("lstm", 2, 512, 256, 128, 64): ("seqgen", *PEERS, "keras"),
    Size("gru", 1, 1024, 256, 100, 64): ("seqgen", *PEERS, "keras"),
    Size("lstm", 2, 128, 64, 50, 50): ("seqgen", *PEERS),
    Size("rnn", 1, 512, 256, 128, 64): ("seqgen", *PEERS),
}
SAMPLING = ((2, 512, 1), (2, 512, 64), (3, 1024, 1))


def measured(module: str, *arguments: object) -> str:
    """What a measurement prints last, in a process of its own."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]
    print("+", *command[1:], file=sys.stderr, flush=True)
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    return done.stdout.strip().splitlines()[-1]


def in_turn(module: str, programs: Sequence[str], *arguments: object) -> dict[str, float]:
    """The median of several runs of each program, A B C A B C …"""
    runs: dict[str, list[float]] = {program: [] for program in programs}
    for _ in range(ROUNDS):
        for program in programs:
            runs[program].append(float(measured(module, program, *arguments)))
    return {program: statistics.median(values) for program, values in runs.items()}


def training_table(limits: dict[str, float]) -> list[str]:
    """Training speed against the peers, and how much of the machine is used."""
    peak = max(limits["float32"], limits["bfloat16"])
    lines = [
        "## Training, tokens/s",
        "",
        limits_line(limits),
        "",
        "| size | seqgen | PyTorch float32 | PyTorch bfloat16 | stock Keras "
        "| against PyTorch's best | against Keras | limit | reached |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for size, programs in TRAINING.items():
        numbers = (size.layers, size.units, size.embedding, size.window, size.batch)
        found = in_turn("training", programs, size.cell, *numbers)
        ours, best = found["seqgen"], max(found[peer] for peer in PEERS)
        stock = found.get("keras")
        limit = peak / size.flops_per_token
        lines.append(
            f"| {size} | {ours:,.0f} | {found[PEERS[0]]:,.0f} | {found[PEERS[1]]:,.0f} | "
            f"{f'{stock:,.0f}' if stock else '–'} | {ours / best:.2f} × | "
            f"{f'{ours / stock:.2f} ×' if stock else '–'} | {limit:,.0f} | {ours / limit:.0%} |"
        )
    return lines


def sampling_table() -> list[str]:
    """Sampling speed against PyTorch's step."""
    lines = [
        "## Sampling, tokens/s",
        "",
        "| size | streams | seqgen | PyTorch step | ratio |",
        "|---|---|---|---|---|",
    ]
    for layers, units, streams in SAMPLING:
        found = in_turn("sampling", ("seqgen", "torch"), layers, units, streams)
        ours, theirs = found["seqgen"], found["torch"]
        lines.append(
            f"| LSTM {layers}×{units} | {streams} | {ours:,.0f} | {theirs:,.0f} | "
            f"{ours / theirs:.1f} × |"
        )
    return lines


def start_table() -> list[str]:
    """Start-up of the command, on a checkpoint trained for the purpose."""
    with tempfile.TemporaryDirectory() as folder:
        command = [Path(sys.executable).with_name("seqgen"), "train", "sonnets", "--out", folder]
        subprocess.run([*command, "--epochs", "0.2"], check=True, stderr=subprocess.DEVNULL)
        found = json.loads(measured("start", Path(folder) / "sonnets"))
    return [
        "## Start-up, seconds from a cold process",
        "",
        "| command | seconds |",
        "|---|---|",
        f"| `seqgen --help` | {found['help']:.2f} |",
        f"| `seqgen sample sonnets`, first character | {found['sample']:.2f} |",
    ]


def quality_table() -> list[str]:
    """What two minutes give on tinyshakespeare."""
    nats = float(measured("quality", 2))
    return [
        "## Quality",
        "",
        "`seqgen train tinyshakespeare --minutes 2`: "
        f"**{nats:.4f} nats per character** on the last 10% (111,540 characters).",
    ]


def limits_line(limits: dict[str, float]) -> str:
    """The most that the machine could do when the table below was measured."""
    return (
        f"A large matrix product ran at {limits['float32'] / 1e9:,.0f} GFLOP/s in float32 and "
        f"{limits['bfloat16'] / 1e9:,.0f} in bfloat16, which is the limit; memory was read at "
        f"{limits['bytes'] / 1e9:.1f} GB/s."
    )


def heading() -> list[str]:
    """The machine and the versions."""
    processor = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    versions = ("seqgen", "tensorflow", "keras", "onnxruntime", "torch", "numpy")
    return [
        "# Results",
        "",
        f"Written by `make bench` on {date.today()}. Programs ran in turn, each alone; medians of "
        f"{ROUNDS} runs, those of a section together. The machine is shared, so read the ratios.",
        "",
        f"- {processor}, {cores()} cores, {platform.system()}, Python {platform.python_version()}",
        "- " + ", ".join(f"{name} {metadata.version(name)}" for name in versions),
        "",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=["training", "sampling", "start", "quality"])
    parts = parser.parse_args().parts
    tables = {
        "training": lambda: training_table(json.loads(measured("limits"))),
        "sampling": sampling_table,
        "start": start_table,
        "quality": quality_table,
    }
    found = {name: written(name) for name in tables}
    for part in parts:
        found[part] = "\n".join(tables[part]()) + "\n"
    text = "\n".join([*heading(), *filter(None, found.values())])
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


def written(part: str) -> str:
    """The section of an earlier run, kept where this one measures other parts."""
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    _, found, rest = text.partition(f"## {part.capitalize()}")
    return f"{found}{rest.partition('## ')[0].rstrip()}\n" if found else ""


if __name__ == "__main__":
    main()
