"""The vanilla recurrent network (Elman 1990)."""

from collections.abc import Mapping
from typing import Any

import numpy as np

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

    def step(
        self,
        graph: Graph,
        x_TBI: str,
        states: Mapping[str, str],
        weights: Mapping[str, np.ndarray],
        name: str,
    ) -> tuple[str, dict[str, str]]:
        bias = weights["bias"]
        direction = graph.weight("axis_0", np.array([0], np.int64))
        y, h = graph.node(
            "RNN",
            x_TBI,
            graph.weight(f"{name}/kernel", weights["kernel"].T[None]),
            graph.weight(f"{name}/recurrent_kernel", weights["recurrent_kernel"].T[None]),
            graph.weight(f"{name}/bias", np.concatenate([bias, np.zeros_like(bias)])[None]),
            "",
            graph.node("Unsqueeze", states["h"], direction)[0],
            outputs=2,
            hidden_size=bias.size,
        )
        (y,) = graph.node("Squeeze", y, graph.weight("axis_1", np.array([1], np.int64)))
        return y, {"h": graph.node("Squeeze", h, direction)[0]}


CELL = RNN()
