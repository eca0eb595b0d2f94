"""minLSTM (Feng, Tung, Ahmed, Bengio and Hajimirsadegh 2024, "Were RNNs All We Needed?")."""

from typing import Any

from seqgen.stack.cells.base import Graph
from seqgen.stack.scanned import ScannedCell


class MinLSTM(ScannedCell):
    """h' = f h + i n, with gates σ(a_f) and σ(a_i) divided by their sum, n = a_n and a = x W + b.

    Gates stand in this order: forget f, input i, candidate n.
    """

    name = "minlstm"
    title = "minLSTM"
    parts = 3

    def mix(self, a_TBG: Any) -> tuple[Any, Any]:
        import tensorflow as tf

        a_f, a_i, n = tf.split(a_TBG, 3, axis=-1)
        # σ(a_f) / (σ(a_f) + σ(a_i)), which stays a number where both are 0 in float32.
        a = tf.nn.softplus(-a_i) - tf.nn.softplus(-a_f)
        return tf.sigmoid(a), tf.sigmoid(-a) * n

    def mixed(self, graph: Graph, a_BG: str) -> tuple[str, str]:
        a_f, a_i, n = graph.split(a_BG, 3)
        a = graph.node(
            "Sub",
            graph.node("Softplus", graph.node("Neg", a_i)),
            graph.node("Softplus", graph.node("Neg", a_f)),
        )
        f = graph.gate("f", graph.node("Sigmoid", a))
        i = graph.gate("i", graph.node("Sigmoid", graph.node("Neg", a)))
        return f, graph.node("Mul", i, n)


CELL = MinLSTM
