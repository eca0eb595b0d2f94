"""The vanilla recurrent network (Elman 1990)."""

from typing import Any

from seqgen.stack.cells.base import Graph, RecurrentCell


class RNN(RecurrentCell):
    """h' = tanh(x W + h R + b): Keras's SimpleRNN."""

    name = "rnn"
    title = "vanilla RNN"
    states = ("h",)
    saved = ("h'",)

    def shapes(self, inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        return {
            "kernel": (inputs, units),
            "recurrent_kernel": (units, units),
            "bias": (units,),
        }

    def forward(
        self, a: Any, r: Any, states: tuple[Any, ...]
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        import tensorflow as tf

        h = tf.tanh(a + r)
        return (h,), (h,)

    def backward(
        self, gradients: tuple[Any, ...], saved: tuple[Any, ...]
    ) -> tuple[Any, Any, tuple[Any, ...]]:
        (h,) = saved
        return gradients[0] * (1 - h * h), None, (None,)

    def gates(
        self, graph: Graph, products: tuple[str, ...], states: tuple[str, ...]
    ) -> tuple[str, ...]:
        return (graph.node("Tanh", products[0]),)


CELL = RNN()
