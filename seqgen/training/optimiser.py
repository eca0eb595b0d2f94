"""Adam with decoupled weight decay, and gradient clipping."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from seqgen.config.resolved import TrainSpec


def clip(gradients: list[Any], options: TrainSpec) -> tuple[list[Any], Any]:
    """Clip gradients by value or by global norm (Pascanu et al. 2013).

    Returns:
        The gradients, and their global norm before clipping.
    """
    norm = tf.linalg.global_norm(gradients)
    if options.clip_value is not None:
        limit = options.clip_value
        return [tf.clip_by_value(g, -limit, limit) for g in gradients], norm
    if options.clip_norm is not None:
        scale = options.clip_norm / tf.maximum(norm, options.clip_norm)
        gradients = [g * scale for g in gradients]
    return gradients, norm


class Adam:
    """Adam (Kingma and Ba 2015), with AdamW's decay of matrices (Loshchilov and Hutter 2019).

    One fused operation per weight; Keras's optimiser reads and writes memory ten times.
    """

    def __init__(self, weights: Sequence[tf.Variable], options: TrainSpec) -> None:
        self.weights = list(weights)
        self.options = options
        self.means = [tf.Variable(tf.zeros_like(w)) for w in weights]
        self.squares = [tf.Variable(tf.zeros_like(w)) for w in weights]
        self.steps = tf.Variable(tf.constant(0, tf.int64))

    def apply(self, gradients: Sequence[Any], learning_rate: tf.Tensor) -> None:
        """Update the weights by one step."""
        beta_1, beta_2 = self.options.beta_1, self.options.beta_2
        steps = tf.cast(self.steps.assign_add(1), tf.float32)
        slots = zip(self.weights, self.means, self.squares, gradients, strict=True)
        for weight, mean, square, gradient in slots:
            if self.options.weight_decay and len(weight.shape) > 1:
                weight.assign_sub(learning_rate * self.options.weight_decay * weight)
            tf.raw_ops.ResourceApplyAdam(
                var=weight.handle,
                m=mean.handle,
                v=square.handle,
                beta1_power=tf.pow(beta_1, steps),
                beta2_power=tf.pow(beta_2, steps),
                lr=learning_rate,
                beta1=beta_1,
                beta2=beta_2,
                epsilon=1e-8,
                grad=gradient,
            )

    def arrays(self, names: Sequence[str]) -> dict[str, np.ndarray]:
        """Copy both moments, by weight names, and the number of steps."""
        means = {f"adam_mean/{n}": m.numpy() for n, m in zip(names, self.means, strict=True)}
        squares = {f"adam_square/{n}": s.numpy() for n, s in zip(names, self.squares, strict=True)}
        return means | squares | {"adam_steps": np.array([self.steps.numpy()])}

    def assign(self, names: Sequence[str], arrays: Mapping[str, np.ndarray]) -> None:
        """Restore what `arrays` returned."""
        for name, mean, square in zip(names, self.means, self.squares, strict=True):
            mean.assign(arrays[f"adam_mean/{name}"])
            square.assign(arrays[f"adam_square/{name}"])
        self.steps.assign(int(arrays["adam_steps"][0]))
