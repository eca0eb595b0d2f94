"""How long a run has taken, how fast it is, and what its losses come to."""

import math
import time


class Stopwatch:
    """Seconds of training by the clock, over all the times that a run was taken up."""

    def __init__(self, before: float) -> None:
        self._began = time.monotonic() - before

    def seconds(self) -> float:
        return time.monotonic() - self._began


class ThroughputMeter:
    """Tokens a second over the steps since the last stop; the first, which compiles, left out."""

    def __init__(self, tokens_a_step: int) -> None:
        self.tokens_a_step = tokens_a_step
        self.steps = -1
        self.tokens_per_second = math.nan
        self._began = 0.0

    def add(self, seconds: float) -> None:
        """A step ended at that time."""
        self.steps += 1
        if self.steps <= 0:
            self._began = seconds
        else:
            elapsed = max(seconds - self._began, 1e-9)
            self.tokens_per_second = self.steps * self.tokens_a_step / elapsed

    def restart(self, seconds: float) -> None:
        """Something else than a step took time until now."""
        self.steps, self._began = 0, seconds


def smoothed(mean: float | None, value: float) -> float:
    """An exponential mean over about the last 20 values."""
    return value if mean is None else 0.95 * mean + 0.05 * value
