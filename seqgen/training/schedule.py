"""The budget of a run, its learning rate, and when it is evaluated."""

import math
from dataclasses import dataclass

# Minimum number of warm-up steps. In a run that is limited by time, the first step, which compiles,
# may take as long as the whole warm-up. Three GRU layers that diverged for lack of it had 1.86 nats
# after two minutes of tinyshakespeare, and with it 1.55 after one; two LSTM layers 1.56 and 1.54.
MIN_WARMUP_STEPS = 30

MAX_EVALUATION_INTERVAL = 300.0  # seconds
EVALUATION_SHARE = 0.06  # of the time of a run
MIN_EVALUATIONS = 4


@dataclass(frozen=True)
class StepBudget:
    """A run that ends after a number of steps."""

    steps: int

    def progress(self, seconds: float, step: int) -> float:
        """Return the fraction of the run that is done, in [0, 1]."""
        return min(1.0, step / self.steps)

    def remaining(self, seconds: float, step: int, steps_per_second: float) -> float:
        """Return the seconds until the end; NaN if the speed is NaN."""
        return (self.steps - step) / steps_per_second

    def evaluations(self, requested: int, eval_seconds: float) -> float:
        """Return the number of evaluations: as many as requested."""
        return requested


@dataclass(frozen=True)
class TimeBudget:
    """A run that ends after a number of seconds."""

    seconds: float

    def progress(self, seconds: float, step: int) -> float:
        """Return the fraction of the run that is done, in [0, 1]."""
        return min(1.0, seconds / self.seconds)

    def remaining(self, seconds: float, step: int, steps_per_second: float) -> float:
        """Return the seconds until the end."""
        return max(0.0, self.seconds - seconds)

    def evaluations(self, requested: int, eval_seconds: float) -> float:
        """Return the number of evaluations that take at most `EVALUATION_SHARE` of the run."""
        if eval_seconds <= 0:
            return requested
        affordable = EVALUATION_SHARE * self.seconds / eval_seconds
        return max(MIN_EVALUATIONS, min(requested, affordable))


def learning_rate(progress: float, step: int, peak: float, warmup: float) -> float:
    """Compute a linear warm-up followed by a cosine to zero (Loshchilov and Hutter 2017).

    Args:
        progress: Fraction of the run that is done, in [0, 1].
        step: Number of steps done.
        peak: Learning rate after the warm-up.
        warmup: Fraction of the run that the warm-up takes; 0 for none.
    """
    rise = 1.0
    if warmup:
        rise = min(rise, max(progress, 1e-3) / warmup, (step + 1) / MIN_WARMUP_STEPS)
    if progress < warmup or warmup >= 1:
        return peak * rise
    return peak * rise * 0.5 * (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup)))


def evaluations_due(progress: float, evaluations: float) -> int:
    """Compute the number of evaluations up to some point of a run, one before the first step.

    They are more frequent at the beginning, where the loss changes most.

    Args:
        progress: Fraction of the run that is done, in [0, 1].
        evaluations: Number of evaluations after the first, in the whole run.
    """
    return 1 + math.floor(evaluations * min(1.0, progress) ** (2 / 3) + 1e-9)
