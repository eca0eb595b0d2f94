"""Search for the options with which a network learns most from a text in a given time.

``python -m benchmarks.recipes SOURCE --minutes 2 --out FOLDER [--begin "--units 768"] [--only
dropout,units]`` begins with what seqgen chooses by itself, changed as said. Option by option it
tries the values beside the present one, moves where that is better, and goes on that way while it
helps (coordinate descent); it prints a table in Markdown of all that it tried. Every run is kept in
FOLDER/runs.jsonl, so that a search goes on where it was interrupted, and the next knows its runs.

``--epochs 14`` in the place of ``--minutes`` bounds the runs by passes over the data, which is the
same on every machine. ``--try "--dropout 0.5 --units 768"``, as often as one likes, makes these
runs and searches no further.
"""

import argparse
import json
import shlex
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import command
from seqgen.checkpoint.read import open_checkpoint

# What is tried of each option, in order: the search goes from a value to those beside it.
AXES: dict[str, tuple[str, ...]] = {
    "cell": ("lstm", "gru"),
    "units": ("256", "384", "512", "768", "1024", "1536"),
    "layers": ("1", "2", "3"),
    "dropout": ("0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6"),
    "embedding-dropout": ("0", "0.04", "0.1", "0.2", "0.3", "0.5"),
    "variational": ("no", "yes"),
    "recurrent-dropout": ("0", "0.1", "0.2", "0.3", "0.5"),
    "learning-rate": ("0.001", "0.0015", "0.002", "0.003", "0.004", "0.006", "0.008"),
    "batch_size": ("8", "16", "32", "64", "128"),
    "seq_length": ("32", "64", "128", "256"),
    "weight_averaging": ("0", "0.05", "0.1", "0.2", "0.4"),
    "weight-decay": ("0", "0.01", "0.03", "0.1", "0.3"),
    "norm": ("no", "layer"),
    "embedding": ("32", "64", "128", "256"),
}

Recipe = dict[str, str]


@dataclass(frozen=True)
class Trial:
    """A run: what was said to `seqgen train`, and what came of it.

    length: how long it was to be, as `seqgen train` is told it. seconds: how long it was.
    """

    source: str
    length: str
    seed: int
    said: Recipe
    nats: float
    parameters: int
    epochs: float
    seconds: float

    def row(self) -> str:
        """Of a table in Markdown."""
        words = shlex.join(words_of(self.said)) or "what seqgen chooses"
        millions = f"{self.parameters / 1e6:.1f} M"
        passes = f"{self.epochs:.1f} | {self.seconds / 60:.1f}"
        return f"| {words} | {self.nats:.4f} | {millions} | {passes} |"


def words_of(said: Recipe) -> list[str]:
    """The recipe as arguments of the command line."""
    words = []
    for name, value in sorted(said.items()):
        words += [f"--{name}"] if value == "yes" else [f"--{name}", value]
    return words


class Search:
    """The runs on one source of one length, each made only once."""

    def __init__(self, source: str, length: str, folder: Path, seed: int) -> None:
        self.source, self.length, self.seed = source, length, seed
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "runs.jsonl"
        self.known: list[Trial] = []
        if self.file.exists():
            lines = self.file.read_text(encoding="utf-8").splitlines()
            self.known = [Trial(**json.loads(line)) for line in lines]

    def trial(self, said: Recipe) -> Trial:
        """The run of a recipe, made now unless it is known."""
        said = {name: value for name, value in said.items() if value != "no"}
        for known in self.own():
            if known.said == said:
                return known
        found = self._run(said)
        self.known.append(found)
        with self.file.open("a", encoding="utf-8") as file:
            print(json.dumps(vars(found)), file=file)
        print(found.row(), file=sys.stderr, flush=True)
        return found

    def own(self) -> list[Trial]:
        """The runs on this source, of this length, with this seed."""
        asked = (self.source, self.length, self.seed)
        return [each for each in self.known if (each.source, each.length, each.seed) == asked]

    def _run(self, said: Recipe) -> Trial:
        words = [*self.length.split(), "--seed", self.seed, *words_of(said)]
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
                self.source, self.length, self.seed, said,
                nats=last["validation_loss"],
                parameters=sum(array.size for array in run.weights().values()),
                epochs=last["epoch"],
                seconds=last["seconds"],
            )  # fmt: skip

    def chosen(self, said: Recipe) -> Recipe:
        """What seqgen chooses for each option, where the recipe leaves it open."""
        words = [*self.length.split(), *words_of(said)]
        output = command.run("train", self.source, "--dry-run", "--json", *words, quiet=True)
        groups = json.loads(output)["options"].values()
        options = {name: value for group in groups for name, value in group.items()}
        return {name: text(options[name.replace("-", "_")]) for name in AXES}

    def climb(self, said: Recipe, axes: list[str]) -> Trial:
        """The best that is reached from a recipe, each option in turn until none helps."""
        best, begin = self.trial(said), self.chosen(said)
        while True:
            before = best
            for axis in axes:
                best = self._along(axis, best, (begin | best.said)[axis])
            if best is before:
                return best

    def _along(self, axis: str, best: Trial, now: str) -> Trial:
        values = AXES[axis]
        if now not in values:  # it is a number
            values = tuple(sorted((*values, now), key=float))
        for step in (1, -1):
            place, began = values.index(now) + step, best
            while 0 <= place < len(values):
                tried = self.trial(best.said | {axis: values[place]})
                if tried.nats >= best.nats:
                    break
                best, place = tried, place + step
            if best is not began:
                break
        return best


def text(value: object) -> str:
    """An option's value as AXES has it."""
    match value:
        case None | bool():
            return "yes" if value else "no"
        case list():
            return ",".join(sorted({str(each) for each in value}))
        case float():
            return f"{value:g}"
    return str(value)


def main(arguments: Sequence[str] | None = None) -> None:
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
    asked = parser.parse_args(arguments)
    length = f"--minutes {asked.minutes:g}" if asked.minutes else f"--epochs {asked.epochs:g}"
    search = Search(asked.source, length, asked.out, asked.seed)
    tries = getattr(asked, "try")
    for words in tries:
        search.trial(recipe(words))
    if not tries:
        search.climb(recipe(asked.begin), asked.only.split(","))
    print("| options | nats | parameters | epochs | minutes |")
    print("|---|---|---|---|---|")
    for trial in sorted(search.own(), key=lambda trial: trial.nats):
        print(trial.row())


def recipe(words: str) -> Recipe:
    """Of arguments of the command line: ``--units 768 --variational``."""
    said: Recipe = {}
    name = ""
    for word in shlex.split(words):
        if word.startswith("--"):
            name = word.removeprefix("--")
            said[name] = "yes"
        else:
            said[name] = word
    return said


if __name__ == "__main__":
    main()
