"""The vanilla recurrent network (Elman 1990)."""

from typing import Any, ClassVar

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
