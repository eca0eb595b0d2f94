"""Measure the FLOP/s of this machine by matrix products like those of training."""

import statistics
import time
from functools import cache
from typing import Any

# The measured work: some steps of one layer, forward and backward, and the gradient of its weights.
UNITS, STREAMS, STEPS = 512, 16, 16
SECONDS = 0.3
MIN_TIMES = 3


@cache
def training_flops(shards: int, precision: str) -> float:
    """Estimate the floating-point operations per second in training, once per process.

    Training reached between 0.9 and 1.4 times as many on one core with layers of 384 to 768 units,
    and 0.6 times as many on two with 256. Call `tf_runtime.load` before.

    Args:
        shards: Parts of a batch that are computed in parallel (`tf_runtime.shards`).
        precision: "float32" or "bfloat16".
    """
    import tensorflow as tf

    kind = tf.as_dtype(precision)
    forward = tf.cast(tf.random.stateless_normal((UNITS, 4 * UNITS), (0, 1)) / UNITS, kind)
    back = tf.transpose(forward)

    def part(state: Any) -> Any:
        before, after = [], []
        for _ in range(STEPS):
            before.append(state)
            after.append(tf.matmul(state, forward))
            state = tf.tanh(after[-1][:, :UNITS])
        gradient = after[-1]
        for gates in reversed(after):
            gradient = gates * tf.tile(tf.matmul(gradient, back), (1, 4))
        return tf.matmul(tf.concat(before, 0), tf.concat(after, 0), transpose_a=True), gradient

    @tf.function(autograph=False)
    def work(states: Any) -> Any:
        # The parts are independent, as in a training step.
        return [part(state) for state in tf.unstack(states, shards)]

    states = tf.cast(tf.random.stateless_normal((shards, STREAMS, UNITS), (0, 2)), kind)
    seconds: list[float] = []
    work(states)
    while len(seconds) < MIN_TIMES or sum(seconds) < SECONDS:
        start_time = time.perf_counter()
        results = work(states)
        results[0][0].numpy()
        seconds.append(time.perf_counter() - start_time)
    products = 3 * 2 * UNITS * 4 * UNITS * STREAMS * STEPS * shards
    return products / statistics.median(seconds)
