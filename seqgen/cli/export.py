"""`seqgen checkpoints export`: a copy of a checkpoint to pass on."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from seqgen.cli.completion import complete_checkpoint
from seqgen.cli.terminal import print_notice


def export(
    name: Annotated[
        str,
        typer.Argument(
            help="Name of a checkpoint, or path of its folder.",
            autocompletion=complete_checkpoint,
        ),
    ],
    folder: Annotated[Path, typer.Argument(help="Folder of the copy; must not exist.")],
    half: Annotated[bool, typer.Option(help="Store weights in half precision.")] = True,
) -> None:
    """Copy a checkpoint without its training state, to share it."""
    from seqgen.checkpoint import export
    from seqgen.checkpoint.locate import find_checkpoint
    from seqgen.checkpoint.read import open_checkpoint
    from seqgen.evaluation.export_metrics import measure

    original = open_checkpoint(find_checkpoint(name))
    info = export.export(original, folder, half=half, measure=partial(measure, original, half=half))
    size = sum(file.stat().st_size for file in folder.iterdir())
    print_notice(f"{folder}: {size / 1e6:.1f} MB")
    if info.halving is not None:
        print_notice(f"half precision: {info.halving:+.6f} nats per token on the validation part")
    for precision, nats in info.validation.items():
        print_notice(f"{precision}: {nats:.4f} nats per token on the validation part")
