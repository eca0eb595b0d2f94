"""The vanilla recurrent network (Elman 1990)."""

from typing import Any, ClassVar

from seqgen.models.cells.base import Graph, RecurrentCell, TensorNames, Tensors


class RNN(RecurrentCell):
    """h' = f(x W + h R + b): Keras's SimpleRNN.

    With relu, and R beginning as the identity, it is the IRNN (Le et al. 2015).
    """

    name = "rnn"
    title = "vanilla RNN"
    states = ("h",)
    option_defaults: ClassVar = {"activation": "tanh", "recurrent_init": "orthogonal"}
    saved = ("h'",)

    def forward(self, a: Any, r: Any, states: Tensors) -> tuple[Tensors, Tensors]:
        h = self.activation.forward(a + r)
        return (h,), (h,)

    def backward(self, gradients: Tensors, saved: Tensors) -> tuple[Any, Any, Tensors]:
        (h,) = saved
        return gradients[0] * self.activation.slope(h), None, (None,)

    def gates(self, graph: Graph, products: TensorNames, states: TensorNames) -> TensorNames:
        return (graph.node(self.activation.node, products[0]),)
