"""`seqgen evaluate`: how good a model is."""

from dataclasses import fields
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqgen.cli._common import open_checkpoint
from seqgen.cli.completion import complete_checkpoint
from seqgen.cli.options import with_options
from seqgen.config.fields import grouped
from seqgen.errors import ConfigError
from seqgen.evaluation.options import (
    Evaluation,
    EvaluationOptions,
    TextEvaluationOptions,
    TuneEvaluationOptions,
)
from seqgen.tasks import TASKS

if TYPE_CHECKING:
    from seqgen.checkpoint.read import Checkpoint

TASK_OPTIONS = (TextEvaluationOptions, TuneEvaluationOptions)


@with_options(EvaluationOptions, *TASK_OPTIONS)
def evaluate(
    name: Annotated[
        str,
        typer.Argument(
            help="Name of a checkpoint, or path of its folder.",
            autocompletion=complete_checkpoint,
        ),
    ],
    given: dict[str, Any],
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="Files, corpora, or -.",
            show_default="validation text",
            metavar="[FILE]...",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure how good a model is.

    Text models: likelihood of text that was not used for training, compared with n-grams and
    compressors, and statistics of samples. Tune models: statistics of sampled tunes, with and
    without the grammar, compared with real ones.
    """
    checkpoint = open_checkpoint(name)
    evaluation = evaluation_of(checkpoint)
    check_options(checkpoint, evaluation, given, files)
    how, *others = grouped(given, EvaluationOptions, *TASK_OPTIONS)
    own = next(options for options in others if isinstance(options, evaluation.options))
    evaluation.run(checkpoint, files or [], how, own, as_json)


def evaluation_of(checkpoint: "Checkpoint") -> Evaluation:
    """Load the evaluation of a checkpoint's task."""
    module, _, attribute = TASKS.load(checkpoint.config.task).evaluation.partition(":")
    evaluation: Evaluation = getattr(import_module(module), attribute)
    return evaluation


def check_options(
    checkpoint: "Checkpoint",
    evaluation: Evaluation,
    given: dict[str, Any],
    files: list[str] | None,
) -> None:
    """Raise ConfigError for an option that is not for models of this task."""
    task, name = checkpoint.config.task, checkpoint.path.name
    names = [field.name for field in fields(evaluation.options)]  # type: ignore[arg-type]
    for group in TASK_OPTIONS:
        for field in fields(group):
            if field.name in given and field.name not in names:
                raise ConfigError(
                    f"is not for models of {task} such as {name}, which have "
                    + ", ".join(f"`{each}`" for each in names),
                    option=field.name,
                )
    if files and not evaluation.takes_files:
        raise ConfigError(f"{name} is a model of {task}, which takes no FILE")
