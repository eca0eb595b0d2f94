"""Parallel scan over time for a recurrence that is linear in its state.

A step ``h -> a h + b`` is a pair (a, b), and the composition of two steps is again such a pair;
composition is associative (Blelloch 1990, "Prefix sums and their applications"). So time is cut
into chunks that are computed in parallel: first the composition of each, then the state before
each, then all of their steps.
"""

from typing import TYPE_CHECKING, Any

import tensorflow as tf

from seqgen.models.scans.base_layer import CellLayer

if TYPE_CHECKING:
    from seqgen.models.cells.linear import LinearRecurrentCell

# Steps per chunk. Forward and backward on one core, for 512 units: 64 steps of 16 streams took
# 1.9 ms (with 4 steps per chunk 2.2, with 16 the same, by a loop over the steps 2.2), 1024 steps of
# one stream 2.2 ms (by the loop 13).
CHUNK = 8


def associative_scan(
    a_TBH: tf.Tensor, b_TBH: tf.Tensor, h_BH: tf.Tensor, flow: float = 1.0
) -> tf.Tensor:
    """Compute ``h_t = a_t h_{t-1} + b_t`` at every step; differentiable once in all arguments.

    There is no division or logarithm: with a in [0, 1] nothing can overflow.

    Args:
        a_TBH, b_TBH: float32; T may be known at the call only.
        h_BH: State before the first step, float32.
        flow: Factor of a gradient from a step to the one before.

    Returns:
        h, float32 [T, B, H].
    """

    @tf.custom_gradient
    def run(a: Any, b: Any, first: Any) -> Any:
        h = _scan(a, b, first, +1)

        def gradient(dh: Any) -> Any:
            # The gradient of h_t comes from its own output and through the next step's a: the same
            # recurrence backwards, from a zero gradient after the last step.
            through = a if flow == 1 else flow * a
            none = tf.zeros_like(first)
            db = _scan(tf.concat([through[1:], none[None]], 0), dh, none, -1)
            before = tf.concat([first[None], h[:-1]], 0)
            return db * before, db, through[0] * db[0]

        return h, gradient

    return run(a_TBH, b_TBH, h_BH)


def _scan(a: Any, b: Any, first: Any, way: int) -> Any:
    """`associative_scan` without its gradient; from the last step to the first if ``way`` is -1."""
    steps = tf.shape(a)[0]
    chunks = -(-steps // CHUNK)
    missing = chunks * CHUNK - steps
    padding = [[0, missing][::way], [0, 0], [0, 0]]
    shape = tf.concat([[chunks, CHUNK], tf.shape(first)], 0)
    a_CLBH, b_CLBH = (tf.reshape(tf.pad(x, padding), shape) for x in (a, b))
    a_LCBH, b_LCBH = tf.unstack(a_CLBH, CHUNK, 1)[::way], tf.unstack(b_CLBH, CHUNK, 1)[::way]
    whole_a, whole_b = a_LCBH[0], b_LCBH[0]
    for a_CBH, b_CBH in zip(a_LCBH[1:], b_LCBH[1:], strict=True):
        whole_a, whole_b = a_CBH * whole_a, a_CBH * whole_b + b_CBH
    h = _before(whole_a, whole_b, first, way)
    outputs = []
    for a_CBH, b_CBH in zip(a_LCBH, b_LCBH, strict=True):
        h = a_CBH * h + b_CBH
        outputs.append(h)
    h = tf.reshape(tf.stack(outputs[::way], 1), [-1, *first.shape])
    return h[:steps] if way > 0 else h[-steps:]


def _before(a: Any, b: Any, first: Any, way: int) -> Any:
    """Compute the state before each of C chunks, [C, B, H], by doubling.

    After n rounds an element is the composition of 2^n chunks (Hillis and Steele 1986, "Data
    parallel algorithms").
    """
    if way < 0:
        return tf.reverse(_before(tf.reverse(a, [0]), tf.reverse(b, [0]), first, 1), [0])
    a = tf.concat([tf.zeros_like(first)[None], a[:-1]], 0)
    b = tf.concat([first[None], b[:-1]], 0)

    def double(reach: Any, a: Any, b: Any) -> Any:
        earlier = [[reach, 0], [0, 0], [0, 0]]
        b += a * tf.pad(b[:-reach], earlier)
        return 2 * reach, a * tf.pad(a[:-reach], earlier), b

    chunks = tf.TensorShape([None, *first.shape])
    _, _, h = tf.while_loop(
        lambda reach, *_: reach < tf.shape(a)[0],
        double,
        (1, a, b),
        shape_invariants=(tf.TensorShape([]), chunks, chunks),
        parallel_iterations=1,
    )
    return h


class AssociativeScan(CellLayer):
    """The layer of a `LinearRecurrentCell`."""

    cell: "LinearRecurrentCell"

    def scan(self, x_TBI: Any, states: Any, weights: Any, keeps_TB1: Any) -> Any:
        # The bias is added in float32, or its gradient would be summed in bfloat16.
        a = tf.tensordot(x_TBI, tf.cast(weights["kernel"], x_TBI.dtype), 1)
        a = tf.cast(a, tf.float32) + weights["bias"]
        *gates, n = tf.split(a, self.cell.parts, axis=-1)
        keep, entering = self.cell.coefficients(*gates)
        if keeps_TB1 is not None:
            keep *= keeps_TB1
        candidates = entering * self.cell.activation.forward(n)
        h_TBH = associative_scan(keep, candidates, states[0], self.flow)
        return tf.cast(h_TBH, x_TBI.dtype), (h_TBH[-1],)
