"""Checkpoints of all kinds to mutate."""

from pathlib import Path

import numpy as np

from seqgen.checkpoint import layout
from seqgen.checkpoint.export import export
from seqgen.checkpoint.measurements import ExportInfo
from seqgen.checkpoint.read import open_checkpoint
from seqgen.checkpoint.write import format_sample, write_metrics
from seqgen.data.token_files import TRAINING, VALIDATION
from seqgen.training import train_state
from tests.conftest import TUNES, make_checkpoint


def bases(folder: Path) -> list[Path]:
    """Make text models, one with the state of its run, an exported copy and a model of tunes."""
    run = make_checkpoint(folder / "run")
    checkpoint = open_checkpoint(run)
    arrays = {f"weight/{name}": array for name, array in checkpoint.weights().items()}
    train_state.save(run, train_state.TrainState(step=3, metrics=20), arrays)
    for name in (TRAINING, VALIDATION):
        np.arange(50, dtype=np.uint8).tofile(run / layout.RESUME / name)
    write_metrics(run, [{"step": n, "validation_loss": 2.0, "best": True} for n in range(5)])
    (run / layout.SAMPLES).write_bytes(format_sample("step 1", "la la"))
    copy = folder / "copy"
    export(open_checkpoint(run), copy, half=True, measure=lambda _: ExportInfo(half=True))
    return [
        run,
        copy,
        make_checkpoint(folder / "words", tokens="word", cell="gru"),
        make_checkpoint(folder / "pieces", tokens="subword", cell="rnn"),
        make_checkpoint(folder / "delays", cell="delay"),
        make_checkpoint(
            folder / "tunes", kind="tunes", text=TUNES, tokens="abc", documents=9, scale=0.1
        ),
    ]
