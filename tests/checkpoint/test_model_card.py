from collections.abc import Callable
from pathlib import Path

from seqgen.checkpoint import layout, write
from seqgen.checkpoint.model_card import write_card
from seqgen.checkpoint.read import open_checkpoint


def test_the_card_says_what_it_is_and_how_good(checkpoint: Path) -> None:
    write_card(checkpoint)
    assert "not measured yet" in (checkpoint / "README.md").read_text()
    metric = {
        "step": 1200, "epoch": 2.5, "seconds": 61.0, "tokens": 98_304, "validation_loss": 1.5,
        "bits_per_character": 2.164, "perplexity": 4.4817, "best": True, "whole": True,
    }  # fmt: skip
    write.write_metrics(checkpoint, [metric])
    write_card(checkpoint)
    text = (checkpoint / "README.md").read_text()
    parameters = open_checkpoint(checkpoint).config.parameters
    for word in ("# fox", "fox [1]", "fox.txt", "900 characters", "LSTM", "12, 8",
                 f"{parameters:,}", "1,200 steps", "2.164", "1.5000 nats", "the whole",
                 "seqgen sample fox"):  # fmt: skip
        assert word in text


def test_the_card_says_where_nothing_was_learned(checkpoint: Path) -> None:
    metric = {"step": 1, "validation_loss": 1.5, "best": True, "whole": True}
    for unigram, said in ((1.5, True), (1.6, False)):
        write.write_metrics(checkpoint, [metric | {"unigram_loss": unigram}])
        write_card(checkpoint)
        text = (checkpoint / layout.CARD).read_text()
        assert f"| Unigram model | {unigram:.4f} nats a token |" in text
        assert ("no better than the unigram model" in text) == said


def test_the_card_says_how_documents_were_held_out(
    make: Callable[..., Path], tmp_path: Path
) -> None:
    path = make(tmp_path / "list", documents=3000, held_out=300, unit="line")
    write_card(path)
    assert "300 whole documents are held out" in (path / layout.CARD).read_text()


def test_metrics_of_anybody_do_not_stop_the_card(checkpoint: Path) -> None:
    write.write_metrics(checkpoint, [{"step": 3, "validation_loss": "low", "best": True}])
    write_card(checkpoint)
    assert "| Loss | - nats" in (checkpoint / "README.md").read_text()


def test_the_card_says_what_int8_costs_once_that_was_measured(checkpoint: Path) -> None:
    metric = {"step": 3, "validation_loss": 1.5, "best": True, "whole": True}
    write.write_metrics(checkpoint, [metric])
    write_card(checkpoint)
    assert "int8" not in (checkpoint / "README.md").read_text()
    write.write_metrics(checkpoint, [metric, metric | {"int8_loss": -0.00012}])
    write_card(checkpoint)
    assert "int8 weights, as it samples | -0.0001 nats" in (checkpoint / "README.md").read_text()
