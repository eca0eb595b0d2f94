"""What the loops over time have in common."""

from typing import Any

import tensorflow as tf

# Steps in one turn of a loop, where they come out even: turning costs a small network 5%.
MAX_UNROLLED = 5


def unrolled(body: Any, steps: int | None) -> Any:
    """A loop's body that does several steps in one turn, if their number is known and divides."""
    if steps is None:
        return body
    turns = max(n for n in range(1, MAX_UNROLLED + 1) if steps % n == 0)

    def several(*variables: Any) -> Any:
        for _ in range(turns):
            variables = body(*variables)
        return variables

    return several


def array(steps: Any, dtype: Any = tf.float32) -> tf.TensorArray:
    """An array of one tensor for each step, to be read more than once."""
    return tf.TensorArray(dtype, steps, clear_after_read=False)


def write(arrays: Any, t: Any, values: Any) -> Any:
    """The arrays with what belongs to a step written into each."""
    return tuple(each.write(t, value) for each, value in zip(arrays, values, strict=True))


def column_sums(gradient: Any) -> Any:
    """The sum of each column of [N, G] in float32, whatever the type: the gradient of a bias."""
    # A product accumulates in float32, which BiasAddGrad does not (4096 halves come to 256), and is
    # faster than a cast before a sum.
    ones = tf.ones((1, tf.shape(gradient)[0]), gradient.dtype)
    return tf.cast(tf.matmul(ones, gradient)[0], tf.float32)
