"""minGRU (Feng, Tung, Ahmed, Bengio and Hajimirsadegh 2024, "Were RNNs All We Needed?")."""

from typing import Any

from seqgen.models.cells.base import Graph
from seqgen.models.cells.linear import LinearRecurrentCell


class MinGRU(LinearRecurrentCell):
    """z = σ(a_z); h' = (1 - z) h + z f(a_n), with a = x W + b.

    Order of the parts of a: update gate z, candidate n.
    """

    name = "mingru"
    title = "minGRU"
    parts = 2

    def coefficients(self, *gates: Any) -> tuple[Any, Any]:
        import tensorflow as tf

        z = tf.sigmoid(gates[0])
        return 1 - z, z

    def gates(self, graph: Graph, *gates: str) -> tuple[str, str]:
        z = graph.gate("z", graph.node("Sigmoid", gates[0]))
        return graph.node("Sigmoid", graph.node("Neg", gates[0])), z
