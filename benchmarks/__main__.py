"""Run all benchmarks, or the named sections, and write ``benchmarks/results.md``.

``python -m benchmarks [SECTION ...]`` takes about two hours for all sections. Sections that are not
measured keep their results.
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

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
    """What to measure, and how often.

    Attributes:
        rounds: Runs of each program of a comparison.
        scale_rounds: Runs with each size of text.
        training: Programs to compare by size.
        sampling: Layers, units and streams of each size.
        scale: Sizes of texts in megabytes.
        minutes: Training time of the section "quality".
        feature_epochs: Epochs of each set of position features.
        tunes: The tune book.
        tune_options: Training options of the model of tunes in "grammar", "tunes" and "rewriting".
        budget: The same in words.
        text_options: Training options of the model of text in "startup".
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
        "The limit is the speed of a large matrix product: "
        f"{limits['float32'] / 1e9:,.0f} GFLOP/s in float32, "
        f"{limits['bfloat16'] / 1e9:,.0f} in bfloat16.",
        "",
        f"| {' | '.join(heads)} |",
        "|---" * len(heads) + "|",
    ]
    slower = []
    for size, programs in plan.training.items():
        speeds = plan.interleave("training", installed(programs), *size.arguments)
        ours, limit = speeds["seqgen"], peak / size.flops_per_token
        peers = {name: speeds[name] for name in PEERS if name in speeds}
        slower += [
            f"Slower: {size} trains at {ours / speed:.2f} × the speed of {TITLES[peer]}."
            for peer, speed in peers.items()
            if ours < speed
        ]
        row = [f"{speeds[name]:,.0f}" if name in speeds else "–" for name in columns]
        if against:
            row.append(f"{ours / max(peers.values()):.2f} ×")
        row.append(f"{ours / speeds['keras']:.2f} ×" if "keras" in speeds else "–")
        row += [f"{limit:,.0f}", f"{ours / limit:.0%}"]
        lines.append(f"| {size} | {' | '.join(row)} |")
    lines += ["", *slower]
    lines += [
        "",
        "Parts of a training step of seqgen, each measured alone (`benchmarks/profile.py`):",
        "",
        "| size | step | products in the loops over time | products before and after the loops "
        "| gates, launch of small operations | embedding, output, loss, Adam |",
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
    losses = {name: float(last_line("precision", name)) for name in ("float32", "bfloat16")}
    return [
        "## Precision",
        "",
        "Two epochs on tinyshakespeare reach "
        f"{losses['float32']:.4f} nats per character in float32 and {losses['bfloat16']:.4f} in "
        f"bfloat16: {losses['bfloat16'] - losses['float32']:+.4f}.",
    ]


def scale_table(plan: Plan) -> list[str]:
    """Training on texts of several sizes."""
    lines = [
        "## Scale: size of the text file",
        "",
        "| text | time to encode | time to the first step | tokens/s | peak memory |",
        "|---|---|---|---|---|",
    ]
    runs: dict[float, list[dict[str, float]]] = {size: [] for size in plan.scale}
    for _ in range(plan.scale_rounds):
        for size in plan.scale:
            runs[size].append(json.loads(last_line("scale", size)))
    for size, each in runs.items():
        medians = {name: statistics.median(run[name] for run in each) for name in each[0]}
        encoded = medians["encoded"]
        lines.append(
            f"| {size:,g} MB | {encoded:.2f} s ({size / encoded:,.0f} MB/s) | "
            f"{medians['first_step']:.1f} s | {medians['tokens_per_second']:,.0f} | "
            f"{medians['memory'] / 1e9:.2f} GB |"
        )
    return lines


def sampling_table(plan: Plan) -> list[str]:
    """Sampling speed compared with PyTorch and the roofline."""
    limits = measure_limits()
    lines = [
        "## Sampling, tokens/s",
        "",
        "The limit is the lower of two rates: reading all weights, one byte each, at every step at "
        f"{limits['cache'] / 1e9:.0f} GB/s, the bandwidth of a matrix-vector product from the "
        f"caches (from memory: {limits['memory'] / 1e9:.0f} GB/s); and computing the products at "
        f"{limits['int8'] / 1e9:,.0f} GFLOP/s, the speed of a large int8 product.",
        "",
        "| size | streams | seqgen | PyTorch step | ratio | limit | reached |",
        "|---|---|---|---|---|---|---|",
    ]
    for layers, units, streams in plan.sampling:
        programs = installed(("seqgen", "torch"))
        speeds = plan.interleave("sampling", programs, layers, units, streams)
        ours, theirs = speeds["seqgen"], speeds.get("torch")
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
    result = json.loads(last_line("prompt"))
    return [
        "## Prompt: speed of reading",
        "",
        "A prompt of 60,000 characters, `shakespeare`, int8:",
        "",
        "| method | per second |",
        "|---|---|",
        f"| as `seqgen sample` | {result['characters']:,.0f} characters |",
        f"| sequence graph | {result['sequence']:,.0f} tokens |",
        f"| token by token | {result['steps']:,.0f} tokens |",
        "",
        f"Building the sequence graph takes {result['build']:.2f} s.",
    ]


def checkpointing_table(plan: Plan) -> list[str]:
    """Overhead of saving a run."""
    result = json.loads(last_line("checkpointing"))
    return [
        "## Checkpointing: overhead of saving",
        "",
        f"The training state of an LSTM 1×1024 has {result['bytes'] / 1e6:.0f} MB. A save in the "
        f"background delays training by {result['seconds']:.2f} s and takes "
        f"{result['processor']:.2f} s of processor time. With the default of a save every 30 s "
        f"this is {result['share']:.2%} of the time and {result['share_of_processors']:.2%} of the "
        "processors.",
    ]


def startup_table(plan: Plan) -> list[str]:
    """Start-up time of the command, and the overhead of the display."""
    with tempfile.TemporaryDirectory() as folder:
        seconds = json.loads(last_line("startup", train("sonnets", folder, *plan.text_options)))
    return [
        "## Startup, seconds of a cold process",
        "",
        "| command | seconds |",
        "|---|---|",
        f"| `seqgen --help` | {seconds['help']:.2f} |",
        f"| `seqgen sample sonnets`, first character | {seconds['sample']:.2f} |",
        f"| `seqgen train sonnets`, first step done | {seconds['step']:.1f} |",
        "",
        f"The live display of a run takes {float(last_line('display')):.2%} of the processors.",
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
    lines = ["## Counting: n-grams on held-out tunes of `tunes`"]
    for transpose, what in (("common", "All tunes in C"), ("none", "Keys as written")):
        lines += ["", f"{what}:", "", *run_benchmark("ngram", plan.tunes, "--transpose", transpose)]
    caption = (
        "An LSTM with several sets of position features "
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
        speeds = json.loads(last_line("grammar_overhead", model))
    lines = [
        "## Grammar: overhead",
        "",
        f"Sampling from a model of `tunes` trained for {plan.budget}, tokens/s:",
        "",
        "| streams | with grammar | without | overhead |",
        "|---|---|---|---|",
    ]
    for streams, speed in speeds.items():
        with_grammar, without = speed["constrained"], speed["unconstrained"]
        overhead = f"{1 - with_grammar / without:.0%}"
        lines.append(f"| {streams} | {with_grammar:,.0f} | {without:,.0f} | {overhead} |")
    return [*lines, "", "The grammar alone, on random tunes:", "", *run_benchmark("grammar")]


def tunes_table(plan: Plan) -> list[str]:
    """Share of sampled tunes that pass each validator."""
    with tempfile.TemporaryDirectory() as folder:
        rows = run_benchmark("tunes", train(plan.tunes, folder, *plan.tune_options))
    heading = f"## Tunes: valid tunes, from a model of `tunes` trained for {plan.budget}"
    return [heading, "", *rows]


def rewriting_table(plan: Plan) -> list[str]:
    """How well rewritten bars of held-out tunes fit what follows, and how fast they come."""
    with tempfile.TemporaryDirectory() as folder:
        model = train(plan.tunes, folder, *plan.tune_options)
        rows = run_benchmark("rewriting", model, "--book", plan.tunes)
    heading = f"## Rewriting: bars of held-out tunes, by a model trained for {plan.budget}"
    return [heading, "", *rows]


class Section(NamedTuple):
    """A section of the results.

    Attributes:
        table: Measures it and returns its lines.
        minutes: Approximate time with the default plan on two cores at 250 GFLOP/s.
    """

    table: Callable[[Plan], list[str]]
    minutes: float


SECTIONS = {
    "training": Section(training_table, 17),
    "precision": Section(precision_table, 3),
    "scale": Section(scale_table, 8),
    "sampling": Section(sampling_table, 5),
    "prompt": Section(prompt_table, 1),
    "checkpointing": Section(checkpointing_table, 2),
    "startup": Section(startup_table, 2),
    "quality": Section(quality_table, 3),
    "counting": Section(counting_table, 13),
    "grammar": Section(grammar_table, 14),
    "tunes": Section(tunes_table, 45),
    "rewriting": Section(rewriting_table, 14),
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
        f"Output of `make bench` on {date.today()}. Each program runs alone. Figures are medians "
        f"of {plan.rounds} alternating runs (scale: {plan.scale_rounds}; precision, quality and "
        "tunes: one run). On a shared machine only the ratios are meaningful.",
        "",
        f"- {processor}, {cores()} cores, {platform.system()}, Python {platform.python_version()}",
        "- " + ", ".join(f"{name} {metadata.version(name)}" for name in names),
        "",
    ]


def main(argv: Sequence[str] | None = None, plan: Plan | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[*SECTIONS, []], default=[])
    parser.add_argument("--out", type=Path, default=RESULTS)
    args = parser.parse_args(argv)
    names = args.sections or list(SECTIONS)
    minutes = sum(SECTIONS[name].minutes for name in names)
    print(f"{', '.join(names)}: about {minutes:g} minutes", file=sys.stderr, flush=True)
    plan = plan or Plan()
    texts = {name: previous_section(name, args.out) for name in SECTIONS}
    for name in names:
        texts[name] = "\n".join(SECTIONS[name].table(plan)) + "\n"
        # Written after each section, so that an interruption loses one at most.
        text = "\n".join([*heading(plan), *filter(None, texts.values())])
        args.out.write_text(text, encoding="utf-8")
    print(text)


def previous_section(name: str, path: Path) -> str:
    """Return the section of an earlier run, which is kept if this run measures others."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    _, title, rest = text.partition(f"## {name.capitalize()}")
    return f"{title}{rest.partition('## ')[0].rstrip()}\n" if title else ""


if __name__ == "__main__":
    main()
