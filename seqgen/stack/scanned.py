"""Cells whose gates read the input alone, so that the state goes through all steps by one scan."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from seqgen.stack.cells.base import Cell, Graph

if TYPE_CHECKING:
    import keras


class ScannedCell(Cell):
    """h' = k h + c, where k and c follow from ``a = x W + b`` and not from h (Feng et al. 2024).

    A subclass says how, in TensorFlow (`mix`) and in ONNX (`mixed`).

    parts: how many numbers of a there are to a unit.
    """

    states = ("h",)
    drops = False
    bound = None
    parts: ClassVar[int]

    @abstractmethod
    def mix(self, a_TBG: Any) -> tuple[Any, Any]:
        """The share k of the state that stays, in [0, 1], and what is added, c: [T, B, H] each."""

    @abstractmethod
    def mixed(self, graph: Graph, a_BG: str) -> tuple[str, str]:
        """`mix` in a graph, for one step; names of both, [B, H] each."""

    def shapes(self, inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        return {"kernel": (inputs, self.parts * units), "bias": (self.parts * units,)}

    def layer(
        self, units: int, name: str, forgets: bool = True, flow: float = 1.0
    ) -> "keras.Layer":
        from seqgen.stack.linear_scan import Scanned

        return Scanned(self, units, name, flow)

    def step(
        self,
        graph: Graph,
        x_BI: str,
        states: Mapping[str, str],
        weights: Mapping[str, np.ndarray],
        name: str,
    ) -> tuple[str, dict[str, str]]:
        a = graph.linear({x_BI: weights["kernel"]}, weights["bias"], name)
        kept, added = self.mixed(graph, a)
        h = graph.node("Add", graph.node("Mul", kept, states["h"]), added)
        return h, {"h": h}
