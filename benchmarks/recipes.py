"""Search for the options with the lowest loss on a text in a given training time.

``python -m benchmarks.recipes SOURCE --minutes 2 --out FOLDER [--begin "--units 768"] [--only
dropout,units]`` begins with the default options, changed by ``--begin``, and improves one option
after the other by moving to adjacent values (coordinate descent). It prints a table in Markdown of
all runs. They are stored in FOLDER/runs.jsonl, from which an interrupted search is resumed.

``--epochs 14`` instead of ``--minutes`` gives a budget in epochs, which is the same on every
machine. ``--try "--dropout 0.5 --units 768"``, which can be repeated, makes only these runs.
"""

import argparse
import json
import shlex
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import command
from seqgen.checkpoint.read import open_checkpoint

# Values of each option in order; the search moves to adjacent values.
AXES: dict[str, tuple[str, ...]] = {
    "cell": ("lstm", "gru"),
    "units": ("256", "384", "512", "768", "1024", "1536"),
    "layers": ("1", "2", "3"),
    "dropout": ("0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6"),
    "embedding-dropout": ("0", "0.04", "0.1", "0.2", "0.3", "0.5"),
    "variational": ("no", "yes"),
    "recurrent-dropout": ("0", "0.1", "0.2", "0.3", "0.5"),
    "learning-rate": ("0.001", "0.0015", "0.002", "0.003", "0.004", "0.006", "0.008"),
    "batch-size": ("8", "16", "32", "64", "128"),
    "seq-length": ("32", "64", "128", "256"),
    "weight-averaging": ("0", "0.05", "0.1", "0.2", "0.4"),
    "weight-decay": ("0", "0.01", "0.03", "0.1", "0.3"),
    "norm": ("no", "layer"),
    "embedding": ("32", "64", "128", "256"),
}

Recipe = dict[str, str]


@dataclass(frozen=True)
class Trial:
    """A run: its options of `seqgen train`, and its results.

    length: The training budget as an option of `seqgen train`. seconds: The actual duration.
    """

    source: str
    length: str
    seed: int
    options: Recipe
    nats: float
    parameters: int
    epochs: float
    seconds: float

    def row(self) -> str:
        """Return the row of a table in Markdown."""
        words = shlex.join(to_arguments(self.options)) or "default options"
        millions = f"{self.parameters / 1e6:.1f} M"
        length = f"{self.epochs:.1f} | {self.seconds / 60:.1f}"
        return f"| {words} | {self.nats:.4f} | {millions} | {length} |"


def to_arguments(options: Recipe) -> list[str]:
    """Return a recipe as arguments of the command line."""
    words = []
    for name, value in sorted(options.items()):
        words += [f"--{name}"] if value == "yes" else [f"--{name}", value]
    return words


class Search:
    """The runs on one source with one budget, each made only once."""

    def __init__(self, source: str, length: str, folder: Path, seed: int) -> None:
        self.source, self.length, self.seed = source, length, seed
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "runs.jsonl"
        self.known: list[Trial] = []
        if self.file.exists():
            lines = self.file.read_text(encoding="utf-8").splitlines()
            self.known = [Trial(**json.loads(line)) for line in lines]

    def trial(self, options: Recipe) -> Trial:
        """Return the run of a recipe, making it unless it is in the file."""
        options = {name: value for name, value in options.items() if value != "no"}
        for known in self.matching():
            if known.options == options:
                return known
        trial = self._run(options)
        self.known.append(trial)
        with self.file.open("a", encoding="utf-8") as file:
            print(json.dumps(vars(trial)), file=file)
        print(trial.row(), file=sys.stderr, flush=True)
        return trial

    def matching(self) -> list[Trial]:
        """Return the runs with this source, budget and seed."""
        key = (self.source, self.length, self.seed)
        return [each for each in self.known if (each.source, each.length, each.seed) == key]

    def _run(self, options: Recipe) -> Trial:
        words = [*self.length.split(), "--seed", self.seed, *to_arguments(options)]
        with tempfile.TemporaryDirectory() as folder:
            command.run(
                "train",
                self.source,
                "--name",
                "run",
                *words,
                "--checkpoints-dir",
                folder,
                quiet=True,
            )
            run = open_checkpoint(Path(folder) / "run")
            last = run.metrics()[-1]
            return Trial(
                self.source, self.length, self.seed, options,
                nats=last["validation_loss"],
                parameters=sum(array.size for array in run.weights().values()),
                epochs=last["epoch"],
                seconds=last["seconds"],
            )  # fmt: skip

    def defaults(self, options: Recipe) -> Recipe:
        """Return the resolved value of each option for a recipe."""
        words = [*self.length.split(), *to_arguments(options)]
        output = command.run("train", self.source, "--dry-run", "--json", *words, quiet=True)
        run = json.loads(output)
        layers: dict[str, Any] = {"layers": len(run["model"]["units"])}
        groups = (layers, run["model"], run["model"]["cell_options"], run["training"])
        resolved = {name: value for group in groups for name, value in group.items()}
        return {name: text(resolved[name.replace("-", "_")]) for name in AXES}

    def climb(self, options: Recipe, axes: list[str]) -> Trial:
        """Return the best run that coordinate descent reaches from a recipe."""
        best, begin = self.trial(options), self.defaults(options)
        while True:
            before = best
            for axis in axes:
                best = self._along(axis, best, (begin | best.options)[axis])
            if best is before:
                return best

    def _along(self, axis: str, best: Trial, now: str) -> Trial:
        values = AXES[axis]
        if now not in values:  # it is a number
            values = tuple(sorted((*values, now), key=float))
        for step in (1, -1):
            index, start = values.index(now) + step, best
            while 0 <= index < len(values):
                trial = self.trial(best.options | {axis: values[index]})
                if trial.nats >= best.nats:
                    break
                best, index = trial, index + step
            if best is not start:
                break
        return best


def text(value: object) -> str:
    """Return an option's value as in `AXES`."""
    match value:
        case None | bool():
            return "yes" if value else "no"
        case list():
            return ",".join(sorted({str(each) for each in value}))
        case float():
            return f"{value:g}"
    return str(value)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source")
    lengths = parser.add_mutually_exclusive_group(required=True)
    lengths.add_argument("--minutes", type=float)
    lengths.add_argument("--epochs", type=float)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--begin", default="", help="options of seqgen train to begin with")
    parser.add_argument("--only", default=",".join(AXES), help="the options to try")
    parser.add_argument("--try", action="append", default=[], help="options of one run")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    length = f"--minutes {args.minutes:g}" if args.minutes else f"--epochs {args.epochs:g}"
    search = Search(args.source, length, args.out, args.seed)
    tries = getattr(args, "try")
    for words in tries:
        search.trial(recipe(words))
    if not tries:
        search.climb(recipe(args.begin), args.only.split(","))
    print("| options | nats | parameters | epochs | minutes |")
    print("|---|---|---|---|---|")
    for trial in sorted(search.matching(), key=lambda trial: trial.nats):
        print(trial.row())


def recipe(words: str) -> Recipe:
    """Return the recipe of arguments of the command line: ``--units 768 --variational``."""
    options: Recipe = {}
    name = ""
    for word in shlex.split(words):
        if word.startswith("--"):
            name = word.removeprefix("--")
            options[name] = "yes"
        else:
            options[name] = word
    return options


if __name__ == "__main__":
    main()
