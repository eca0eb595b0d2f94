"""Helpers of the loops over time."""

from typing import Any

import tensorflow as tf

# Steps per iteration of a loop, if they divide: iterations of one step cost a small network 5%.
MAX_UNROLLED = 5


def unrolled(body: Any, steps: int | None) -> Any:
    """Return a loop's body that does several steps, if their number is known and divides."""
    if steps is None:
        return body
    count = max(n for n in range(1, MAX_UNROLLED + 1) if steps % n == 0)

    def several(*variables: Any) -> Any:
        for _ in range(count):
            variables = body(*variables)
        return variables

    return several


def array(steps: Any, dtype: Any = tf.float32) -> tf.TensorArray:
    """Create an array with a tensor for each step, which can be read more than once."""
    return tf.TensorArray(dtype, steps, clear_after_read=False)


def write(arrays: Any, t: Any, values: Any) -> Any:
    """Write the values of a step into the arrays, one into each."""
    return tuple(each.write(t, value) for each, value in zip(arrays, values, strict=True))


def column_sums(gradient: Any) -> Any:
    """Sum each column of [N, G] in float32, whatever the type: the gradient of a bias."""
    # A product accumulates in float32, which BiasAddGrad does not (4096 halves come to 256), and is
    # faster than a cast before a sum.
    ones = tf.ones((1, tf.shape(gradient)[0]), gradient.dtype)
    return tf.cast(tf.matmul(ones, gradient)[0], tf.float32)
