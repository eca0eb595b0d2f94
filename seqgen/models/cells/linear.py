"""Cells whose gates read the input alone, so that the state goes through all steps by one scan."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from seqgen.models.activations import ACTIVATIONS
from seqgen.models.cells.base import Arrays, Cell, Graph, LayerTensors, Names

if TYPE_CHECKING:
    import keras

    from seqgen.models.scans.base_layer import CellLayer


class LinearRecurrentCell(Cell):
    """h' = k h + e f(a_n): k and e follow from ``a = x W + b`` and not from h (Feng et al. 2024).

    With e = 1 - k, all of which lie in [0, 1], a state is never larger than the candidates f(a_n).
    Feng et al. take them as they are (``activation="linear"``), since nothing can explode. With
    tanh, three layers of 256 units had 1.885 nats a character where they had 1.928 without
    (tinyshakespeare, half a million characters), and being bounded they can be multiplied in int8.

    parts: how many numbers of a there are to a unit: those of the gates, then the candidate's.
    """

    states = ("h",)
    option_defaults: ClassVar = {"activation": "tanh"}
    supports_recurrent_dropout = False
    parts: ClassVar[int]

    def __init__(self, options: Mapping[str, Any], recurrent_dropout: float = 0.0) -> None:
        super().__init__(options, recurrent_dropout)
        self.activation = ACTIVATIONS[options["activation"]]
        self.bound = self.activation.bound

    @property
    def preset_overrides(self) -> Mapping[str, Any]:
        """One layer only weighs what it read; three take it apart, and learn at twice the rate."""
        return {"layers": 3, "learning_rate": 8e-3}

    def initial(self, weight: str) -> "keras.Initializer":
        """The kernel keeps the size of what it is multiplied by (LeCun et al. 1998): mixing makes
        it smaller, and no recurrent weights are there to make it larger again."""
        if weight != "kernel":
            return super().initial(weight)
        import keras

        return keras.initializers.LecunUniform()

    @abstractmethod
    def coefficients(self, *gates: Any) -> tuple[Any, Any]:
        """k and e, in TensorFlow, of the gates' parts of a: [T, B, H] each."""

    @abstractmethod
    def gates(self, graph: Graph, *gates: str) -> tuple[str, str]:
        """`coefficients` in a graph, for one step: names of both, [B, H] each."""

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
        kept, entering = self.gates(graph, *parts)
        entered = graph.node("Mul", entering, graph.node(self.activation.node, n))
        h = graph.node("Add", graph.node("Mul", kept, states["h"]), entered)
        return h, {"h": h}
