"""Recurrence by equation: a cell says what a step is, and TensorFlow differentiates it.

For cells that `seqgen.models.scans.recurrent` does not fit. A step is recorded again on the way
back, but
not its products, which are most of its work: these are remembered, and the gradients of their
weights are one product for all steps, after the loop.
"""

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import tensorflow as tf

from seqgen.models.scans.base_layer import CellLayer
from seqgen.models.scans.loops import array, column_sums, unrolled, write


@runtime_checkable
class StepFunction(Protocol):
    """What a cell has that is learned so."""

    def kernels(self, recurrent: Any) -> tuple[Any, ...]:
        """The recurrent weights of each product that a step takes, [K, N] each."""
        ...

    def equation(self, a: Any, states: tuple[Any, ...], product: Callable[..., Any]) -> Any:
        """The states after a step, of which the first is the output.

        a: ``x W + b``, [B, G]. states: before the step, [B, H] each.
        product: called once for each of `kernels` in their order, with its operand [B, K]; gives
            what comes out, [B, N].
        """
        ...


class AutodiffScan(CellLayer):
    """The layer of a cell that has an `StepFunction`."""

    def call(
        self,
        x_TBI: tf.Tensor,
        states: tuple[tf.Tensor, ...],
        keeps_TB1: tf.Tensor | None = None,
        training: bool = False,
    ) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
        assert isinstance(self.cell, StepFunction)
        weights = self.tensors(training)
        a_TBG = tf.tensordot(x_TBI, tf.cast(weights["kernel"], x_TBI.dtype), 1)
        return autodiff_scan(self.cell, a_TBG, states, weights, keeps_TB1, self.flow)


def autodiff_scan(
    cell: StepFunction,
    a_TBG: tf.Tensor,
    states: tuple[tf.Tensor, ...],
    weights: dict[str, tf.Tensor],
    keeps_TB1: tf.Tensor | None = None,
    flow: float = 1.0,
) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
    """Run a cell over T steps; differentiable once in the input's part, the states and the weights.

    a_TBG: ``x W``, in the type of the products' operands; states and what is between products is
        float32.
    states: each [B, H].
    weights: ``recurrent_kernel`` as the cell's `kernels` reads it, and ``bias`` [G].
    keeps_TB1: 0 where a stream forgets its states before the step, else 1; None where none does.
    flow: factor of a gradient on its way from a step to the one before.
    Returns the outputs [T, B, H], in the type of the input, and the states after the last step.
    """
    dtype = a_TBG.dtype
    kernels = cell.kernels(weights["recurrent_kernel"])

    def kept(t: Any, states: Any) -> Any:
        return states if keeps_TB1 is None else tuple(s * keeps_TB1[t] for s in states)

    @tf.custom_gradient
    def run(a: Any, bias: Any, states: Any, kernels: Any) -> Any:
        steps, width = tf.shape(a)[0], a.shape[2]
        across = [tf.cast(kernel, dtype) for kernel in kernels]
        a_t = array(steps, dtype).unstack(a)

        def forward(t: Any, states: Any, outputs: Any, befores: Any, operands: Any, rs: Any) -> Any:
            states = kept(t, states)
            taken: list[Any] = []
            given: list[Any] = []

            def product(operand: Any) -> Any:
                taken.append(tf.cast(operand, dtype))
                given.append(tf.matmul(taken[-1], across[len(given)]))
                return tf.cast(given[-1], tf.float32)

            after = cell.equation(tf.cast(a_t.read(t), tf.float32) + bias, states, product)
            return (
                t + 1,
                after,
                outputs.write(t, tf.cast(after[0], dtype)),
                write(befores, t, states),
                write(operands, t, taken),
                write(rs, t, given),
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
                found: dict[int, Any] = {}
                taken: list[Any] = []

                @tf.custom_gradient
                def product(operand: Any) -> Any:
                    number = len(taken)
                    taken.append(operand)

                    def through(dr: Any) -> Any:
                        found[number] = tf.cast(dr, dtype)
                        return tf.cast(tf.matmul(found[number], back[number]), tf.float32)

                    return tf.cast(rs[number].read(t), tf.float32), through

                a, before = tf.cast(a_t.read(t), tf.float32) + bias, [b.read(t) for b in befores]
                with tf.GradientTape() as tape:
                    tape.watch([a, before])
                    after = cell.equation(a, tuple(before), product)
                da, dbefore = tape.gradient(after, [a, before], gradients)
                dbefore = tuple(flow * d for d in kept(t, dbefore))
                drs = write(drs, t, [found[number] for number in range(len(kernels))])
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
    """The gradient of a product's weights [K, N], of what it was taken of and of what came out."""
    return tf.cast(tf.tensordot(operands_TBK, gradients_TBN, [[0, 1], [0, 1]]), tf.float32)
