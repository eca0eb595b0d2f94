"""Every cell in one layer, and the classic ones in two and three, for the same time on one text.

``python -m benchmarks.cells [SOURCE] [--minutes 2] [--out FOLDER]`` prints a table in Markdown,
best first, with n-gram models between the networks. With ``--out`` it goes on where it was
interrupted, and leaves the checkpoints and pictures of the learning curves there.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from seqgen.config import TokenOptions
from seqgen.corpora import open_corpus
from seqgen.evaluation.ngram import NGram
from seqgen.stack import cells
from seqgen.training.data import prepare

GROUPS = {
    "one": ("--cells", ",".join(cells.names()), "--layers", "1"),
    "more": ("--cells", "lstm,gru,rnn", "--layers", "2,3"),
}
HEADING = (
    "network", "parameters", "nats", "bits per character", "perplexity", "learned from", "tokens/s",
)  # fmt: skip


def compared(source: str, folder: Path, group: str, minutes: float) -> list[dict[str, Any]]:
    """The networks of a group, each trained for as long."""
    picture = folder / f"cells-{group}.svg"
    command = [str(Path(sys.executable).with_name("seqgen")), "compare", source, *GROUPS[group]]
    command += ["--minutes", f"{minutes:g}", "--name", f"cells-{group}", "--out", str(folder)]
    print("+ seqgen", *command[1:], file=sys.stderr, flush=True)
    done = subprocess.run(
        [*command, "--json", "--plot", str(picture)], stdout=subprocess.PIPE, text=True, check=True
    )
    entries = json.loads(done.stdout)["entries"]
    failed = [entry["label"] for entry in entries if entry["failure"]]
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")
    return entries


def counted(source: str) -> dict[int, float]:
    """Nats a token of n-gram models on the same split, by n."""
    with tempfile.TemporaryDirectory() as folder:
        data = prepare(open_corpus([source]), TokenOptions(), Path(folder))
        training, held_back = np.array(data.training), np.array(data.validation)
    size = data.tokenizer.size
    return {n: NGram.count(training, n, size).loss(held_back) for n in (2, 3, 4, 6)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", nargs="?", default="tinyshakespeare")
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    rows: list[tuple[float, tuple[str, ...]]] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.out or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for group in GROUPS:
            for entry in compared(asked.source, folder, group, asked.minutes):
                found = entry["result"]
                speed = found["tokens_per_second"]
                figures = (
                    entry["label"], f"{entry['parameters']:,}", f"{found['nats']:.4f}",
                    f"{found['bits_per_character']:.3f}", f"{found['perplexity']:.2f}",
                    f"{found['tokens'] / 1e6:.1f} M", f"{speed:,.0f}",
                )  # fmt: skip
                rows.append((found["nats"], figures))
    for n, nats in counted(asked.source).items():
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
