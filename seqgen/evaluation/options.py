"""The options of `seqgen evaluate`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from seqgen.config.fields import Options, option
from seqgen.errors import ConfigError

if TYPE_CHECKING:
    from seqgen.checkpoint.read import Checkpoint


@dataclass(frozen=True)
class EvaluationOptions(Options):
    """Sampling."""

    temperature: float | None = option(
        None, "Softmax temperature.", least=0.0, most=100.0, default_text="as in sample"
    )
    seed: int = option(0, "Random seed.", least=0, most=2**63 - 1)


@dataclass(frozen=True)
class TextEvaluationOptions(Options):
    """Text models."""

    samples: int = option(20, "Samples to analyse; 0 for none.", least=0, most=10_000)
    length: int | None = option(
        None, "Tokens per sample.", least=1, most=1_000_000, default_text="1000"
    )
    on_unknown: str = option("error", "Unknown characters in a file.", choices=("error", "skip"))
    encoding: str | None = option(None, "Encoding of files.", default_text="UTF-8 or BOM")
    html: str | None = option(None, "Write a report page.", suffixes=(".html", ".htm"))

    def check(self) -> None:
        """Raise ConfigError for a length of no samples."""
        if self.length is not None and not self.samples:
            raise ConfigError("has no effect with `samples=0`", option="length")


@dataclass(frozen=True)
class TuneEvaluationOptions(Options):
    """Tune models."""

    count: int = option(500, "Tunes to sample, twice.", least=1, most=100_000)
    validators: bool = option(True, "Run music21 and abc2midi.")


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
