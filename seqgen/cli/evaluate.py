"""`seqgen evaluate`: measure how good a model is."""

from dataclasses import fields
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqgen.cli._common import open_checkpoint
from seqgen.cli.options import AsJson, CheckpointName, with_options
from seqgen.config.fields import group_options
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
    name: CheckpointName,
    given: dict[str, Any],
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="Files, corpora, or -.",
            show_default="validation text",
            metavar="[FILE]...",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure how good a model is.

    Text models: likelihood of text that was not used for training, compared with n-grams and
    compressors, and statistics of samples. Tune models: statistics of sampled tunes, with and
    without the grammar, compared with real ones.
    """
    checkpoint = open_checkpoint(name)
    module, _, attribute = TASKS.load(checkpoint.config.task).evaluation.partition(":")
    evaluation: Evaluation = getattr(import_module(module), attribute)
    check_options(checkpoint, evaluation, given, files)
    shared, *groups = group_options(given, EvaluationOptions, *TASK_OPTIONS)
    options = next(group for group in groups if isinstance(group, evaluation.options))
    evaluation.run(checkpoint, files or [], shared, options, as_json)


def check_options(
    checkpoint: "Checkpoint",
    evaluation: Evaluation,
    given: dict[str, Any],
    files: list[str] | None,
) -> None:
    """Raise ConfigError for an option that is not for models of this task."""
    name = f"{checkpoint.path.name}, a model of {checkpoint.config.task}"
    own = [field.name for field in fields(evaluation.options)]  # type: ignore[arg-type]
    for group in TASK_OPTIONS:
        for field in fields(group):
            if field.name in given and field.name not in own:
                known = ", ".join(f"`{each}`" for each in own)
                raise ConfigError(
                    f"has no effect on {name}; its options are {known}", option=field.name
                )
    if files and not evaluation.takes_files:
        raise ConfigError(
            f"{name}, is evaluated on the validation tunes of its run; FILE has no effect"
        )
