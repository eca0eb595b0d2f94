"""The recurrent training path: one scan over time with its backward pass written by hand.

Automatic differentiation of a loop multiplies the weights' gradient into place at every step.
Here the input product of all steps is one matrix product before the loop, the weight gradients of
all steps are one product after it, and each loop carries only what depends on the step before.
"""

from typing import Any

import keras
import tensorflow as tf

from seqgen.stack.cells.base import RecurrentCell

# Steps in one turn of a loop, where they come out even: turning costs a small network 5%.
MOST_UNROLLED = 5


def scan(
    cell: RecurrentCell,
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

    x_TBI: input, [T, B, I], float32 or bfloat16: the type of the operands of every product. States,
        gates and gradients of weights are float32 in both.
    states: each [B, H], float32.
    kernel: [I, G]; recurrent: [H, G]; bias: [G], or [2, G] with one for each product; float32.
    keeps_TB1: 0 where a stream forgets its states before the step, else 1, float32 [T, B, 1]; None
        where none does.
    constants: each [H], float32: what the cell reads at every step after its states.
    flow: factor of a gradient on its way from a step to the one before.
    Returns the outputs [T, B, H], in the type of the input, and the states after the last step.
    """
    dtype = x_TBI.dtype

    def kept(t: Any, tensors: Any) -> Any:
        if keeps_TB1 is None:
            return tensors
        held = tuple(tensor * keeps_TB1[t] for tensor in tensors[: len(states)])
        return held + tensors[len(states) :]

    def let_through(gradients: Any) -> Any:
        if flow == 1:
            return gradients
        return tuple(flow * g for g in gradients[: len(states)]) + gradients[len(states) :]

    @tf.custom_gradient
    def run(x: Any, kernel: Any, recurrent: Any, bias: Any, *states: Any) -> Any:
        steps, streams, inputs = tf.shape(x)[0], tf.shape(x)[1], x.shape[2]
        units, width = recurrent.shape
        input_bias, recurrent_bias = tf.unstack(bias) if len(bias.shape) == 2 else (bias, None)
        down, across = tf.cast(kernel, dtype), tf.cast(recurrent, dtype)
        flat = tf.reshape(x, [-1, inputs])
        a = tf.matmul(flat, down) + tf.cast(input_bias, dtype)
        a_t = _array(steps, dtype).unstack(tf.reshape(a, [steps, streams, width]))

        def forward(t: Any, states: Any, outputs: Any, saved: Any) -> Any:
            states = kept(t, states)
            r = tf.cast(tf.matmul(tf.cast(states[0], dtype), across), tf.float32)
            if recurrent_bias is not None:
                r += recurrent_bias
            states, activations = cell.forward(tf.cast(a_t.read(t), tf.float32), r, states)
            outputs = outputs.write(t, tf.cast(states[0], dtype))
            return t + 1, states, outputs, _write(saved, t, activations)

        _, last, outputs, saved = tf.while_loop(
            lambda t, *_: t < steps,
            _unrolled(forward, x.shape[0]),
            (0, states, _array(steps, dtype), tuple(_array(steps) for _ in cell.saved)),
            parallel_iterations=1,
        )
        outputs = outputs.stack()

        def gradient(outputs_gradient: Any, *last_gradients: Any) -> Any:
            back = tf.transpose(across)
            dy_t = _array(steps, dtype).unstack(outputs_gradient)

            def backward(t: Any, gradients: Any, das: Any, drs: Any) -> Any:
                h_gradient = gradients[0] + tf.cast(dy_t.read(t), tf.float32)
                activations = tuple(array.read(t) for array in saved)
                da, dr, before = cell.backward((h_gradient, *gradients[1:]), activations)
                da = tf.cast(da, dtype)
                if cell.adds:
                    dr = da
                else:
                    dr = tf.cast(dr, dtype)
                    drs = drs.write(t, dr)
                through = tf.cast(tf.matmul(dr, back), tf.float32)
                before = (through if before[0] is None else before[0] + through, *before[1:])
                return t - 1, let_through(kept(t, before)), das.write(t, da), drs

            _, first, das, drs = tf.while_loop(
                lambda t, *_: t >= 0,
                _unrolled(backward, x.shape[0]),
                (steps - 1, last_gradients, _array(steps, dtype), _array(steps, dtype)),
                parallel_iterations=1,
            )
            da = tf.reshape(das.stack(), [-1, width])
            dr = da if cell.adds else tf.reshape(drs.stack(), [-1, width])
            before = tf.concat([tf.cast(states[0], dtype)[None], outputs[:-1]], 0)
            if keeps_TB1 is not None:
                before *= tf.cast(keeps_TB1, dtype)
            bias_gradient = _sum(da)
            if recurrent_bias is not None:
                bias_gradient = tf.stack([bias_gradient, _sum(dr)])
            return (
                tf.reshape(tf.matmul(da, tf.transpose(down)), tf.shape(x)),
                tf.cast(tf.matmul(tf.transpose(flat), da), tf.float32),
                tf.cast(tf.matmul(tf.transpose(tf.reshape(before, [-1, units])), dr), tf.float32),
                bias_gradient,
                *first,
            )

        return (outputs, *last), gradient

    # A constant is a state that is never forgotten and that no step changes: what gathers in its
    # gradient on the way back is the sum over all steps.
    carried = (*states, *(tf.broadcast_to(c, tf.shape(states[0])) for c in constants))
    outputs, *last = run(x_TBI, kernel, recurrent, bias, *carried)
    return outputs, tuple(last[: len(states)])


def _unrolled(body: Any, steps: int | None) -> Any:
    """A loop's body that does several steps in one turn, if their number is known and divides."""
    if steps is None:
        return body
    turns = max(n for n in range(1, MOST_UNROLLED + 1) if steps % n == 0)

    def several(*variables: Any) -> Any:
        for _ in range(turns):
            variables = body(*variables)
        return variables

    return several


def _array(steps: Any, dtype: Any = tf.float32) -> tf.TensorArray:
    return tf.TensorArray(dtype, steps, clear_after_read=False)


def _write(arrays: Any, t: Any, values: Any) -> Any:
    return tuple(array.write(t, value) for array, value in zip(arrays, values, strict=True))


def _sum(gradient: Any) -> Any:
    # A product accumulates in float32, which BiasAddGrad does not (4096 halves come to 256), and is
    # faster than a cast before a sum.
    ones = tf.ones((1, tf.shape(gradient)[0]), gradient.dtype)
    return tf.cast(tf.matmul(ones, gradient)[0], tf.float32)


class Recurrent(keras.layers.Layer):
    """A recurrent layer, states in and states out: ``(x_TBI, states[, keeps]) -> (y_TBH, states)``.

    cell: what happens at a step.
    units: H.
    flow: factor of a gradient on its way from a step to the one before.
    """

    def __init__(self, cell: RecurrentCell, units: int, name: str, flow: float = 1.0) -> None:
        # The operands have the type of the input; states stay float32.
        super().__init__(name=name, autocast=False)
        self.cell = cell
        self.units = units
        self.flow = flow
        # The same weights are missing at all steps of a window (Merity et al. 2018).
        self.dropout = keras.layers.Dropout(cell.options.recurrent_dropout, dtype="float32")

    def build(self, input_shape: int) -> None:
        """Make the weights for inputs of that width."""
        self.by_name = {
            weight: self.add_weight(
                shape=shape,
                name=weight,
                initializer=self.cell.initial(weight),
                trainable=weight not in self.cell.fixed,
            )
            for weight, shape in self.cell.shapes(input_shape, self.units).items()
        }
        self.built = True

    def call(
        self,
        x_TBI: tf.Tensor,
        states: tuple[tf.Tensor, ...],
        keeps_TB1: tf.Tensor | None = None,
        training: bool = False,
    ) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
        weights = {name: tf.convert_to_tensor(w) for name, w in self.by_name.items()}
        recurrent = self.dropout(weights["recurrent_kernel"], training=training)
        return scan(
            self.cell,
            x_TBI,
            states,
            weights["kernel"],
            recurrent,
            weights["bias"],
            keeps_TB1,
            self.cell.constants(weights),
            self.flow,
        )
