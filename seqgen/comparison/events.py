"""What a comparison tells: plain values, in order; whoever consumes them draws them."""

from dataclasses import dataclass

from seqgen.comparison.results import Comparison, Entry, Point
from seqgen.training.events import Event as RunEvent
from seqgen.training.events import Preparing


@dataclass(frozen=True)
class ComparisonStatus:
    """Where a comparison stands: told before its first variant runs and after its last.

    notices: what the user should know of the corpus.
    """

    comparison: Comparison
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class VariantStarted:
    """The variant of that index begins, or goes on.

    curve: what was measured of it before.
    """

    index: int
    curve: tuple[Point, ...]


@dataclass(frozen=True)
class VariantEvent:
    """What the run of the variant of that index tells."""

    index: int
    event: RunEvent


@dataclass(frozen=True)
class VariantFinished:
    """The variant of that index has its result, or failed."""

    index: int
    entry: Entry


Event = Preparing | ComparisonStatus | VariantStarted | VariantEvent | VariantFinished
