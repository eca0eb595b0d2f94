"""The vanilla recurrent network (Elman 1990)."""

from collections.abc import Mapping
from typing import Any, ClassVar

from seqgen.models.activations import ACTIVATIONS
from seqgen.models.cells.base import Graph, RecurrentCell


class RNN(RecurrentCell):
    """h' = f(x W + h R + b): Keras's SimpleRNN.

    With relu, and R beginning as the identity, it is the IRNN (Le et al. 2015).
    """

    name = "rnn"
    title = "vanilla RNN"
    states = ("h",)
    option_defaults: ClassVar = {"activation": "tanh", "recurrent_init": "orthogonal"}
    saved = ("h'",)

    def __init__(self, options: Mapping[str, Any], recurrent_dropout: float = 0.0) -> None:
        super().__init__(options, recurrent_dropout)
        self.activation = ACTIVATIONS[options["activation"]]
        self.bound = self.activation.bound

    def shapes(self, inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        return {
            "kernel": (inputs, units),
            "recurrent_kernel": (units, units),
            "bias": (units,),
        }

    def forward(
        self, a: Any, r: Any, states: tuple[Any, ...]
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        h = self.activation.forward(a + r)
        return (h,), (h,)

    def backward(
        self, gradients: tuple[Any, ...], saved: tuple[Any, ...]
    ) -> tuple[Any, Any, tuple[Any, ...]]:
        (h,) = saved
        return gradients[0] * self.activation.slope(h), None, (None,)

    def gates(
        self, graph: Graph, products: tuple[str, ...], states: tuple[str, ...]
    ) -> tuple[str, ...]:
        return (graph.node(self.activation.node, products[0]),)
