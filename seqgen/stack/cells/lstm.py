"""Long short-term memory (Hochreiter and Schmidhuber 1997) with forget gate (Gers et al. 2000)."""

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from seqgen.stack.cells.base import Graph, RecurrentCell

if TYPE_CHECKING:
    import keras


class LSTM(RecurrentCell):
    """i, f, o = σ(x W + h R + b); g = tanh(x W + h R + b); c' = f c + i g; h' = o tanh(c').

    Gates stand in Keras's order i, f, g, o; the forget gate's bias starts at 1
    (Jozefowicz et al. 2015). A unit that begins with the bias b keeps the share σ(b) of itself in
    a step, so that to learn over gaps of k steps it wants about ln k (Tallec and Ollivier 2018).
    """

    name = "lstm"
    title = "LSTM"
    cudnn = "LSTM"
    states = ("h", "c")
    reads: ClassVar = {"forget_bias": 1.0}
    saved = ("i", "f", "g", "o", "tanh(c')", "c")

    def shapes(self, inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        return {
            "kernel": (inputs, 4 * units),
            "recurrent_kernel": (units, 4 * units),
            "bias": (4 * units,),
        }

    def initial(self, weight: str) -> "keras.Initializer":
        import keras

        if weight != "bias":
            return super().initial(weight)

        bias = self.options.forget_bias

        class Forget(keras.initializers.Initializer):
            def __call__(self, shape: Any, dtype: Any = None) -> Any:
                i, f, g, o = np.split(np.zeros(shape, dtype), 4)
                return keras.ops.convert_to_tensor(np.concatenate([i, f + bias, g, o]))

        return Forget()

    def forward(
        self, a: Any, r: Any, states: tuple[Any, ...]
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        import tensorflow as tf

        c = states[1]
        i, f, g, o = tf.split(a + r, 4, axis=-1)
        i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
        c_next = f * c + i * g
        squashed = tf.tanh(c_next)
        return (o * squashed, c_next), (i, f, g, o, squashed, c)

    def backward(
        self, gradients: tuple[Any, ...], saved: tuple[Any, ...]
    ) -> tuple[Any, Any, tuple[Any, ...]]:
        import tensorflow as tf

        dh, dc = gradients
        i, f, g, o, squashed, c = saved
        dc += dh * o * (1 - squashed * squashed)
        da = [
            dc * g * i * (1 - i),
            dc * c * f * (1 - f),
            dc * i * (1 - g * g),
            dh * squashed * o * (1 - o),
        ]
        return tf.concat(da, -1), None, (None, dc * f)

    def gates(
        self, graph: Graph, products: tuple[str, ...], states: tuple[str, ...]
    ) -> tuple[str, ...]:
        i, f, g, o = graph.split(products[0], 4)
        i, f, o = (
            graph.gate(name, graph.node("Sigmoid", gate))
            for name, gate in (("i", i), ("f", f), ("o", o))
        )
        kept = graph.node("Mul", f, states[1])
        c = graph.node("Add", kept, graph.node("Mul", i, graph.node("Tanh", g)))
        return graph.node("Mul", o, graph.node("Tanh", c)), c


CELL = LSTM
