"""Compare all cells with one layer, and LSTM, GRU and RNN with two and three, in equal time.

``python -m benchmarks.cells [SOURCE] [--minutes 2] [--out FOLDER] [--cells lstm,gru]`` prints a
table in Markdown, best first, with n-gram models among the networks. ``--out`` keeps the
checkpoints and plots of the learning curves, from which an interrupted comparison is resumed.
"""

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import command
from seqgen.config.options import DataOptions
from seqgen.data.corpora import open_corpus
from seqgen.data.dataset import prepare
from seqgen.evaluation.text.ngram import NGram
from seqgen.models import cells

CLASSIC = ("lstm", "gru", "rnn")
HEADING = (
    "network", "parameters", "nats", "bits per character", "perplexity", "trained on", "tokens/s",
)  # fmt: skip


def groups(names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the options of `seqgen compare` for each group of networks."""
    classic = [name for name in CLASSIC if name in names]
    options: dict[str, tuple[str, ...]] = {"one": ("--cells", ",".join(names), "--layers", "1")}
    if classic:
        options["more"] = ("--cells", ",".join(classic), "--layers", "2,3")
    return options


def compare(
    source: str, folder: Path, group: str, options: Sequence[str], minutes: float
) -> list[dict[str, Any]]:
    """Train the networks of a group for the same time; return their results."""
    output = command.run(
        "compare", source, *options, "--minutes", f"{minutes:g}", "--name", f"cells-{group}",
        "--checkpoints-dir", folder, "--json", "--plot", folder / f"cells-{group}.svg",
    )  # fmt: skip
    entries: list[dict[str, Any]] = json.loads(output)["entries"]
    failed = [entry["label"] for entry in entries if entry["failure"]]
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")
    return entries


def ngram_losses(source: str) -> dict[int, float]:
    """Return the nats per token of n-gram models on the same split, by n."""
    with tempfile.TemporaryDirectory() as folder:
        data = prepare(open_corpus([source]), DataOptions(), Path(folder))
        training, validation = np.array(data.training), np.array(data.validation)
    size = data.tokenizer.size
    return {n: NGram.count(training, n, size).loss(validation) for n in (2, 3, 4, 6)}


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", nargs="?", default="tinyshakespeare")
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--cells", default=",".join(cells.names()))
    args = parser.parse_args(argv)
    rows: list[tuple[float, tuple[str, ...]]] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.out or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for group, options in groups(args.cells.split(",")).items():
            for entry in compare(args.source, folder, group, options, args.minutes):
                result = entry["result"]
                speed = result["tokens_per_second"]
                figures: tuple[str, ...] = (
                    entry["label"], f"{entry['parameters']:,}", f"{result['nats']:.4f}",
                    f"{result['bits_per_character']:.3f}", f"{result['perplexity']:.2f}",
                    f"{result['tokens'] / 1e6:.1f} M", f"{speed:,.0f}" if speed else "–",
                )  # fmt: skip
                rows.append((result["nats"], figures))
    for n, nats in ngram_losses(args.source).items():
        bits, perplexity = nats / math.log(2), math.exp(nats)
        named = f"*{n}-gram, interpolated Kneser-Ney*"
        counts = (named, "", f"{nats:.4f}", f"{bits:.3f}", f"{perplexity:.2f}", "", "")
        rows.append((nats, counts))
    print(f"| {' | '.join(HEADING)} |")
    print("|---" * len(HEADING) + "|")
    for _, figures in sorted(rows):
        print(f"| {' | '.join(figures)} |")


if __name__ == "__main__":
    main()
