import dataclasses
import json
import math
from collections.abc import Callable
from pathlib import Path

from seqgen.checkpoint import export_card, format
from seqgen.checkpoint.card import write_card
from seqgen.checkpoint.export import Export
from seqgen.checkpoint.files import write_json
from seqgen.checkpoint.format import Config
from seqgen.checkpoint.read import open_checkpoint

EXPORT = Export(
    half=True,
    halving=1e-6,
    validation={"float32": 1.5, "int8": 1.502},
    commands=("seqgen train sonnets --name fox", "python -m benchmarks.ship fox build/fox"),
)


def from_corpus(config: Config, *sources: str) -> Config:
    return dataclasses.replace(config, corpus=dataclasses.replace(config.corpus, sources=sources))


def test_the_card_of_a_copy_tells_recipe_figures_and_commands(checkpoint: Path) -> None:
    config = from_corpus(open_checkpoint(checkpoint).config, "sonnets")
    write_json(checkpoint / format.CONFIG, config.to_json())
    write_json(checkpoint / format.EXPORT, dataclasses.asdict(EXPORT))
    write_card(checkpoint)
    text = (checkpoint / format.CARD).read_text()
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


def test_what_was_evaluated_is_a_table_of_figures(
    checkpoint: Path, make: Callable[..., Path]
) -> None:
    found = {"novelty": {"8": 0.123456, "32": 1.0}, "longest": {"length": 41, "text": "x" * 200},
             "samples": ["no figure"], "none": None, "by": "a|b"}  # fmt: skip
    (checkpoint / format.EVALUATION).write_text(json.dumps(found))
    write_card(checkpoint)
    text = (checkpoint / format.CARD).read_text()
    for row in ("| novelty, 8 | 0.1235 |", "| novelty, 32 | 1 |", "| longest, length | 41 |",
                "| by | a\\|b |"):  # fmt: skip
        assert row in text
    assert "xxx" not in text
    assert "no figure" not in text
