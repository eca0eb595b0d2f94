"""Scan of a recurrent cell over time, with a backward pass written by hand.

Automatic differentiation of a loop computes a weight gradient at every step. Here the input product
of all steps is one matrix product before the loop, the weight gradients of all steps are one
product after it, and each loop computes only what depends on the preceding step.
"""

from typing import TYPE_CHECKING, Any

import tensorflow as tf

from seqgen.models.scans.base_layer import CellLayer
from seqgen.models.scans.loops import array, column_sums, unrolled, write

if TYPE_CHECKING:
    from seqgen.models.cells.base import RecurrentCell


def scan(
    cell: "RecurrentCell",
    x_TBI: tf.Tensor,
    states: tuple[tf.Tensor, ...],
    kernel: tf.Tensor,
    recurrent: tf.Tensor,
    bias: tf.Tensor,
    keeps_TB1: tf.Tensor | None = None,
    constants: tuple[tf.Tensor, ...] = (),
    flow: float = 1.0,
) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
    """Run a cell over T steps; differentiable once in the input, the states and the weights.

    Args:
        cell: The cell.
        x_TBI: Input, float32 or bfloat16, which is the type of the operands of every product.
            States, gates and gradients of weights are float32 in both.
        states: Before the first step, float32 [B, H] each.
        kernel: float32 [I, G].
        recurrent: float32 [H, G].
        bias: float32 [G], or [2, G] with one for each product.
        keeps_TB1: 0 where a stream's states are reset before the step, else 1, float32; None for
            no reset.
        constants: Arguments of every step after the states (`RecurrentCell.constants`), [H] each.
        flow: Factor of a gradient from a step to the one before.

    Returns:
        The outputs [T, B, H] in the type of the input, and the states after the last step.
    """
    dtype = x_TBI.dtype

    def multiply(tensors: Any, factor: Any) -> Any:
        """Multiply those of the states, and not of the constants."""
        return tuple(t * factor for t in tensors[: len(states)]) + tensors[len(states) :]

    def reset(t: Any, tensors: Any) -> Any:
        return tensors if keeps_TB1 is None else multiply(tensors, keeps_TB1[t])

    @tf.custom_gradient
    def run(x: Any, kernel: Any, recurrent: Any, bias: Any, *states: Any) -> Any:
        steps, streams, inputs = tf.shape(x)[0], tf.shape(x)[1], x.shape[2]
        units, width = recurrent.shape
        input_bias, recurrent_bias = tf.unstack(bias) if len(bias.shape) == 2 else (bias, None)
        down, across = tf.cast(kernel, dtype), tf.cast(recurrent, dtype)
        flat = tf.reshape(x, [-1, inputs])
        a = tf.matmul(flat, down) + tf.cast(input_bias, dtype)
        a_t = array(steps, dtype).unstack(tf.reshape(a, [steps, streams, width]))

        def forward(t: Any, states: Any, outputs: Any, saved: Any) -> Any:
            states = reset(t, states)
            r = tf.cast(tf.matmul(tf.cast(states[0], dtype), across), tf.float32)
            if recurrent_bias is not None:
                r += recurrent_bias
            states, activations = cell.forward(tf.cast(a_t.read(t), tf.float32), r, states)
            outputs = outputs.write(t, tf.cast(states[0], dtype))
            return t + 1, states, outputs, write(saved, t, activations)

        _, last, outputs, saved = tf.while_loop(
            lambda t, *_: t < steps,
            unrolled(forward, x.shape[0]),
            (0, states, array(steps, dtype), tuple(array(steps) for _ in cell.saved)),
            parallel_iterations=1,
        )
        outputs = outputs.stack()

        def gradient(outputs_gradient: Any, *last_gradients: Any) -> Any:
            back = tf.transpose(across)
            dy_t = array(steps, dtype).unstack(outputs_gradient)

            def backward(t: Any, gradients: Any, das: Any, drs: Any) -> Any:
                h_gradient = gradients[0] + tf.cast(dy_t.read(t), tf.float32)
                activations = tuple(array.read(t) for array in saved)
                da, dr, before = cell.backward((h_gradient, *gradients[1:]), activations)
                da = tf.cast(da, dtype)
                if cell.fused_gates:
                    dr = da
                else:
                    dr = tf.cast(dr, dtype)
                    drs = drs.write(t, dr)
                through = tf.cast(tf.matmul(dr, back), tf.float32)
                before = (through if before[0] is None else before[0] + through, *before[1:])
                before = reset(t, before)
                before = before if flow == 1 else multiply(before, flow)
                return t - 1, before, das.write(t, da), drs

            _, first, das, drs = tf.while_loop(
                lambda t, *_: t >= 0,
                unrolled(backward, x.shape[0]),
                (steps - 1, last_gradients, array(steps, dtype), array(steps, dtype)),
                parallel_iterations=1,
            )
            da = tf.reshape(das.stack(), [-1, width])
            dr = da if cell.fused_gates else tf.reshape(drs.stack(), [-1, width])
            before = tf.concat([tf.cast(states[0], dtype)[None], outputs[:-1]], 0)
            if keeps_TB1 is not None:
                before *= tf.cast(keeps_TB1, dtype)
            bias_gradient = column_sums(da)
            if recurrent_bias is not None:
                bias_gradient = tf.stack([bias_gradient, column_sums(dr)])
            return (
                tf.reshape(tf.matmul(da, tf.transpose(down)), tf.shape(x)),
                tf.cast(tf.matmul(tf.transpose(flat), da), tf.float32),
                tf.cast(tf.matmul(tf.transpose(tf.reshape(before, [-1, units])), dr), tf.float32),
                bias_gradient,
                *first,
            )

        return (outputs, *last), gradient

    # A constant is a state that is never reset and that no step changes: its gradient sums up over
    # all steps.
    initial = (*states, *(tf.broadcast_to(c, tf.shape(states[0])) for c in constants))
    outputs, *last = run(x_TBI, kernel, recurrent, bias, *initial)
    return outputs, tuple(last[: len(states)])


class Recurrent(CellLayer):
    """The layer of a `RecurrentCell`."""

    cell: "RecurrentCell"

    def scan(self, x_TBI: Any, states: Any, weights: Any, keeps_TB1: Any) -> Any:
        return scan(
            self.cell,
            x_TBI,
            states,
            weights["kernel"],
            weights["recurrent_kernel"],
            weights["bias"],
            keeps_TB1,
            self.cell.constants(weights),
            self.flow,
        )
