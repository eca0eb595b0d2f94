"""Long short-term memory (Hochreiter and Schmidhuber 1997) with forget gate (Gers et al. 2000)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from seqgen.stack.cells.base import Graph, RecurrentCell

if TYPE_CHECKING:
    import keras


class LSTM(RecurrentCell):
    """i, f, o = σ(x W + h R + b); g = tanh(x W + h R + b); c' = f c + i g; h' = o tanh(c').

    Gates stand in Keras's order i, f, g, o; the forget gate's bias starts at 1
    (Jozefowicz et al. 2015).
    """

    name = "lstm"
    title = "LSTM"
    states = ("h", "c")
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

        class ForgetOne(keras.initializers.Initializer):
            def __call__(self, shape: Any, dtype: Any = None) -> Any:
                i, f, g, o = np.split(np.zeros(shape, dtype), 4)
                return keras.ops.convert_to_tensor(np.concatenate([i, f + 1, g, o]))

        return ForgetOne()

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

    def step(
        self,
        graph: Graph,
        x_TBI: str,
        states: Mapping[str, str],
        weights: Mapping[str, np.ndarray],
        name: str,
    ) -> tuple[str, dict[str, str]]:
        def reordered(array: np.ndarray) -> np.ndarray:
            i, f, g, o = np.split(array, 4, axis=-1)
            return np.concatenate([i, o, f, g], axis=-1)

        bias = reordered(weights["bias"])
        direction = graph.weight("axis_0", np.array([0], np.int64))
        y, h, c = graph.node(
            "LSTM",
            x_TBI,
            graph.weight(f"{name}/kernel", reordered(weights["kernel"]).T[None]),
            graph.weight(
                f"{name}/recurrent_kernel", reordered(weights["recurrent_kernel"]).T[None]
            ),
            graph.weight(f"{name}/bias", np.concatenate([bias, np.zeros_like(bias)])[None]),
            "",
            *(graph.node("Unsqueeze", states[s], direction)[0] for s in self.states),
            outputs=3,
            hidden_size=bias.size // 4,
        )
        (y,) = graph.node("Squeeze", y, graph.weight("axis_1", np.array([1], np.int64)))
        (h,) = graph.node("Squeeze", h, direction)
        (c,) = graph.node("Squeeze", c, direction)
        return y, {"h": h, "c": c}


CELL = LSTM()
