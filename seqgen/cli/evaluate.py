"""`seqgen evaluate`: how good a model is."""

from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqgen.cli.completion import complete_checkpoint
from seqgen.cli.inspect._common import opened
from seqgen.cli.options import with_options
from seqgen.config.fields import flag_name, grouped
from seqgen.errors import ConfigError
from seqgen.evaluation.options import (
    EvaluationOptions,
    TextEvaluationOptions,
    TuneEvaluationOptions,
)

if TYPE_CHECKING:
    from seqgen.checkpoint.read import Checkpoint

OF_KIND = {"text": TextEvaluationOptions, "tunes": TuneEvaluationOptions}


@with_options(EvaluationOptions, TextEvaluationOptions, TuneEvaluationOptions)
def evaluate(
    name: Annotated[
        str,
        typer.Argument(
            help="A checkpoint's name, or the path of its folder.",
            autocompletion=complete_checkpoint,
        ),
    ],
    said: dict[str, Any],
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="Texts to measure by: files, known corpora, or - for standard input. "
            "What was held back in training unless said.",
            metavar="[FILE]...",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure how good a model is.

    Of text: how likely it finds text that it has not learned from, beside n-grams and compressors,
    and what its samples are like. Of tunes: the tunes that it writes, with the grammar and without,
    beside real ones.
    """
    checkpoint = opened(name)
    refuse_others(checkpoint, said, files)
    how, text, tunes = grouped(
        said, EvaluationOptions, TextEvaluationOptions, TuneEvaluationOptions
    )
    if checkpoint.config.task == "tunes":
        from seqgen.cli.evaluate_tunes import evaluate_tunes

        evaluate_tunes(checkpoint, how, tunes, as_json)
    else:
        from seqgen.cli.evaluate_text import evaluate_text

        evaluate_text(checkpoint, files or [], how, text, as_json)


def refuse_others(checkpoint: "Checkpoint", said: dict[str, Any], files: list[str] | None) -> None:
    """Raises ConfigError for an option that belongs to the other kind of model."""
    kind, name = checkpoint.config.task, checkpoint.path.name
    for other, group in OF_KIND.items():
        for field in fields(group):
            if other != kind and field.name in said:
                own = ", ".join(flag_name(f.name) for f in fields(OF_KIND[kind]))
                raise ConfigError(
                    f"{flag_name(field.name)} is for models of {other}, and {name} is a model of "
                    f"{kind}; for those there are {own}"
                )
    if files and kind == "tunes":
        raise ConfigError(
            f"{name} is a model of tunes, which is measured by the tunes that it writes; "
            "FILE is for models of text"
        )
