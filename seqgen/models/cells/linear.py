"""Cells whose gates depend on the input alone, so that one scan computes all states."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from seqgen.models.cells.base import Arrays, Cell, Graph, LayerTensors, Names

if TYPE_CHECKING:
    import keras

    from seqgen.models.scans.base_layer import CellLayer


class LinearRecurrentCell(Cell):
    """h' = k h + e f(a_n): k and e depend on ``a = x W + b`` and not on h (Feng et al. 2024).

    With e = 1 - k in [0, 1], no state is larger than the candidates f(a_n). Feng et al. use them
    without activation (``activation="linear"``). With tanh, three layers of 256 units had 1.885
    nats per character instead of 1.928 (tinyshakespeare, half a million characters), and being
    bounded they can be quantised.

    Attributes:
        parts: Number of values of a per unit: those of the gates, then the candidate.
    """

    states = ("h",)
    option_defaults: ClassVar = {"activation": "tanh"}
    supports_recurrent_dropout = False
    parts: ClassVar[int]

    @property
    def preset_overrides(self) -> Mapping[str, Any]:
        # The gates of a single layer see only the current token.
        return {"layers": 3, "learning_rate": 8e-3}

    def initial(self, weight: str) -> "keras.Initializer":
        # The kernel keeps the variance of its input (LeCun et al. 1998); there are no recurrent
        # weights to increase it.
        if weight != "kernel":
            return super().initial(weight)
        import keras

        return keras.initializers.LecunUniform()

    @abstractmethod
    def coefficients(self, *gates: Any) -> tuple[Any, Any]:
        """Compute k and e from the gates' parts of a, [T, B, H] each."""

    @abstractmethod
    def gates(self, graph: Graph, *gates: str) -> tuple[str, str]:
        """Add `coefficients` of one step to a graph; return the names of k and e, [B, H]."""

    def shapes(self, inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        return {"kernel": (inputs, self.parts * units), "bias": (self.parts * units,)}

    def layer_class(self, *, plain: bool) -> "type[CellLayer]":
        from seqgen.models.scans.associative import AssociativeScan

        return AssociativeScan

    def step(
        self, graph: Graph, x_BI: str, states: Names, weights: Arrays, name: str
    ) -> LayerTensors:
        a = graph.linear({x_BI: weights["kernel"]}, weights["bias"], name)
        *parts, n = graph.split(a, self.parts)
        k, e = self.gates(graph, *parts)
        candidate = graph.node("Mul", e, graph.node(self.activation.node, n))
        h = graph.node("Add", graph.node("Mul", k, states["h"]), candidate)
        return h, {"h": h}
