"""Train, export and evaluate an included checkpoint, by checkpoints/shipped/recipes.toml.

``python -m benchmarks.release_models NAME`` trains it in build/NAME, and replaces
checkpoints/shipped/NAME by a copy in half precision without the training state. The results of
``seqgen evaluate`` are part of its model card.
``python -m benchmarks.release_models NAME CHECKPOINT`` uses an existing run. ``--recipes``,
``--build`` and ``--into`` name another file of recipes and other folders.
"""

import argparse
import json
import os
import shlex
import shutil
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import command
from benchmarks.evaluated import evaluation
from seqgen.checkpoint import layout
from seqgen.checkpoint.export import export
from seqgen.checkpoint.locate import find_checkpoint, shipped_folder
from seqgen.checkpoint.model_card import write_card
from seqgen.checkpoint.read import Checkpoint, open_checkpoint
from seqgen.checkpoint.run_data import stored_validation
from seqgen.config.fields import flag_name
from seqgen.data.tokenizers.base import END
from seqgen.evaluation.export_metrics import measure
from seqgen.io.atomic import write_json
from seqgen.tasks import TASKS

ROOT = Path(__file__).parents[1]
BUILD = Path("build")


def recipes(path: Path) -> dict[str, dict[str, Any]]:
    """Return the options of each checkpoint's run by name, with its ``source``."""
    with path.open("rb") as file:
        return tomllib.load(file)


def excerpt(name: str, run: Checkpoint) -> list[str]:
    """Return the documents of the validation excerpt in tests/excerpts, after checking them.

    They are fixed, so that a test can check the loss of the checkpoint without its corpus.
    """
    text = (ROOT / "tests" / "excerpts" / f"{name}.txt").read_text(encoding="utf-8")
    rows, evaluated = stored_validation(run), TASKS.load(run.config.task).parse_excerpt(text)
    if rows is None:
        sys.exit(f"{run.path} holds no tokens of its validation part any more")
    ids = rows if rows.ndim == 1 else rows[:, 0]
    part = "\n\n".join(
        run.tokenizer.decode(each[each != END])
        for each in np.split(ids, np.flatnonzero(ids == END))
    )
    for document in evaluated:
        if document not in part:
            sys.exit(f"tests/excerpts/{name}.txt: not in the validation part: {document[:60]!r}")
    return evaluated


def training(name: str, recipe: dict[str, Any], build: Path = BUILD) -> list[str]:
    """Return the arguments of seqgen that train a checkpoint."""
    words = ["train", recipe["source"], "--name", name, "--checkpoints-dir", str(build)]
    for option, value in recipe.items():
        if option == "source" or value is False:
            continue
        words.append(flag_name(option))
        if value is not True:
            words.append(",".join(map(str, value)) if isinstance(value, list) else str(value))
    return words


def commands(name: str, recipe: dict[str, Any]) -> tuple[str, ...]:
    """Return the commands that reproduce a checkpoint."""
    return (
        f"make checkpoints/shipped/{name}",
        "# which is, where seqgen is installed:",
        shlex.join(["seqgen", *training(name, recipe)]),
        f"python -m benchmarks.release_models {name} {BUILD / name}",
    )


def evaluate(copy: Path) -> None:
    """Evaluate a copy, and write its model card."""
    output = command.run("evaluate", copy, "--json")
    evaluated = evaluation(json.loads(output), f"seqgen evaluate {copy.name}")
    write_json(copy / layout.EVALUATION, asdict(evaluated))
    write_card(copy)


def ship(name: str, run: Checkpoint, recipe: dict[str, Any], build: Path, into: Path) -> Path:
    """Put a copy of a run into the folder of shipped checkpoints, replacing an earlier one."""
    built, place = build / "shipped" / name, into / name
    shutil.rmtree(built, ignore_errors=True)
    evaluated = partial(
        measure, run, half=True,
        excerpt=excerpt(name, run), commands=commands(name, recipe),
    )  # fmt: skip
    print(export(run, built, half=True, measure=evaluated))
    evaluate(built)
    shutil.rmtree(place, ignore_errors=True)
    os.replace(built, place)
    return place


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("name")
    parser.add_argument("checkpoint", nargs="?")
    parser.add_argument("--recipes", type=Path, default=shipped_folder() / "recipes.toml")
    parser.add_argument("--build", type=Path, default=BUILD)
    parser.add_argument("--into", type=Path, default=shipped_folder())
    args = parser.parse_args(argv)
    available = recipes(args.recipes)
    if args.name not in available:
        parser.error(f"{args.name} is not in {args.recipes}, which has {', '.join(available)}")
    os.chdir(ROOT)
    recipe = available[args.name]
    if not args.checkpoint:
        command.run(*training(args.name, recipe, args.build), "--overwrite")
    run = open_checkpoint(find_checkpoint(args.checkpoint or str(args.build / args.name)))
    place = ship(args.name, run, recipe, args.build, args.into)
    size = sum(file.stat().st_size for file in place.iterdir())
    print(f"{place}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
