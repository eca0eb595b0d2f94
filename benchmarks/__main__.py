"""Run all benchmarks, each alone on the machine, and write the results."""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from benchmarks import command
from benchmarks.sampling import EMBEDDING
from benchmarks.training import Size
from seqgen.io.system import cores

RESULTS = Path(__file__).with_name("results.md")
PEERS = ("torch-float32", "torch-bfloat16")
TITLES = {
    "seqgen": "seqgen",
    "torch-float32": "PyTorch float32",
    "torch-bfloat16": "PyTorch bfloat16",
    "keras": "stock Keras",
}


@dataclass(frozen=True)
class Plan:
    """What is measured, and how often.

    training: Programs to compare by size.
    sampling: Layers, units and streams of each size.
    scale: Sizes of texts in megabytes.
    tune_options: Options of the training of a model of tunes, for the grammar and the validators.
    budget: The same in words.
    """

    rounds: int = 5
    scale_rounds: int = 3
    training: Mapping[Size, tuple[str, ...]] = field(
        default_factory=lambda: {
            Size("lstm", 2, 512, 256, 128, 64): ("seqgen", *PEERS, "keras"),
            Size("gru", 1, 1024, 256, 100, 64): ("seqgen", *PEERS, "keras"),
            Size("lstm", 2, 128, 64, 50, 50): ("seqgen", *PEERS),
            Size("rnn", 1, 512, 256, 128, 64): ("seqgen", *PEERS),
        }
    )
    sampling: tuple[tuple[int, int, int], ...] = ((2, 512, 1), (2, 512, 64), (3, 1024, 1))
    scale: tuple[float, ...] = (1, 10, 100, 1000)
    minutes: float = 2
    feature_epochs: int = 4
    tunes: str = "tunes"
    tune_options: tuple[str, ...] = ("--minutes", "10")
    budget: str = "10 minutes"
    text_options: tuple[str, ...] = ("--epochs", "0.2")

    def interleave(
        self, module: str, programs: Sequence[str], *arguments: object
    ) -> dict[str, float]:
        """Return the median of each program over rounds A B C A B C …"""
        runs: dict[str, list[float]] = {program: [] for program in programs}
        for _ in range(self.rounds):
            for program in programs:
                runs[program].append(float(last_line(module, program, *arguments)))
        return {program: statistics.median(values) for program, values in runs.items()}


def installed(programs: Sequence[str]) -> list[str]:
    """Return the programs, without those of PyTorch if it (the extra ``bench``) is missing."""
    return [name for name in programs if not name.startswith("torch") or find_spec("torch")]


def run_benchmark(module: str, *arguments: object) -> list[str]:
    """Return the lines that a benchmark prints, run in a separate process."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]
    print("+", *command[1:], file=sys.stderr, flush=True)
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    return done.stdout.strip().splitlines()


def last_line(module: str, *arguments: object) -> str:
    """Return the last line that a benchmark prints."""
    return run_benchmark(module, *arguments)[-1]


def measure_limits() -> dict[str, float]:
    """Return the current roofline of the machine."""
    limits: dict[str, float] = json.loads(last_line("roofline"))
    return limits


def train(source: str, folder: str, *options: str) -> Path:
    """Train a checkpoint for a benchmark."""
    command.run("train", source, "--name", "trained", "--checkpoints-dir", folder, *options)
    return Path(folder) / "trained"


def training_table(plan: Plan) -> list[str]:
    """Training speed compared with peers and the roofline, and a profile of a step."""
    limits = measure_limits()
    peak = max(limits["float32"], limits["bfloat16"])
    columns = installed(list(TITLES))
    against = ["against PyTorch's best"] if set(PEERS) & set(columns) else []
    heads = ["size", *(TITLES[name] for name in columns), *against, "against Keras", "limit",
             "reached"]  # fmt: skip
    lines = [
        "## Training, tokens/s",
        "",
        f"The limit is a large matrix product: {limits['float32'] / 1e9:,.0f} GFLOP/s in float32, "
        f"{limits['bfloat16'] / 1e9:,.0f} in bfloat16.",
        "",
        f"| {' | '.join(heads)} |",
        "|---" * len(heads) + "|",
    ]
    behind = []
    for size, programs in plan.training.items():
        found = plan.interleave("training", installed(programs), *size.arguments)
        ours, limit = found["seqgen"], peak / size.flops_per_token
        peers = {name: found[name] for name in PEERS if name in found}
        behind += [
            f"Behind: {size} trains at {ours / speed:.2f} × the speed of {peer}."
            for peer, speed in peers.items()
            if ours < speed
        ]
        row = [f"{found[name]:,.0f}" if name in found else "–" for name in columns]
        if against:
            row.append(f"{ours / max(peers.values()):.2f} ×")
        row.append(f"{ours / found['keras']:.2f} ×" if "keras" in found else "–")
        row += [f"{limit:,.0f}", f"{ours / limit:.0%}"]
        lines.append(f"| {size} | {' | '.join(row)} |")
    lines += ["", *behind]
    lines += [
        "",
        "Where a step of seqgen goes, each part measured alone (`benchmarks/profile.py`):",
        "",
        "| size | a step | products in the loops over time | products before and after them "
        "| gates, and the launch of small operations | embedding, output, loss, Adam |",
        "|---|---|---|---|---|---|",
    ]
    for size in plan.training:
        part = json.loads(last_line("profile", *size.arguments))
        inside, outside, layers, step = (
            part[name] for name in ("inside", "outside", "layers", "step")
        )
        shares = (inside, outside, layers - inside - outside, step - layers)
        cells = " | ".join(f"{share / step:.0%}" for share in shares)
        lines.append(f"| {size} | {1000 * step:,.1f} ms | {cells} |")
    return lines


def precision_table(plan: Plan) -> list[str]:
    """Loss in bfloat16 and float32."""
    found = {name: float(last_line("precision", name)) for name in ("float32", "bfloat16")}
    return [
        "## Precision",
        "",
        "The same two epochs on tinyshakespeare end at "
        f"{found['float32']:.4f} nats per character in float32 and {found['bfloat16']:.4f} in "
        f"bfloat16: {found['bfloat16'] - found['float32']:+.4f}.",
    ]


def scale_table(plan: Plan) -> list[str]:
    """Training on texts of several sizes."""
    lines = [
        "## Scale: a text file of any size",
        "",
        "| text | until its tokens lie in their file | until the first step is done | tokens/s "
        "| most memory held |",
        "|---|---|---|---|---|",
    ]
    runs: dict[float, list[dict[str, float]]] = {size: [] for size in plan.scale}
    for _ in range(plan.scale_rounds):
        for size in plan.scale:
            runs[size].append(json.loads(last_line("scale", size)))
    for size, each in runs.items():
        found = {name: statistics.median(run[name] for run in each) for name in each[0]}
        lines.append(
            f"| {size:,g} MB | {found['encoded']:.2f} s ({size / found['encoded']:,.0f} MB/s) | "
            f"{found['first_step']:.1f} s | {found['tokens_per_second']:,.0f} | "
            f"{found['memory'] / 1e9:.2f} GB |"
        )
    return lines


def sampling_table(plan: Plan) -> list[str]:
    """Sampling speed compared with PyTorch and the roofline."""
    limits = measure_limits()
    lines = [
        "## Sampling, tokens/s",
        "",
        f"The limit is the weights, one byte each, read once a step at {limits['cache'] / 1e9:.0f} "
        "GB/s, as fast as a product of a matrix and a vector reads them from the caches (from "
        f"memory: {limits['memory'] / 1e9:.0f} GB/s), or the products at "
        f"{limits['int8'] / 1e9:,.0f} GFLOP/s, as fast as a large one in int8.",
        "",
        "| size | streams | seqgen | PyTorch step | ratio | limit | reached |",
        "|---|---|---|---|---|---|---|",
    ]
    for layers, units, streams in plan.sampling:
        programs = installed(("seqgen", "torch"))
        found = plan.interleave("sampling", programs, layers, units, streams)
        ours, theirs = found["seqgen"], found.get("torch")
        weights = Size("lstm", layers, units, EMBEDDING, 1, 1).flops_per_token / 6
        limit = min(streams * limits["cache"] / weights, limits["int8"] / (2 * weights))
        peer = f"{theirs:,.0f} | {ours / theirs:.1f} ×" if theirs else "– | –"
        lines.append(
            f"| LSTM {layers}×{units} | {streams} | {ours:,.0f} | {peer} | {limit:,.0f} | "
            f"{ours / limit:.0%} |"
        )
    return lines


def prompt_table(plan: Plan) -> list[str]:
    """Speed of reading a prompt by the sequence graph and token by token."""
    found = json.loads(last_line("prompt"))
    return [
        "## Prompt: how fast it is read",
        "",
        f"60,000 characters by `shakespeare` in int8: {found['characters']:,.0f} characters/s as "
        f"a sequence, {found['sequence'] / found['steps']:.1f} times as many as token by token, "
        f"after {found['build']:.2f} s in which the graph for it is built.",
    ]


def checkpointing_table(plan: Plan) -> list[str]:
    """Overhead of saving a run."""
    found = json.loads(last_line("checkpointing"))
    return [
        "## Checkpointing: what saving costs a run",
        "",
        f"The state of an LSTM of 1×1024 units has {found['bytes'] / 1e6:.0f} MB. Saving it in the "
        f"background holds training up by {found['seconds']:.2f} s and takes "
        f"{found['processor']:.2f} s of a processor: once in 30 seconds, as by default, "
        f"{found['share']:.2%} of the time and {found['share_of_processors']:.2%} of the "
        "processors.",
    ]


def startup_table(plan: Plan) -> list[str]:
    """Start-up of the command, on a checkpoint train for the purpose, and the display's cost."""
    with tempfile.TemporaryDirectory() as folder:
        found = json.loads(last_line("startup", train("sonnets", folder, *plan.text_options)))
    return [
        "## Startup, seconds from a cold process",
        "",
        "| command | seconds |",
        "|---|---|",
        f"| `seqgen --help` | {found['help']:.2f} |",
        f"| `seqgen sample sonnets`, first character | {found['sample']:.2f} |",
        f"| `seqgen train sonnets`, first step done | {found['step']:.1f} |",
        "",
        f"The live picture of a run takes {float(last_line('display')):.2%} of the processors.",
    ]


def quality_table(plan: Plan) -> list[str]:
    """Validation loss of two minutes on tinyshakespeare."""
    nats = float(last_line("quality", plan.minutes))
    return [
        "## Quality",
        "",
        f"`seqgen train tinyshakespeare --minutes {plan.minutes:g}`: "
        f"**{nats:.4f} nats per character** on the last 10% (111,540 characters).",
    ]


def counting_table(plan: Plan) -> list[str]:
    """N-gram models and position features on tunes."""
    lines = ["## Counting: n-grams with Kneser-Ney smoothing on held-out tunes of `tunes`"]
    for transpose, what in (("common", "Every tonic at C"), ("none", "Keys as written")):
        lines += ["", f"{what}:", "", *run_benchmark("ngram", plan.tunes, "--transpose", transpose)]
    caption = (
        "An LSTM with more or fewer position features beside each token "
        "(`seqgen/music/normal/position_features.py`):"
    )
    return [
        *lines,
        "",
        caption,
        "",
        *run_benchmark("position_features", plan.tunes, plan.feature_epochs),
    ]


def grammar_table(plan: Plan) -> list[str]:
    """Overhead of the tune grammar, by itself and in generation."""
    with tempfile.TemporaryDirectory() as folder:
        model = train(plan.tunes, folder, *plan.tune_options)
        found = json.loads(last_line("grammar_overhead", model))
    lines = [
        "## Grammar: what it costs to write playable tunes",
        "",
        f"Generation by a model of `tunes` after {plan.budget}, tokens/s:",
        "",
        "| streams | under the grammar | free | cost |",
        "|---|---|---|---|",
    ]
    for streams, speed in found.items():
        held, free = speed["constrained"], speed["unconstrained"]
        lines.append(f"| {streams} | {held:,.0f} | {free:,.0f} | {1 - held / free:.0%} |")
    return [*lines, "", "The grammar alone, tunes of random tokens:", "", *run_benchmark("grammar")]


def tunes_table(plan: Plan) -> list[str]:
    """How many of thousands of tunes pass every validator."""
    with tempfile.TemporaryDirectory() as folder:
        rows = run_benchmark("tunes", train(plan.tunes, folder, *plan.tune_options))
    heading = f"## Tunes: how many can be played, of a model of `tunes` after {plan.budget}"
    return [heading, "", *rows]


TABLES = {
    "training": training_table,
    "precision": precision_table,
    "scale": scale_table,
    "sampling": sampling_table,
    "prompt": prompt_table,
    "checkpointing": checkpointing_table,
    "startup": startup_table,
    "quality": quality_table,
    "counting": counting_table,
    "grammar": grammar_table,
    "tunes": tunes_table,
}


def heading(plan: Plan) -> list[str]:
    """The machine and the versions."""
    processor = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    names = installed(("seqgen-rnn", "tensorflow", "keras", "onnxruntime", "torch", "numpy"))
    return [
        "# Results",
        "",
        f"Written by `make bench` on {date.today()}. Programs ran in turn, each alone; medians of "
        f"{plan.rounds} runs, those of a section together (scale: {plan.scale_rounds}; precision, "
        "quality and tunes: one). The machine is shared, so read the ratios.",
        "",
        f"- {processor}, {cores()} cores, {platform.system()}, Python {platform.python_version()}",
        "- " + ", ".join(f"{name} {metadata.version(name)}" for name in names),
        "",
    ]


def main(argv: Sequence[str] | None = None, plan: Plan | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*TABLES, []], default=[])
    parser.add_argument("--out", type=Path, default=RESULTS)
    args = parser.parse_args(argv)
    plan = plan or Plan()
    found = {name: previous_section(name, args.out) for name in TABLES}
    for part in args.parts or TABLES:
        found[part] = "\n".join(TABLES[part](plan)) + "\n"
    text = "\n".join([*heading(plan), *filter(None, found.values())])
    args.out.write_text(text, encoding="utf-8")
    print(text)


def previous_section(part: str, path: Path) -> str:
    """Return the section of an earlier run, which is kept if this run measures other parts."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    _, found, rest = text.partition(f"## {part.capitalize()}")
    return f"{found}{rest.partition('## ')[0].rstrip()}\n" if found else ""


if __name__ == "__main__":
    main()
