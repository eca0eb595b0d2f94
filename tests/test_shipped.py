"""Shipped checkpoints are complete, small, and have the losses in their cards."""

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
MAX_BYTES = 25_000_000

every = pytest.mark.parametrize("path", shipped_checkpoints(), ids=lambda path: path.name)


def recipes() -> dict[str, dict[str, object]]:
    return tomllib.loads((shipped_folder() / "recipes.toml").read_text())


def test_recipes_have_valid_options_and_an_excerpt() -> None:
    for name, recipe in recipes().items():
        options = {option: value for option, value in recipe.items() if option != "source"}
        run = RunOptions.of(options)
        for group in (run.data, run.model, run.training):
            for field in fields(group):
                # The command in the card has a flag for each.
                assert field.metadata["flag"] or field.name not in options
        assert (EXCERPTS / f"{name}.txt").is_file()


def test_the_shipped_folder_is_small_and_has_no_other_files() -> None:
    files = [path for path in shipped_folder().rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < MAX_BYTES
    assert {path.name for path in shipped_folder().iterdir()} == {"recipes.toml", *recipes()}


def test_every_recipe_has_a_checkpoint() -> None:
    assert {path.name for path in shipped_checkpoints()} == set(recipes())


@pytest.mark.parametrize(
    "path",
    [
        path if path.name == "sonnets" else pytest.param(path, marks=pytest.mark.slow)
        for path in shipped_checkpoints()
    ],
    ids=lambda path: path.name,
)
def test_losses_on_the_excerpts_are_those_of_the_export(path: Path) -> None:
    checkpoint, export = open_checkpoint(path), read_export(path)
    assert export is not None
    text = (EXCERPTS / f"{path.name}.txt").read_text(encoding="utf-8")
    result = losses(
        checkpoint, rows_of(checkpoint, TASKS.load(checkpoint.config.task).parse_excerpt(text))
    )
    assert result == pytest.approx(export.excerpt, abs=1e-4)


@every
def test_shipped_checkpoints_are_complete_and_have_no_graph(path: Path) -> None:
    checkpoint = open_checkpoint(path)
    checkpoint.weights()
    assert {file.name for file in path.iterdir()} <= {*layout.FILES} - {*layout.OBSOLETE}


@every
def test_cards_have_the_commands(path: Path) -> None:
    card, export = (path / layout.CARD).read_text(encoding="utf-8"), read_export(path)
    assert export is not None
    assert export.commands
    for word in (*export.commands, "## Recipe", "## Limitations", "int8", "float32"):
        assert word in card


def test_the_excerpt_of_the_sonnets_is_from_the_validation_part() -> None:
    text = (ROOT / "corpora" / "sonnets.txt").read_text(encoding="utf-8")
    excerpt = (EXCERPTS / "sonnets.txt").read_text(encoding="utf-8")
    assert text.index(excerpt) > 0.9 * len(text)
