"""Scan of the delay cell: a step depends on the outputs of several earlier steps.

One array has the outputs of all steps, preceded by as many earlier ones as the longest delay. A
step gathers its inputs from it; the backward pass gathers the gradients of the steps that depend on
a step from an array that is as much longer at its end.
"""

from typing import TYPE_CHECKING, Any

import tensorflow as tf

from seqgen.models.scans.base_layer import CellLayer
from seqgen.models.scans.loops import array, column_sums, unrolled

if TYPE_CHECKING:
    from seqgen.models.cells.delay import Delay


class DelayScan(CellLayer):
    """The layer of the cell `delay`, whose state is its last D outputs, [B, D, H], oldest first."""

    cell: "Delay"

    def scan(self, x_TBI: Any, states: Any, weights: Any, keeps_TB1: Any) -> Any:
        a_TBH = tf.tensordot(x_TBI, tf.cast(weights["kernel"], x_TBI.dtype), 1)
        past_DBH = tf.transpose(states[0], (1, 0, 2))
        h_TBH = _scan(self.cell, a_TBH, past_DBH, weights, keeps_TB1, self.flow)
        past_DBH = _last(past_DBH, h_TBH, keeps_TB1, self.flow)
        return tf.cast(h_TBH, x_TBI.dtype), (tf.transpose(past_DBH, (1, 0, 2)),)


def _scan(
    cell: "Delay", a_TBH: Any, past_DBH: Any, weights: Any, keeps_TB1: Any, flow: float
) -> Any:
    """Compute ``h_t = f(a_t + h_{t-d} R_d + ... + b)`` at T steps, float32 [T, B, H].

    ``past_DBH`` has the outputs of the D steps before the first, D being the longest delay.
    """
    dtype = a_TBH.dtype
    longest = max(cell.delays)
    delays = [(d, _connections(keeps_TB1, d, dtype)) for d in cell.delays]

    @tf.custom_gradient
    def run(a: Any, past: Any, recurrent: Any, bias: Any) -> Any:
        steps, units = tf.shape(a)[0], a.shape[2]
        across = tf.cast(recurrent, dtype)
        a_t = array(steps, dtype).unstack(a)
        # The output of step t has the index t + longest.
        outputs = array(steps + longest, dtype).scatter(tf.range(longest), tf.cast(past, dtype))

        def forward(t: Any, outputs: Any, exact: Any) -> Any:
            read = [_mask(open_, t, outputs.read(t + longest - d)) for d, open_ in delays]
            r = tf.cast(tf.matmul(tf.concat(read, -1), across), tf.float32)
            h = cell.activation.forward(tf.cast(a_t.read(t), tf.float32) + r + bias)
            return t + 1, outputs.write(t + longest, tf.cast(h, dtype)), exact.write(t, h)

        _, outputs, exact = tf.while_loop(
            lambda t, *_: t < steps,
            unrolled(forward, a.shape[0]),
            (0, outputs, array(steps)),
            parallel_iterations=1,
        )
        read_PBH = outputs.stack()

        def gradient(dh: Any) -> Any:
            kernels = [tf.transpose(k) for k in tf.split(recurrent, len(delays))]
            scaled = [flow**d * k for (d, _), k in zip(delays, kernels, strict=True)]
            back = tf.cast(tf.concat(scaled, 0), dtype)
            dh_t = array(steps).unstack(dh)
            # No step after the last one depends on an output.
            nothing = tf.zeros((longest, tf.shape(a)[1], units), dtype)
            das = array(steps + longest, dtype).scatter(steps + tf.range(longest), nothing)

            def backward(t: Any, das: Any) -> Any:
                readers = [_mask(open_, t + d, das.read(t + d)) for d, open_ in delays]
                through = tf.cast(tf.matmul(tf.concat(readers, -1), back), tf.float32)
                da = (dh_t.read(t) + through) * cell.activation.slope(exact.read(t))
                return t - 1, das.write(t, tf.cast(da, dtype))

            _, das = tf.while_loop(
                lambda t, *_: t >= 0,
                unrolled(backward, a.shape[0]),
                (steps - 1, das),
                parallel_iterations=1,
            )
            da = das.stack()[:steps]
            flat = tf.reshape(da, [-1, units])
            recurrent_gradients, past_gradients = [], []
            for (d, open_), kernel in zip(delays, kernels, strict=True):
                read = _mask(open_, slice(0, steps), read_PBH[longest - d :][:steps])
                read = tf.transpose(tf.reshape(read, [-1, units]))
                recurrent_gradients.append(tf.matmul(read, flat))
                # The first d steps read the past.
                count = tf.minimum(d, steps)
                readers = _mask(open_, slice(0, count), da[:count])
                through = tf.tensordot(readers, tf.cast(kernel, dtype), 1)
                through = _scale_by_age(tf.cast(through, tf.float32), 1 + tf.range(count), flow)
                past_gradients.append(tf.pad(through, [[longest - d, d - count], [0, 0], [0, 0]]))
            return (
                da,
                tf.add_n(past_gradients),
                tf.cast(tf.concat(recurrent_gradients, 0), tf.float32),
                column_sums(flat),
            )

        return exact.stack(), gradient

    return run(a_TBH, past_DBH, weights["recurrent_kernel"], weights["bias"])


def _connections(keeps_TB1: Any, delay: int, dtype: Any) -> Any:
    """Return 1 where a step depends on the one ``delay`` steps before, else 0; None if all do.

    [T + delay, B, 1]; the steps after the last depend on nothing.
    """
    if keeps_TB1 is None:
        return None
    resets = tf.cumsum(1 - keeps_TB1)
    before = tf.pad(resets, [[delay, 0], [0, 0], [0, 0]])[: tf.shape(resets)[0]]
    return tf.pad(tf.cast(resets == before, dtype), [[0, delay], [0, 0], [0, 0]])


def _mask(connections: Any, steps: Any, values: Any) -> Any:
    """Set values to zero where there is no connection at their steps."""
    return values if connections is None else values * connections[steps]


def _last(past_DBH: Any, h_TBH: Any, keeps_TB1: Any, flow: float) -> Any:
    """Return the outputs of the last D steps."""
    longest, steps = past_DBH.shape[0], tf.shape(h_TBH)[0]
    last = tf.concat([past_DBH, h_TBH], 0)[-longest:]
    if keeps_TB1 is not None:
        resets = tf.pad(tf.cumsum(1 - keeps_TB1), [[longest, 0], [0, 0], [0, 0]])[-longest:]
        last *= tf.cast(resets == resets[-1], tf.float32)
    ages = tf.range(longest)[::-1]

    @tf.custom_gradient
    def identity(last: Any) -> Any:
        return tf.identity(last), lambda g: _scale_by_age(g, tf.minimum(ages, steps), flow)

    return identity(last)


def _scale_by_age(gradient: Any, steps: Any, flow: float) -> Any:
    """Scale the rows of a gradient [N, B, H], each for its number of steps."""
    return gradient * tf.reshape(flow ** tf.cast(steps, tf.float32), [-1, 1, 1])
