import dataclasses
import json
import math
from pathlib import Path

import pytest

from seqgen.checkpoint import export_card, layout
from seqgen.checkpoint.config import Config
from seqgen.checkpoint.evaluation import Evaluation, Table
from seqgen.checkpoint.export import Export
from seqgen.checkpoint.model_card import write_card
from seqgen.checkpoint.read import open_checkpoint
from seqgen.errors import CheckpointError
from seqgen.io.atomic import write_json

EXPORT = Export(
    half=True,
    halving=1e-6,
    validation={"float32": 1.5, "int8": 1.502},
    commands=(
        "seqgen train sonnets --name fox",
        "python -m benchmarks.release_models fox build/fox",
    ),
)


def from_corpus(config: Config, *sources: str) -> Config:
    return dataclasses.replace(config, corpus=dataclasses.replace(config.corpus, sources=sources))


def test_the_card_of_a_copy_tells_recipe_figures_and_commands(checkpoint: Path) -> None:
    config = from_corpus(open_checkpoint(checkpoint).config, "sonnets")
    write_json(checkpoint / layout.CONFIG, config.to_json())
    write_json(checkpoint / layout.EXPORT, dataclasses.asdict(EXPORT))
    write_card(checkpoint)
    text = (checkpoint / layout.CARD).read_text()
    for word in ("Sonnets (1609)", "William Shakespeare", "Project Gutenberg", "public domain",
                 "last tenth", "| learning_rate | 0.01 |", "| cell | lstm |", "half precision",
                 "+0.000001 nats", "1.5020 nats a token", *EXPORT.commands):  # fmt: skip
        assert word in text
    assert "--resume" not in text, "there is nothing to resume"
    assert "## Evaluation" not in text


def test_bits_are_of_characters_or_notes(checkpoint: Path, tune_checkpoint: Path) -> None:
    text, tunes = (open_checkpoint(path).config for path in (checkpoint, tune_checkpoint))
    # 9 tokens held back, the first of which is context, of 9 characters; in tunes 20 notes.
    assert export_card.bits(text, 1.5) == f"{1.5 * 8 / 9 / math.log(2):.3f} bits a character"
    assert export_card.bits(tunes, 1.5) == f"{1.5 * 8 / 20 / math.log(2):.3f} bits a note"


def test_all_books_of_a_corpus_are_named(tune_checkpoint: Path) -> None:
    config = open_checkpoint(tune_checkpoint).config
    text = export_card.origin(from_corpus(config, "tunes"))
    for author in ("Francis O'Neill", "William Bradbury Ryan", "James Aird", "Jack Campin"):
        assert author in text
    for unknown in ("mine.abc", "gutenberg:nobody"):
        assert export_card.origin(from_corpus(config, unknown)) == ""


def test_what_was_evaluated_is_shown_as_tables(checkpoint: Path) -> None:
    table = Table("Likelihood", ("", "bits"), (("int8", "2.1 ± 0.1"), ("a|b", "8")))
    found = dataclasses.asdict(Evaluation("seqgen evaluate fox", (table,)))
    write_json(checkpoint / layout.EVALUATION, found)
    write_card(checkpoint)
    text = (checkpoint / layout.CARD).read_text()
    rows = "|  | bits |\n|---|---|\n| int8 | 2.1 ± 0.1 |\n| a\\|b | 8 |\n"
    assert f"By `seqgen evaluate fox`.\n\nLikelihood:\n\n{rows}" in text
    for damaged in ("[]", json.dumps(found | {"tables": [{"title": 1}]})):
        (checkpoint / layout.EVALUATION).write_text(damaged)
        with pytest.raises(CheckpointError, match=r"evaluation\.json"):
            write_card(checkpoint)
