"""minGRU (Feng, Tung, Ahmed, Bengio and Hajimirsadegh 2024, "Were RNNs All We Needed?")."""

from typing import Any

from seqgen.stack.cells.base import Graph
from seqgen.stack.scanned import ScannedCell


class MinGRU(ScannedCell):
    """z = σ(a_z); h' = (1 - z) h + z n, with the candidate n = a_n and a = x W + b.

    Gates stand in this order: update z, candidate n.
    """

    name = "mingru"
    title = "minGRU"
    parts = 2

    def mix(self, a_TBG: Any) -> tuple[Any, Any]:
        import tensorflow as tf

        a_z, n = tf.split(a_TBG, 2, axis=-1)
        z = tf.sigmoid(a_z)
        return 1 - z, z * n

    def mixed(self, graph: Graph, a_BG: str) -> tuple[str, str]:
        a_z, n = graph.split(a_BG, 2)
        z = graph.gate("z", graph.node("Sigmoid", a_z))
        return graph.node("Sigmoid", graph.node("Neg", a_z)), graph.node("Mul", z, n)


CELL = MinGRU
