"""The time, speed and mean loss of a run."""

import math
import time


class Stopwatch:
    """Seconds of training, including those before the run was resumed."""

    def __init__(self, before: float) -> None:
        self._began = time.monotonic() - before

    def seconds(self) -> float:
        return time.monotonic() - self._began


class ThroughputMeter:
    """Tokens per second since the last pause, without the first step, which compiles."""

    def __init__(self, tokens_per_step: int) -> None:
        self.tokens_per_step = tokens_per_step
        self.steps = -1
        self.tokens_per_second = math.nan
        self._began = 0.0

    def add(self, seconds: float) -> None:
        """Count a step that ended at a time."""
        self.steps += 1
        if self.steps <= 0:
            self._began = seconds
        else:
            elapsed = max(seconds - self._began, 1e-9)
            self.tokens_per_second = self.steps * self.tokens_per_step / elapsed

    def restart(self, seconds: float) -> None:
        """Start again after a pause that ended at a time."""
        self.steps, self._began = 0, seconds


def smoothed(mean: float | None, value: float) -> float:
    """Update an exponential mean over about the last 20 values."""
    return value if mean is None else 0.95 * mean + 0.05 * value
