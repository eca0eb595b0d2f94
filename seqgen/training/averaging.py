"""A running average of the weights, which replaces the last weights."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

# Steps between two updates of an average, each of which reads and writes the weights five times.
UPDATE_EVERY = 8


class Average:
    """A running average over about the last share of all steps so far.

    Polynomial-decay averaging (Shamir and Zhang 2013, "Stochastic gradient descent for non-smooth
    optimization"): it does not depend on the length of the run, and is valid at any step.
    """

    def __init__(self, weights: Sequence[tf.Variable], share: float) -> None:
        """Start at the current weights; ``share`` is in (0, 1]."""
        self.weights = list(weights)
        self.share = share
        self.means = [tf.Variable(weight) for weight in weights]
        self.steps = 0
        self._update = tf.function(self._update_means, autograph=False)

    def follow(self) -> None:
        """Count a step of the weights."""
        self.steps += 1
        if self.steps % UPDATE_EVERY == 0:
            rate = min(1.0, UPDATE_EVERY / (self.share * self.steps))
            self._update(tf.constant(rate, tf.float32))

    def _update_means(self, rate: Any) -> None:
        for mean, weight in zip(self.means, self.weights, strict=True):
            mean.assign_add(rate * (weight - mean))

    def arrays(self, names: Sequence[str]) -> dict[str, np.ndarray]:
        """Copy the averages, by weight names, and the number of steps."""
        means = {f"average/{n}": mean.numpy() for n, mean in zip(names, self.means, strict=True)}
        return means | {"average_steps": np.array([self.steps])}

    def assign(self, names: Sequence[str], arrays: Mapping[str, np.ndarray]) -> None:
        """Restore what `arrays` returned."""
        for name, mean in zip(names, self.means, strict=True):
            mean.assign(arrays[f"average/{name}"])
        self.steps = int(arrays["average_steps"][0])
