"""The model card has the facts of a checkpoint, and of a copy also recipe and measurements."""

import json
import math
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from seqgen.checkpoint import layout, write
from seqgen.checkpoint.config import Config
from seqgen.checkpoint.measurements import Evaluation, ExportInfo, Table
from seqgen.checkpoint.model_card import write_card
from seqgen.checkpoint.read import open_checkpoint
from seqgen.errors import CheckpointError
from seqgen.io.atomic import write_json

METRIC = {
    "step": 1200, "epoch": 2.5, "seconds": 61.0, "tokens": 98_304, "validation_loss": 1.5,
    "bits_per_character": 2.164, "perplexity": 4.4817, "best": True, "whole": True,
}  # fmt: skip
EXPORT = ExportInfo(
    half=True,
    halving=1e-6,
    validation={"float32": 1.5, "int8": 1.502},
    commands=("seqgen train sonnets --name fox", "python -m benchmarks.release_models fox"),
)


def card(path: Path, *metrics: dict[str, Any], export: ExportInfo | None = None) -> str:
    """The card of a checkpoint with these metrics, or of a copy if there is an export."""
    write.write_metrics(path, metrics)
    if export:
        write_json(path / layout.EXPORT, asdict(export))
    write_card(path)
    return (path / layout.CARD).read_text(encoding="utf-8")


def rows(text: str) -> dict[str, str]:
    """The values of all tables of two columns by name."""
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {line[0]: line[1] for line in lines if len(line) == 2}


def set_sources(path: Path, *sources: str) -> Config:
    config = open_checkpoint(path).config
    config = replace(config, corpus=replace(config.corpus, sources=sources))
    write_json(path / layout.CONFIG, config.to_json())
    return config


def test_facts_of_corpus_network_and_training(checkpoint: Path) -> None:
    text, config = card(checkpoint, METRIC), open_checkpoint(checkpoint).config
    values = rows(text)
    assert values["Corpus"] == "fox [1]"
    assert values["Sources"] == "fox.txt"
    assert values["Size"] == "1 document, 900 characters"
    assert values["Cell"] == "LSTM"
    assert values["Units per layer"] == "12, 8"
    assert values["Parameters"] == f"{config.parameters:,}"
    assert values["Length"].split(", ")[0] == "1,200 steps"
    assert values["Loss"].split()[0] == "1.5000"
    assert values["Bits per character"] == "2.164"
    for command in ("seqgen sample fox", "seqgen train --resume fox"):
        assert command in text.splitlines()


def test_before_the_first_evaluation_there_are_no_losses(checkpoint: Path) -> None:
    assert "Loss" not in rows(card(checkpoint))


@pytest.mark.parametrize(("unigram", "no_better"), [(1.5, True), (1.6, False)])
def test_a_model_no_better_than_a_unigram_model(
    checkpoint: Path, unigram: float, no_better: bool
) -> None:
    text = card(checkpoint, METRIC | {"unigram_loss": unigram})
    assert rows(text)["Unigram model"].split()[0] == f"{unigram:.4f}"
    assert ("learned nothing" in text) == no_better


def test_documents_that_are_held_out_are_counted(make: Callable[..., Path], tmp_path: Path) -> None:
    path = make(tmp_path / "list", documents=3000, held_out=300, unit="line")
    assert rows(card(path))["Split"].startswith("300 ")


@pytest.mark.parametrize("value", ["low", True, None, [1]])
def test_metrics_that_are_not_numbers_are_dashes(checkpoint: Path, value: object) -> None:
    text = card(checkpoint, METRIC | {"validation_loss": value})
    assert rows(text)["Loss"].split()[0] == "-"


def test_the_loss_change_by_int8_is_printed_after_its_evaluation(checkpoint: Path) -> None:
    assert "Change by int8 weights" not in rows(card(checkpoint, METRIC))
    values = rows(card(checkpoint, METRIC, METRIC | {"int8_loss": -0.00012}))
    assert values["Change by int8 weights"].split()[0] == "-0.0001"


def test_a_copy_has_recipe_sources_and_losses(checkpoint: Path) -> None:
    set_sources(checkpoint, "sonnets")
    text = card(checkpoint, METRIC, export=EXPORT)
    values = rows(text)
    assert values["learning_rate"] == "0.01"
    assert values["cell"] == "lstm"
    # 9 validation tokens, the first of which is context, of 9 characters.
    bits = 1.5 * 8 / 9 / math.log(2)
    assert values["float32"] == f"1.5000 nats per token, {bits:.3f} bits per character"
    assert values["Change by float16 weights"].split()[0] == "+0.000001"
    assert "William Shakespeare" in values["Sonnets (1609)"]
    assert {*EXPORT.commands} < {*text.splitlines()}
    assert "--resume" not in text  # there is no training state
    assert "## Evaluation" not in text


def test_losses_of_tunes_are_per_note(tune_checkpoint: Path) -> None:
    values = rows(card(tune_checkpoint, METRIC, export=EXPORT))
    bits = 1.5 * 8 / 20 / math.log(2)  # 20 notes
    assert values["float32"].endswith(f"{bits:.3f} bits per note")


def test_all_books_of_a_corpus_are_sources(tune_checkpoint: Path) -> None:
    set_sources(tune_checkpoint, "tunes")
    text = card(tune_checkpoint, export=EXPORT)
    for author in ("Francis O'Neill", "William Bradbury Ryan", "James Aird", "Jack Campin"):
        assert author in text


@pytest.mark.parametrize("source", ["mine.abc", "gutenberg:nobody"])
def test_other_sources_have_no_author(tune_checkpoint: Path, source: str) -> None:
    set_sources(tune_checkpoint, source)
    assert "## Data sources" not in card(tune_checkpoint, export=EXPORT)


def test_results_of_an_evaluation_are_tables(checkpoint: Path) -> None:
    table = Table("Likelihood", ("", "bits"), (("int8", "2.1 ± 0.1"), ("a|b", "8")))
    evaluation = asdict(Evaluation("seqgen evaluate fox", (table,)))
    write_json(checkpoint / layout.EVALUATION, evaluation)
    text = card(checkpoint)
    assert "`seqgen evaluate fox`" in text
    assert "|  | bits |\n|---|---|\n| int8 | 2.1 ± 0.1 |\n| a\\|b | 8 |\n" in text
    for damaged in ("[]", json.dumps(evaluation | {"tables": [{"title": 1}]})):
        (checkpoint / layout.EVALUATION).write_text(damaged)
        with pytest.raises(CheckpointError, match=layout.EVALUATION):
            write_card(checkpoint)
