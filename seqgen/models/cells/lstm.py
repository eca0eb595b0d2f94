"""Long short-term memory (Hochreiter and Schmidhuber 1997) with forget gate (Gers et al. 2000)."""

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from seqgen.models.cells.base import (
    Arrays,
    Graph,
    LayerTensors,
    Names,
    RecurrentCell,
    TensorNames,
    Tensors,
)

if TYPE_CHECKING:
    import keras


class LSTM(RecurrentCell):
    """i, f, o = σ(x W + h R + b); g = tanh(x W + h R + b); c' = f c + i g; h' = o tanh(c').

    Gates are in Keras's order i, f, g, o; the bias of the forget gate starts at 1 (Jozefowicz et
    al. 2015). A unit with the initial bias b keeps the fraction σ(b) of its cell state in a step,
    so that dependencies over k steps need about ln k (Tallec and Ollivier 2018).
    """

    name = "lstm"
    title = "LSTM"
    cudnn = "LSTM"
    states = ("h", "c")
    gate_count = 4
    option_defaults: ClassVar = {"forget_bias": 1.0}
    saved = ("i", "f", "g", "o", "tanh(c')", "c")

    def initial(self, weight: str) -> "keras.Initializer":
        import keras

        if weight != "bias":
            return super().initial(weight)

        bias = self.options["forget_bias"]

        class Forget(keras.initializers.Initializer):
            def __call__(self, shape: Any, dtype: Any = None) -> Any:
                i, f, g, o = np.split(np.zeros(shape, dtype), 4)
                return keras.ops.convert_to_tensor(np.concatenate([i, f + bias, g, o]))

        return Forget()

    def forward(self, a: Any, r: Any, states: Tensors) -> tuple[Tensors, Tensors]:
        import tensorflow as tf

        c = states[1]
        i, f, g, o = tf.split(a + r, 4, axis=-1)
        i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
        c_next = f * c + i * g
        squashed = tf.tanh(c_next)
        return (o * squashed, c_next), (i, f, g, o, squashed, c)

    def backward(self, gradients: Tensors, saved: Tensors) -> tuple[Any, Any, Tensors]:
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

    def gates(self, graph: Graph, products: TensorNames, states: TensorNames) -> TensorNames:
        i, f, g, o = graph.split(products[0], 4)
        i, f, o = (
            graph.gate(name, graph.node("Sigmoid", gate))
            for name, gate in (("i", i), ("f", f), ("o", o))
        )
        c = graph.node("Mul", f, states[1])
        c = graph.node("Add", c, graph.node("Mul", i, graph.node("Tanh", g)))
        return graph.node("Mul", o, graph.node("Tanh", c)), c

    def sequence(
        self, graph: Graph, x_TI: str, states: Names, weights: Arrays, name: str
    ) -> LayerTensors | None:
        """Add DynamicQuantizeLSTM, which takes half the time of a loop.

        It computes the scale of h at every step, while the one-step graph has a fixed one.
        """
        # The operator has the gates in the order i, o, f, g, and a first axis of directions.
        i, f, g, o = np.split(np.arange(len(weights["bias"])), 4)
        order = np.concatenate([i, o, f, g])
        inputs = []
        for kind in ("kernel", "recurrent_kernel"):
            codes, scales = graph.codes(weights[kind][:, order])
            zeros = np.zeros(codes.shape[1], np.int8)
            arrays = {"codes": codes, "scales": scales, "zeros": zeros}
            inputs.append(
                [graph.constant(f"{name}/{kind}/{n}", a[None]) for n, a in arrays.items()]
            )
        (w, *w_scales), (r, *r_scales) = inputs
        bias = weights["bias"][order]
        b = graph.constant(f"{name}/bias", np.concatenate([bias, 0 * bias])[None])
        first = graph.constant("axis/0", np.array([0], np.int64))
        second = graph.constant("axis/1", np.array([1], np.int64))
        before = [graph.node("Unsqueeze", states[state], first) for state in self.states]
        y_T11H, *after = graph.nodes(
            "DynamicQuantizeLSTM",
            graph.node("Unsqueeze", x_TI, second),
            w, r, b, "", *before, "", *w_scales, *r_scales,
            outputs=3, domain="com.microsoft", hidden_size=len(weights["recurrent_kernel"]),
        )  # fmt: skip
        y_TH = graph.node("Squeeze", graph.node("Squeeze", y_T11H, second), second)
        ends = [graph.node("Squeeze", state, first) for state in after]
        return y_TH, dict(zip(self.states, ends, strict=True))
