"""The options of `seqgen evaluate`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from seqgen.config.fields import Options, option

if TYPE_CHECKING:
    from seqgen.checkpoint.read import Checkpoint


@dataclass(frozen=True)
class EvaluationOptions(Options):
    """Sampling options of all kinds of models."""

    temperature: float | None = option(
        None,
        "Softmax temperature; by default the one of `seqgen sample`.",
        least=0.0,
        most=100.0,
    )
    seed: int = option(0, "Random seed.", least=0, most=2**63 - 1)


@dataclass(frozen=True)
class TextEvaluationOptions(Options):
    """Options for models of text."""

    samples: int = option(
        20, "Number of samples to generate and measure; 0 for none.", least=0, most=10_000
    )
    length: int | None = option(
        None, "Tokens of each sample; by default 1000.", least=1, most=1_000_000
    )
    on_unknown: str = option(
        "error",
        "Handling of characters that are not in the vocabulary.",
        choices=("error", "skip"),
    )
    encoding: str | None = option(
        None, "Encoding of files; by default UTF-8, or as a byte-order mark says."
    )
    html: str | None = option(
        None, "Write an HTML report to this file.", suffixes=(".html", ".htm")
    )


@dataclass(frozen=True)
class TuneEvaluationOptions(Options):
    """Options for models of tunes."""

    count: int = option(
        500,
        "Tunes to generate with the grammar, and as many without.",
        least=1,
        most=100_000,
    )
    validators: bool = option(
        True, "Validate tunes with music21, and with abc2midi if it is installed; slower."
    )


class Evaluation(NamedTuple):
    """What `seqgen evaluate` does with the models of a task (`seqgen.tasks.Task.evaluation`).

    Attributes:
        options: The options that only these models have.
        run: Evaluates and prints: a checkpoint, files, options, ``options``, whether as JSON.
        takes_files: Whether files can be given.
    """

    options: type[Options]
    run: "Callable[[Checkpoint, Sequence[str], EvaluationOptions, Any, bool], None]"
    takes_files: bool
