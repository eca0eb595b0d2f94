"""Make a checkpoint that comes with seqgen, by its recipe in checkpoints/shipped/recipes.toml.

``python -m benchmarks.ship NAME`` trains it into build/NAME, and puts a copy, without the state of
the run and in half precision, into checkpoints/shipped/NAME, in the place of an earlier one. What
``seqgen evaluate`` finds out about it goes into its card.
``python -m benchmarks.ship NAME CHECKPOINT`` takes a run that is there.
"""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import tomllib
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.evaluated import evaluation
from seqgen.checkpoint import format
from seqgen.checkpoint.card import write_card
from seqgen.checkpoint.export import export
from seqgen.checkpoint.files import write_json
from seqgen.checkpoint.find import find, shipped_folder
from seqgen.checkpoint.read import Checkpoint, open_checkpoint
from seqgen.options import flag_name
from seqgen.tokenizers.base import END
from seqgen.training.measured import documents, held_back, measure

ROOT = Path(__file__).parents[1]
BUILD = Path("build")


def recipes() -> dict[str, dict[str, Any]]:
    """The options of each checkpoint's run by name, with its ``source``."""
    with (shipped_folder() / "recipes.toml").open("rb") as file:
        return tomllib.load(file)


def excerpt(name: str, run: Checkpoint) -> list[str]:
    """The documents of a few lines that the network did not learn from, which that is checked of.

    They are fixed, so that a test can tell the loss of the checkpoint without its corpus.
    """
    text = (ROOT / "tests" / "excerpts" / f"{name}.txt").read_text(encoding="utf-8")
    rows, found = held_back(run), documents(text, run.config.kind)
    if rows is None:
        sys.exit(f"{run.path} holds no tokens of its validation part any more")
    ids = rows if rows.ndim == 1 else rows[:, 0]
    part = "\n\n".join(
        run.tokenizer.decode(each[each != END])
        for each in np.split(ids, np.flatnonzero(ids == END))
    )
    for document in found:
        if document not in part:
            sys.exit(f"tests/excerpts/{name}.txt: not in the validation part: {document[:60]!r}")
    return found


def training(name: str, recipe: dict[str, Any]) -> list[str]:
    """The arguments of seqgen that train a checkpoint."""
    words = ["train", recipe["source"], "--name", name, "--out", str(BUILD)]
    for option, value in recipe.items():
        if option == "source" or value is False:
            continue
        words.append(flag_name(option))
        if value is not True:
            words.append(",".join(map(str, value)) if isinstance(value, list) else str(value))
    return words


def commands(name: str, recipe: dict[str, Any]) -> tuple[str, ...]:
    """What a person types to make it anew."""
    return (
        f"make checkpoints/shipped/{name}",
        "# which is, where seqgen is installed:",
        shlex.join(["seqgen", *training(name, recipe)]),
        f"python -m benchmarks.ship {name} {BUILD / name}",
    )


def evaluate(copy: Path) -> None:
    """Put what `seqgen evaluate` finds out about a copy into its card."""
    words = [sys.executable, "-m", "seqgen", "evaluate", str(copy), "--json"]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE)
    found = evaluation(json.loads(done.stdout), f"seqgen evaluate {copy.name}")
    write_json(copy / format.EVALUATION, asdict(found))
    write_card(copy)


def ship(name: str, run: Checkpoint, recipe: dict[str, Any]) -> Path:
    """Put a copy of a run into the folder of those that ship; an earlier one gives way."""
    built, place = BUILD / "shipped" / name, shipped_folder() / name
    shutil.rmtree(built, ignore_errors=True)
    found = partial(
        measure, run, half=True,
        excerpt=excerpt(name, run), commands=commands(name, recipe),
    )  # fmt: skip
    print(export(run, built, half=True, measure=found))
    evaluate(built)
    shutil.rmtree(place, ignore_errors=True)
    os.replace(built, place)
    return place


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    known = recipes()
    parser.add_argument("name", choices=known)
    parser.add_argument("checkpoint", nargs="?")
    asked = parser.parse_args()
    os.chdir(ROOT)
    recipe = known[asked.name]
    if not asked.checkpoint:
        words = [sys.executable, "-m", "seqgen", *training(asked.name, recipe), "--overwrite"]
        subprocess.run(words, check=True)
    run = open_checkpoint(find(asked.checkpoint or str(BUILD / asked.name)))
    place = ship(asked.name, run, recipe)
    size = sum(file.stat().st_size for file in place.iterdir())
    print(f"{place}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
