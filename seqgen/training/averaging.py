"""The average of the weights along the way, to be used in the place of the last ones."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

# An average is corrected once in so many steps: each is five passes over the weights.
EVERY = 8


class Average:
    """A running average whose memory is a share of all steps so far.

    Polynomial-decay averaging (Shamir and Zhang 2013, "Stochastic gradient descent for non-smooth
    optimization"): nobody has to know how long the run will be, and it is good at any moment.

    weights: what is averaged.
    share: about the last share of the steps counts, above 0 and at most 1.
    """

    def __init__(self, weights: Sequence[tf.Variable], share: float) -> None:
        self.weights = list(weights)
        self.share = share
        self.means = [tf.Variable(weight) for weight in weights]
        self.steps = 0
        self._correct = tf.function(self._correct_means)

    def follow(self) -> None:
        """Take note of a step that the weights have made."""
        self.steps += 1
        if self.steps % EVERY == 0:
            rate = min(1.0, EVERY / (self.share * self.steps))
            self._correct(tf.constant(rate, tf.float32))

    def _correct_means(self, rate: Any) -> None:
        for mean, weight in zip(self.means, self.weights, strict=True):
            mean.assign_add(rate * (weight - mean))

    def arrays(self, names: Sequence[str]) -> dict[str, np.ndarray]:
        """A copy of the averages, by weight names, and of how many steps they have seen."""
        kept = {f"average/{n}": mean.numpy() for n, mean in zip(names, self.means, strict=True)}
        return kept | {"average_steps": np.array([self.steps])}

    def assign(self, names: Sequence[str], arrays: Mapping[str, np.ndarray]) -> None:
        """Take back what `arrays` gave."""
        for name, mean in zip(names, self.means, strict=True):
            mean.assign(arrays[f"average/{name}"])
        self.steps = int(arrays["average_steps"][0])
