"""How far training is, and the step size that belongs there."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Length:
    """How long a run lasts: a budget of seconds or a number of steps; exactly one is set."""

    seconds: float | None = None
    steps: int | None = None

    def progress(self, seconds: float, steps: int) -> float:
        """Share of the run that is done, from 0 to 1."""
        if self.steps is not None:
            return min(1.0, steps / self.steps)
        assert self.seconds is not None
        return min(1.0, seconds / self.seconds)


def learning_rate(progress: float, peak: float, warmup: float) -> float:
    """Linear rise to the peak, then a cosine to zero at the very end (Loshchilov and Hutter 2017).

    progress: share of the run that is done. warmup: share of the run that the rise takes.
    """
    if progress < warmup:
        return peak * max(progress, 1e-3) / warmup
    if warmup >= 1:
        return peak
    return peak * 0.5 * (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup)))


LONGEST_WAIT = 300.0


def evaluation_due(progress: float, done: int, wanted: int, since: float) -> bool:
    """Whether it is time to look at the validation part.

    The evaluations of a run stand closer together at its beginning, where most is learned.

    progress: share of the run that is done. done: evaluations so far, one before the first step
    among them. wanted: over the whole run. since: seconds since the last.
    """
    return progress >= 1 or since >= LONGEST_WAIT or progress >= (done / wanted) ** 1.5
