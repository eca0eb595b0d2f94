"""Gated recurrent unit (Cho et al. 2014)."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from seqgen.models.cells.base import (
    Arrays,
    Graph,
    LayerTensors,
    Names,
    RecurrentCell,
    StepCell,
    TensorNames,
    Tensors,
)

if TYPE_CHECKING:
    from seqgen.models.scans.base_layer import CellLayer


class GRU(RecurrentCell, StepCell):
    """z, u = σ(a + r); n = tanh(a + u r); h' = z h + (1 - z) n, with a = x W + b and r = h R + b_r.

    Gates are in Keras's order: update z, reset u, candidate n; each product has a bias. The reset
    gate applies after the product, as in cuDNN, so that all recurrent weights are one matrix. Cho
    et al. reset before it (``reset="before"``): n = tanh(a + (u h) R), with one bias.
    """

    name = "gru"
    title = "GRU"
    cudnn = "GRU"
    states = ("h",)
    gate_count = 3
    saved = ("z", "u", "n", "h", "r_n")
    option_defaults: ClassVar = {"reset": "after"}
    fused_gates = False

    def __init__(self, options: Mapping[str, Any], recurrent_dropout: float = 0.0) -> None:
        super().__init__(options, recurrent_dropout)
        self.resets_before = options["reset"] == "before"

    def shapes(self, inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        shapes = super().shapes(inputs, units)
        return shapes | {"bias": (3 * units,)} if self.resets_before else shapes

    def layer_class(self, *, plain: bool) -> "type[CellLayer]":
        base = StepCell if self.resets_before else RecurrentCell
        return base.layer_class(self, plain=plain)

    def forward(self, a: Any, r: Any, states: Tensors) -> tuple[Tensors, Tensors]:
        import tensorflow as tf

        h = states[0]
        a_z, a_u, a_n = tf.split(a, 3, axis=-1)
        r_z, r_u, r_n = tf.split(r, 3, axis=-1)
        z, u = tf.sigmoid(a_z + r_z), tf.sigmoid(a_u + r_u)
        n = tf.tanh(a_n + u * r_n)
        return (n + z * (h - n),), (z, u, n, h, r_n)

    def backward(self, gradients: Tensors, saved: Tensors) -> tuple[Any, Any, Tensors]:
        import tensorflow as tf

        dh = gradients[0]
        z, u, n, h, r_n = saved
        dn = dh * (1 - z) * (1 - n * n)
        gates = [dh * (h - n) * z * (1 - z), dn * r_n * u * (1 - u)]
        return tf.concat([*gates, dn], -1), tf.concat([*gates, dn * u], -1), (dh * z,)

    def gates(self, graph: Graph, products: TensorNames, states: TensorNames) -> TensorNames:
        a, r = products
        a_z, a_u, a_n = graph.split(a, 3)
        r_z, r_u, r_n = graph.split(r, 3)
        z = graph.gate("z", graph.node("Sigmoid", graph.node("Add", a_z, r_z)))
        u = graph.gate("u", graph.node("Sigmoid", graph.node("Add", a_u, r_u)))
        n = graph.node("Tanh", graph.node("Add", a_n, graph.node("Mul", u, r_n)))
        difference = graph.node("Mul", z, graph.node("Sub", states[0], n))
        return (graph.node("Add", n, difference),)

    def kernels(self, recurrent: Any) -> Tensors:
        """Return those of both gates and that of the candidate, with the reset before a product."""
        units = recurrent.shape[0]
        return recurrent[:, : 2 * units], recurrent[:, 2 * units :]

    def equation(self, a: Any, states: Tensors, product: Callable[[Any], Any]) -> Tensors:
        """Compute a step with the reset before the product."""
        import tensorflow as tf

        h = states[0]
        a_z, a_u, a_n = tf.split(a, 3, axis=-1)
        r_z, r_u = tf.split(product(h), 2, axis=-1)
        z, u = tf.sigmoid(a_z + r_z), tf.sigmoid(a_u + r_u)
        n = tf.tanh(a_n + product(u * h))
        return (n + z * (h - n),)

    def step(
        self, graph: Graph, x_BI: str, states: Names, weights: Arrays, name: str
    ) -> LayerTensors:
        if not self.resets_before:
            return super().step(graph, x_BI, states, weights, name)
        h = states["h"]
        edge = [2 * len(weights["recurrent_kernel"])]
        down = np.split(weights["kernel"], edge, axis=1)
        across = np.split(weights["recurrent_kernel"], edge, axis=1)
        bias = np.split(weights["bias"], edge)
        gates = graph.linear({x_BI: down[0], h: across[0]}, bias[0], f"{name}/gates")
        z, u = graph.split(graph.node("Sigmoid", gates), 2)
        z, u = graph.gate("z", z), graph.gate("u", u)
        reset = graph.node("Mul", u, h)
        n = graph.linear({x_BI: down[1], reset: across[1]}, bias[1], f"{name}/candidate")
        n = graph.node("Tanh", n)
        h = graph.node("Add", n, graph.node("Mul", z, graph.node("Sub", h, n)))
        return h, {"h": h}
