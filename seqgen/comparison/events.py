"""Events of a comparison: plain values, in order, for any kind of display."""

from dataclasses import dataclass

from seqgen.comparison.results import Comparison, Entry, Point
from seqgen.training.events import Event as RunEvent
from seqgen.training.events import Preparing


@dataclass(frozen=True)
class ComparisonStatus:
    """The results before the first variant and after the last, and notices on the corpus."""

    comparison: Comparison
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class VariantStarted:
    """A variant starts, or resumes with its learning curve so far."""

    index: int
    curve: tuple[Point, ...]


@dataclass(frozen=True)
class VariantEvent:
    """An event of the run of a variant."""

    index: int
    event: RunEvent


@dataclass(frozen=True)
class VariantFinished:
    """A variant has a result or failed."""

    index: int
    entry: Entry


Event = Preparing | ComparisonStatus | VariantStarted | VariantEvent | VariantFinished
