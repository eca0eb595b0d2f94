"""The recurrent training path: one scan over time with its backward pass written by hand.

Automatic differentiation of a loop multiplies the weights' gradient into place at every step.
Here the input product of all steps is one matrix product before the loop, the weight gradients of
all steps are one product after it, and each loop carries only what depends on the step before.
"""

from typing import Any

import keras
import tensorflow as tf

from seqgen.stack.cells.base import RecurrentCell


def scan(
    cell: RecurrentCell,
    x_TBI: tf.Tensor,
    states: tuple[tf.Tensor, ...],
    kernel: tf.Tensor,
    recurrent: tf.Tensor,
    bias: tf.Tensor,
    keeps_TB1: tf.Tensor | None = None,
) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
    """Run a cell over T steps; differentiable once in the input, the states and the weights.

    x_TBI: input, float32 [T, B, I]. states: each [B, H].
    kernel: [I, G]; recurrent: [H, G]; bias: [G], or [2, G] with one for each product.
    keeps_TB1: 0 where a stream forgets its states before the step, else 1, float32 [T, B, 1]; None
        where none does.
    Returns the outputs [T, B, H] and the states after the last step.
    """

    @tf.custom_gradient
    def run(x: Any, kernel: Any, recurrent: Any, bias: Any, *states: Any) -> Any:
        steps, streams, inputs = x.shape[0], tf.shape(x)[1], x.shape[2]
        steps = tf.shape(x)[0] if steps is None else steps
        units, width = recurrent.shape
        input_bias, recurrent_bias = tf.unstack(bias) if len(bias.shape) == 2 else (bias, None)
        flat = tf.reshape(x, [-1, inputs])
        a = tf.reshape(tf.matmul(flat, kernel) + input_bias, [steps, streams, width])

        keeps_t = None if keeps_TB1 is None else _array(steps).unstack(keeps_TB1)

        def kept_only(t: Any, tensors: Any) -> Any:
            if keeps_t is None:
                return tensors
            keeps = keeps_t.read(t)
            return tuple(tensor * keeps for tensor in tensors)

        def forward(t: Any, states: Any, outputs: Any, saved: Any) -> Any:
            states = kept_only(t, states)
            r = tf.matmul(states[0], recurrent)
            if recurrent_bias is not None:
                r += recurrent_bias
            states, kept = cell.forward(a_t.read(t), r, states)
            return t + 1, states, outputs.write(t, states[0]), saved.write(t, kept)

        a_t = _array(steps).unstack(a)
        _, last, outputs, saved = tf.while_loop(
            lambda t, *_: t < steps,
            forward,
            (0, states, _array(steps), _array(steps)),
            parallel_iterations=1,
            maximum_iterations=steps,
        )
        outputs, saved = outputs.stack(), saved.stack()

        def gradient(outputs_gradient: Any, *last_gradients: Any) -> Any:
            back = tf.transpose(recurrent)
            dy_t = _array(steps).unstack(outputs_gradient)
            saved_t = _array(steps).unstack(saved)

            def backward(t: Any, gradients: Any, a_gradients: Any) -> Any:
                kept = saved_t.read(t)
                h_gradient = gradients[0] + dy_t.read(t)
                da, before = cell.backward((h_gradient, *gradients[1:]), kept)
                through = tf.matmul(cell.recurrent_gradient(da, kept), back)
                before = (through if before[0] is None else before[0] + through, *before[1:])
                return t - 1, kept_only(t, before), a_gradients.write(t, da)

            _, first, da = tf.while_loop(
                lambda t, *_: t >= 0,
                backward,
                (steps - 1, last_gradients, _array(steps)),
                parallel_iterations=1,
                maximum_iterations=steps,
            )
            da = da.stack()
            dr = tf.reshape(cell.recurrent_gradient(da, saved), [-1, width])
            da = tf.reshape(da, [-1, width])
            before = tf.concat([states[0][None], outputs[:-1]], 0)
            if keeps_TB1 is not None:
                before *= keeps_TB1
            before = tf.reshape(before, [-1, units])
            bias_gradient = tf.reduce_sum(da, 0)
            if recurrent_bias is not None:
                bias_gradient = tf.stack([bias_gradient, tf.reduce_sum(dr, 0)])
            return (
                tf.reshape(tf.matmul(da, tf.transpose(kernel)), tf.shape(x)),
                tf.matmul(tf.transpose(flat), da),
                tf.matmul(tf.transpose(before), dr),
                bias_gradient,
                *first,
            )

        return (outputs, *last), gradient

    outputs, *last = run(x_TBI, kernel, recurrent, bias, *states)
    return outputs, tuple(last)


def _array(steps: Any) -> tf.TensorArray:
    return tf.TensorArray(tf.float32, steps, clear_after_read=False)


class Recurrent(keras.layers.Layer):
    """A recurrent layer, states in and states out: ``(x_TBI, states[, keeps]) -> (y_TBH, states)``.

    cell: what happens at a step.
    units: H.
    """

    def __init__(self, cell: RecurrentCell, units: int, name: str) -> None:
        super().__init__(name=name)
        self.cell = cell
        self.units = units

    def build(self, input_shape: int) -> None:
        """Make the weights for inputs of that width."""
        self.kernel, self.recurrent_kernel, self.bias = (
            self.add_weight(shape=shape, name=weight, initializer=self.cell.initial(weight))
            for weight, shape in self.cell.shapes(input_shape, self.units).items()
        )
        self.built = True

    def call(
        self,
        x_TBI: tf.Tensor,
        states: tuple[tf.Tensor, ...],
        keeps_TB1: tf.Tensor | None = None,
    ) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
        kernel, recurrent, bias = (
            tf.convert_to_tensor(w) for w in (self.kernel, self.recurrent_kernel, self.bias)
        )
        return scan(self.cell, x_TBI, states, kernel, recurrent, bias, keeps_TB1)
