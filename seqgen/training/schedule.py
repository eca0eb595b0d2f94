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


# Steps in which the step size rises, at least. By the clock, the first step, which compiles, may
# take as long as the whole rise. Three layers of GRU, thrown off by steps of full size, then had
# 1.86 nats after two minutes of tinyshakespeare, and with a rise 1.55 after one; two layers of LSTM
# 1.56 and 1.54.
LEAST_RISE = 30


def learning_rate(progress: float, step: int, peak: float, warmup: float) -> float:
    """Linear rise to the peak, then a cosine to zero at the very end (Loshchilov and Hutter 2017).

    progress: share of the run that is done. step: how many steps were.
    warmup: share of the run that the rise takes; with 0 there is none.
    """
    rise = 1.0
    if warmup:
        rise = min(rise, max(progress, 1e-3) / warmup, (step + 1) / LEAST_RISE)
    if progress < warmup or warmup >= 1:
        return peak * rise
    return peak * rise * 0.5 * (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup)))


LONGEST_WAIT = 300.0  # seconds between two evaluations
EVALUATION_SHARE = 0.06
LEAST_EVALUATIONS = 4


def evaluations_due(progress: float, wanted: float) -> int:
    """How many looks at the validation part a run has had by then, if it is to have so many.

    They stand closer together at its beginning, where most is learned.

    progress: share of the run that is done. wanted: over the whole run, one before the first step
    among them.
    """
    return 1 + math.floor(wanted * min(1.0, progress) ** (2 / 3) + 1e-9)


def affordable(wanted: int, seconds: float | None, cost: float) -> float:
    """How many evaluations a run may have, so that they take but a small share of its time.

    seconds: of the run; None where it is not bounded by the clock. cost: seconds of one.
    """
    if seconds is None or cost <= 0:
        return wanted
    return max(LEAST_EVALUATIONS, min(wanted, EVALUATION_SHARE * seconds / cost))
