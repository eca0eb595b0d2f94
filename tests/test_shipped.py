"""The checkpoints that come with seqgen are what they say they are."""

import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from seqgen.checkpoint import layout
from seqgen.checkpoint.locate import shipped_checkpoints, shipped_folder
from seqgen.checkpoint.measurements import read_export
from seqgen.checkpoint.read import open_checkpoint
from seqgen.config.options import RunOptions
from seqgen.evaluation.export_metrics import losses, rows_of
from seqgen.tasks import TASKS

ROOT = Path(__file__).parents[1]
EXCERPTS = ROOT / "tests" / "excerpts"
MAX_BYTES = 19_000_000

every = pytest.mark.parametrize("path", shipped_checkpoints(), ids=lambda path: path.name)


def recipes() -> dict[str, dict[str, object]]:
    return tomllib.loads((shipped_folder() / "recipes.toml").read_text())


def test_each_recipe_is_of_options_that_there_are_and_has_an_excerpt() -> None:
    for name, recipe in recipes().items():
        options = {option: value for option, value in recipe.items() if option != "source"}
        run = RunOptions.of(options)
        for group in (run.data, run.model, run.training):
            for field in fields(group):
                # The card's command gives each as a flag.
                assert field.metadata["flag"] or field.name not in options
        assert (EXCERPTS / f"{name}.txt").is_file()


def test_what_ships_is_small_and_nothing_else_lies_beside_it() -> None:
    files = [path for path in shipped_folder().rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < MAX_BYTES
    assert {path.name for path in shipped_folder().iterdir()} == {"recipes.toml", *recipes()}


def test_each_recipe_has_its_checkpoint() -> None:
    assert {path.name for path in shipped_checkpoints()} == set(recipes())


@every
def test_its_loss_on_a_fixed_excerpt_is_the_one_it_tells(path: Path) -> None:
    checkpoint, export = open_checkpoint(path), read_export(path)
    assert export is not None
    text = (EXCERPTS / f"{path.name}.txt").read_text(encoding="utf-8")
    found = losses(
        checkpoint, rows_of(checkpoint, TASKS.load(checkpoint.config.task).parse_excerpt(text))
    )
    assert found == pytest.approx(export.excerpt, abs=1e-4)


@every
def test_it_is_whole_and_has_no_graph(path: Path) -> None:
    checkpoint = open_checkpoint(path)
    checkpoint.weights()
    assert {file.name for file in path.iterdir()} <= {*layout.FILES} - {*layout.OBSOLETE}


@every
def test_its_card_tells_how_to_make_it(path: Path) -> None:
    card, export = (path / layout.CARD).read_text(encoding="utf-8"), read_export(path)
    assert export is not None
    assert export.commands
    for word in (*export.commands, "## Recipe", "## Limitations", "int8", "float32"):
        assert word in card


def test_the_excerpt_of_the_sonnets_is_of_the_tenth_that_is_held_back() -> None:
    text = (ROOT / "corpora" / "sonnets.txt").read_text(encoding="utf-8")
    excerpt = (EXCERPTS / "sonnets.txt").read_text(encoding="utf-8")
    assert text.index(excerpt) > 0.9 * len(text)
