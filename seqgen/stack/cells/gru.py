"""Gated recurrent unit (Cho et al. 2014); the reset gate stands after the product, as in cuDNN."""

from typing import Any

from seqgen.stack.cells.base import Graph, RecurrentCell


class GRU(RecurrentCell):
    """z, u = σ(a + r); n = tanh(a + u r); h' = z h + (1 - z) n, with a = x W + b and r = h R + b_r.

    Gates stand in Keras's order: update z, reset u, candidate n; one bias for each product.
    """

    name = "gru"
    title = "GRU"
    cudnn = "GRU"
    states = ("h",)
    saved = ("z", "u", "n", "h", "r_n")
    adds = False

    def shapes(self, inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        return {
            "kernel": (inputs, 3 * units),
            "recurrent_kernel": (units, 3 * units),
            "bias": (2, 3 * units),
        }

    def forward(
        self, a: Any, r: Any, states: tuple[Any, ...]
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        import tensorflow as tf

        h = states[0]
        a_z, a_u, a_n = tf.split(a, 3, axis=-1)
        r_z, r_u, r_n = tf.split(r, 3, axis=-1)
        z, u = tf.sigmoid(a_z + r_z), tf.sigmoid(a_u + r_u)
        n = tf.tanh(a_n + u * r_n)
        return (n + z * (h - n),), (z, u, n, h, r_n)

    def backward(
        self, gradients: tuple[Any, ...], saved: tuple[Any, ...]
    ) -> tuple[Any, Any, tuple[Any, ...]]:
        import tensorflow as tf

        dh = gradients[0]
        z, u, n, h, r_n = saved
        dn = dh * (1 - z) * (1 - n * n)
        gates = [dh * (h - n) * z * (1 - z), dn * r_n * u * (1 - u)]
        return tf.concat([*gates, dn], -1), tf.concat([*gates, dn * u], -1), (dh * z,)

    def gates(
        self, graph: Graph, products: tuple[str, ...], states: tuple[str, ...]
    ) -> tuple[str, ...]:
        a, r = products
        a_z, a_u, a_n = graph.split(a, 3)
        r_z, r_u, r_n = graph.split(r, 3)
        z = graph.gate("z", graph.node("Sigmoid", graph.node("Add", a_z, r_z)))
        u = graph.gate("u", graph.node("Sigmoid", graph.node("Add", a_u, r_u)))
        n = graph.node("Tanh", graph.node("Add", a_n, graph.node("Mul", u, r_n)))
        kept = graph.node("Mul", z, graph.node("Sub", states[0], n))
        return (graph.node("Add", n, kept),)


CELL = GRU
