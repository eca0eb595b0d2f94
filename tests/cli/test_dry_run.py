"""The table of `seqgen train --dry-run`."""

import pytest

from seqgen.cli.dry_run import print_estimate, sides
from seqgen.training.dry_run import Estimate, layer_rows
from tests.specs import specs


@pytest.fixture
def estimate() -> Estimate:
    """A GRU of 16 and 8 units over 22 tokens."""
    model, training = specs(
        **{"cell": "gru", "layers": 2, "units": (16, 8), "embedding": 4, "dropout": 0.25,
         "seq_length": 32, "batch_size": 6, "epochs": 3.0, "learning_rate": 0.004, "clip_norm": 5.0}
    )  # fmt: skip
    return Estimate(
        corpus="river",
        model=model,
        training=training,
        reasons=("preset small", "batch 6: the corpus is small"),
        layers=layer_rows(model, training, 22),
        parameters=1_234_567,
        vocab=22,
        tokens_per_epoch=19_200,
        steps_per_epoch=100,
        epochs=3.0,
        tokens_per_second=480.4,
        minutes=2.0,
        memory_bytes=712_000_000,
        notices=("left out: a[1].abc",),
    )


def test_prints_layers_and_costs(
    estimate: Estimate, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    print_estimate(estimate)
    text = capsys.readouterr().out
    rows = [line for line in text.splitlines() if line.startswith("│")]
    for row, words in zip(
        rows,
        (
            ("embedding", "Embedding", "32×6×4", "embeddings 22×4", " 88 "),
            ("recurrent_1", "GRU", "32×6×16", "kernel 4×48, recurrent_kernel 16×48"),
            ("recurrent_2", "GRU", "32×6×8", "kernel 16×24, recurrent_kernel 8×24"),
            ("output", "Dense", "32×6×22", "kernel 8×22, bias 22", " 198 "),
            ("all", "1,234,567"),
        ),
        strict=True,
    ):
        for word in words:
            assert word in row
    for line in (
        "model for river",
        "19,200 tokens per epoch in 100 steps; 3 epochs at 480 tokens/s take about 2:00\n",
        "about 712.0 MB of memory; peak learning rate 0.004, dropout 0.25, "
        "gradients clipped at 5\n",
        "chosen: preset small\nchosen: batch 6: the corpus is small\n",
        "note: left out: a[1].abc\n",
    ):
        assert line in text


def test_shapes_are_formatted_with_a_multiplication_sign() -> None:
    assert sides((3, 20, 100)) == "3×20×100"
