"""Scan of a cell whose steps TensorFlow differentiates.

For cells that `seqgen.models.scans.recurrent` does not fit. The backward pass computes each step
again, but not its matrix products, which are most of the work: these are stored, and the gradients
of their weights are one product for all steps after the loop.
"""

import itertools
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from seqgen.models.scans.base_layer import CellLayer
from seqgen.models.scans.loops import array, column_sums, unrolled, write

if TYPE_CHECKING:
    from seqgen.models.cells.base import StepCell


class AutodiffScan(CellLayer):
    """The layer of a `StepCell`."""

    cell: "StepCell"

    def scan(self, x_TBI: Any, states: Any, weights: Any, keeps_TB1: Any) -> Any:
        a_TBG = tf.tensordot(x_TBI, tf.cast(weights["kernel"], x_TBI.dtype), 1)
        return _scan(self.cell, a_TBG, states, weights, keeps_TB1, self.flow)


def _scan(
    cell: "StepCell", a_TBG: Any, states: Any, weights: Any, keeps_TB1: Any, flow: float
) -> Any:
    """Run a cell over T steps (`CellLayer.scan`), with ``x W`` as ``a_TBG``."""
    dtype = a_TBG.dtype
    kernels = cell.kernels(weights["recurrent_kernel"])

    def reset(t: Any, states: Any) -> Any:
        return states if keeps_TB1 is None else tuple(s * keeps_TB1[t] for s in states)

    @tf.custom_gradient
    def run(a: Any, bias: Any, states: Any, kernels: Any) -> Any:
        steps, width = tf.shape(a)[0], a.shape[2]
        across = [tf.cast(kernel, dtype) for kernel in kernels]
        a_t = array(steps, dtype).unstack(a)

        def forward(t: Any, states: Any, outputs: Any, befores: Any, operands: Any, rs: Any) -> Any:
            states = reset(t, states)
            step_operands: list[Any] = []
            step_rs: list[Any] = []

            def product(operand: Any) -> Any:
                step_operands.append(tf.cast(operand, dtype))
                step_rs.append(tf.matmul(step_operands[-1], across[len(step_rs)]))
                return tf.cast(step_rs[-1], tf.float32)

            after = cell.equation(tf.cast(a_t.read(t), tf.float32) + bias, states, product)
            return (
                t + 1,
                after,
                outputs.write(t, tf.cast(after[0], dtype)),
                write(befores, t, states),
                write(operands, t, step_operands),
                write(rs, t, step_rs),
            )

        def arrays(of: Any, dtype: Any = dtype) -> Any:
            return tuple(array(steps, dtype) for _ in of)

        _, last, outputs, befores, operands, rs = tf.while_loop(
            lambda t, *_: t < steps,
            unrolled(forward, a.shape[0]),
            (
                0,
                states,
                array(steps, dtype),
                arrays(states, tf.float32),
                arrays(kernels),
                arrays(kernels),
            ),
            parallel_iterations=1,
        )

        def gradient(outputs_gradient: Any, *last_gradients: Any) -> Any:
            back = [tf.transpose(kernel) for kernel in across]
            dy_t = array(steps, dtype).unstack(outputs_gradient)

            def backward(t: Any, gradients: Any, das: Any, drs: Any) -> Any:
                gradients = (gradients[0] + tf.cast(dy_t.read(t), tf.float32), *gradients[1:])
                step_drs: dict[int, Any] = {}
                numbers = itertools.count()

                @tf.custom_gradient
                def product(operand: Any) -> Any:
                    number = next(numbers)

                    def through(dr: Any) -> Any:
                        step_drs[number] = tf.cast(dr, dtype)
                        return tf.cast(tf.matmul(step_drs[number], back[number]), tf.float32)

                    return tf.cast(rs[number].read(t), tf.float32), through

                a, before = tf.cast(a_t.read(t), tf.float32) + bias, [b.read(t) for b in befores]
                with tf.GradientTape() as tape:
                    tape.watch([a, before])
                    after = cell.equation(a, tuple(before), product)
                da, dbefore = tape.gradient(after, [a, before], gradients)
                dbefore = tuple(flow * d for d in reset(t, dbefore))
                drs = write(drs, t, [step_drs[number] for number in range(len(kernels))])
                return t - 1, dbefore, das.write(t, tf.cast(da, dtype)), drs

            _, first, das, drs = tf.while_loop(
                lambda t, *_: t >= 0,
                unrolled(backward, a.shape[0]),
                (steps - 1, last_gradients, array(steps, dtype), arrays(kernels)),
                parallel_iterations=1,
            )
            da = das.stack()
            pairs = zip(operands, drs, strict=True)
            return (
                da,
                column_sums(tf.reshape(da, [-1, width])),
                first,
                [_weight_gradient(operand.stack(), dr.stack()) for operand, dr in pairs],
            )

        return (outputs.stack(), *last), gradient

    outputs, *last = run(a_TBG, weights["bias"], states, kernels)
    return outputs, tuple(last)


def _weight_gradient(operands_TBK: Any, gradients_TBN: Any) -> Any:
    """Compute the gradient of a product's weights [K, N] over all steps."""
    return tf.cast(tf.tensordot(operands_TBK, gradients_TBN, [[0, 1], [0, 1]]), tf.float32)
