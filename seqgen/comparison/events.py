"""Events of a comparison: plain values, in order, for any kind of display."""

from dataclasses import dataclass

from seqgen.comparison.results import Comparison, Entry, Point
from seqgen.training.events import Event as RunEvent
from seqgen.training.events import Preparing


@dataclass(frozen=True)
class ComparisonStatus:
    """State of the comparison, before its first variant and after its last.

    Attributes:
        comparison: Results so far.
        notices: What the user should know about the corpus.
    """

    comparison: Comparison
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class VariantStarted:
    """A variant starts or resumes.

    Attributes:
        index: Index of the variant.
        curve: Its learning curve so far.
    """

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
