"""Recurrence over long delays: a step reads what came out at several earlier ones.

The outputs of all steps stand in one array, behind those of as many earlier steps as the longest
delay reaches back. A step gathers there what it reads; on the way back it gathers the gradients of
the steps that read it, from an array that goes on as far behind the last step.
"""

from typing import Any

import tensorflow as tf

from seqgen.models.cells.delay import Delay
from seqgen.models.scans.base_layer import CellLayer
from seqgen.models.scans.loops import array, column_sums, unrolled


class DelayScan(CellLayer):
    """The layer of the cell `delay`, whose state is its last D outputs, [B, D, H], oldest first."""

    def call(
        self,
        x_TBI: tf.Tensor,
        states: tuple[tf.Tensor, ...],
        keeps_TB1: tf.Tensor | None = None,
        training: bool = False,
    ) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
        assert isinstance(self.cell, Delay)
        weights = self.tensors(training)
        a_TBH = tf.tensordot(x_TBI, tf.cast(weights["kernel"], x_TBI.dtype), 1)
        past_DBH = tf.transpose(states[0], (1, 0, 2))
        h_TBH = delay_scan(
            self.cell,
            a_TBH,
            past_DBH,
            weights["recurrent_kernel"],
            weights["bias"],
            keeps_TB1,
            self.flow,
        )
        past_DBH = _last(past_DBH, h_TBH, keeps_TB1, self.flow)
        return tf.cast(h_TBH, x_TBI.dtype), (tf.transpose(past_DBH, (1, 0, 2)),)


def delay_scan(
    cell: Delay,
    a_TBH: tf.Tensor,
    past_DBH: tf.Tensor,
    recurrent: tf.Tensor,
    bias: tf.Tensor,
    keeps_TB1: tf.Tensor | None = None,
    flow: float = 1.0,
) -> tf.Tensor:
    """``h_t = f(a_t + h_{t-d} R_d + ... + b)``, differentiable once in its first five arguments.

    cell: which has the delays d and the activation f.
    a_TBH: what comes from the input, in the type of the products' operands; all else is float32.
    past_DBH: the outputs of the steps before the first, as many as the longest delay, D.
    recurrent: R of each delay, one below the other, [n H, H]. bias: [H].
    keeps_TB1: 0 where a stream forgets the past before the step, else 1; None where none does.
    flow: factor of a gradient on its way from a step to the one before.
    Returns h, float32 [T, B, H].
    """
    dtype = a_TBH.dtype
    longest = max(cell.delays)
    # Each delay with its connections, by the step that reads.
    delays = [(d, _connected(keeps_TB1, d, dtype)) for d in cell.delays]

    @tf.custom_gradient
    def run(a: Any, past: Any, recurrent: Any, bias: Any) -> Any:
        steps, units = tf.shape(a)[0], a.shape[2]
        across = tf.cast(recurrent, dtype)
        a_t = array(steps, dtype).unstack(a)
        # The output of step t stands at t + longest.
        outputs = array(steps + longest, dtype).scatter(tf.range(longest), tf.cast(past, dtype))

        def forward(t: Any, outputs: Any, exact: Any) -> Any:
            read = [_over(open_, t, outputs.read(t + longest - d)) for d, open_ in delays]
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
            grown = [flow**d * k for (d, _), k in zip(delays, kernels, strict=True)]
            back = tf.cast(tf.concat(grown, 0), dtype)
            dh_t = array(steps).unstack(dh)
            # Nothing behind the last step reads an output.
            nothing = tf.zeros((longest, tf.shape(a)[1], units), dtype)
            das = array(steps + longest, dtype).scatter(steps + tf.range(longest), nothing)

            def backward(t: Any, das: Any) -> Any:
                readers = [_over(open_, t + d, das.read(t + d)) for d, open_ in delays]
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
                read = _over(open_, slice(0, steps), read_PBH[longest - d :][:steps])
                read = tf.transpose(tf.reshape(read, [-1, units]))
                recurrent_gradients.append(tf.matmul(read, flat))
                # The first d steps read of the past what stands d steps before them.
                count = tf.minimum(d, steps)
                readers = _over(open_, slice(0, count), da[:count])
                through = tf.tensordot(readers, tf.cast(kernel, dtype), 1)
                through = _grown(tf.cast(through, tf.float32), 1 + tf.range(count), flow)
                past_gradients.append(tf.pad(through, [[longest - d, d - count], [0, 0], [0, 0]]))
            return (
                da,
                tf.add_n(past_gradients),
                tf.cast(tf.concat(recurrent_gradients, 0), tf.float32),
                column_sums(flat),
            )

        return exact.stack(), gradient

    return run(a_TBH, past_DBH, recurrent, bias)


def _connected(keeps_TB1: Any, delay: int, dtype: Any) -> Any:
    """1 where a step still knows the one so many steps before it, else 0; None if it always does.

    [T + delay, B, 1], by the step that reads; those behind the last read nothing.
    """
    if keeps_TB1 is None:
        return None
    forgotten = tf.cumsum(1 - keeps_TB1)
    before = tf.pad(forgotten, [[delay, 0], [0, 0], [0, 0]])[: tf.shape(forgotten)[0]]
    return tf.pad(tf.cast(forgotten == before, dtype), [[0, delay], [0, 0], [0, 0]])


def _over(connected: Any, steps: Any, what: Any) -> Any:
    """What comes over a connection at some steps."""
    return what if connected is None else what * connected[steps]


def _last(past_DBH: Any, h_TBH: Any, keeps_TB1: Any, flow: float) -> Any:
    """The outputs of the last D steps, of the past and what was added to it."""
    longest, steps = past_DBH.shape[0], tf.shape(h_TBH)[0]
    last = tf.concat([past_DBH, h_TBH], 0)[-longest:]
    if keeps_TB1 is not None:
        forgotten = tf.pad(tf.cumsum(1 - keeps_TB1), [[longest, 0], [0, 0], [0, 0]])[-longest:]
        last *= tf.cast(forgotten == forgotten[-1], tf.float32)
    ages = tf.range(longest)[::-1]

    @tf.custom_gradient
    def carried(last: Any) -> Any:
        return tf.identity(last), lambda g: _grown(g, tf.minimum(ages, steps), flow)

    return carried(last)


def _grown(gradient: Any, steps: Any, flow: float) -> Any:
    """A gradient [N, B, H] of which each row came over so many steps."""
    return gradient * tf.reshape(flow ** tf.cast(steps, tf.float32), [-1, 1, 1])
