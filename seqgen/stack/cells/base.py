"""What a recurrent cell is: weights, training layer and one-step graph, in one file a cell."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

if TYPE_CHECKING:
    import keras


class Graph(Protocol):
    """The ONNX graph under construction (`seqgen.checkpoint.graph`); tensors go by name."""

    def weight(self, name: str, array: np.ndarray) -> str:
        """Put a constant into the graph; returns its name."""
        ...

    def node(self, op: str, *inputs: str, outputs: int = 1, **attributes: Any) -> tuple[str, ...]:
        """Add an operator of the standard domain; returns the names of its outputs."""
        ...


class Cell(ABC):
    """One kind of recurrent cell. A module of this folder holds one, as ``CELL``, and has its name.

    Nothing here imports TensorFlow until `layer` is called: the checkpoint reader and the graph
    builder use cells too.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    states: ClassVar[tuple[str, ...]]

    @abstractmethod
    def shapes(self, inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        """Shape of every weight by its name, in the order and layout of the Keras layer."""

    def state_shapes(self, units: int) -> dict[str, tuple[int, ...]]:
        """Shape of every state by its name, without the leading dimension of streams."""
        return dict.fromkeys(self.states, (units,))

    @abstractmethod
    def layer(self, units: int, name: str) -> "keras.Layer":
        """The training layer: called on ``(x_BTI, states)`` it returns ``(y_BTH, states)``."""

    @abstractmethod
    def step(
        self,
        graph: Graph,
        x_TBI: str,
        states: Mapping[str, str],
        weights: Mapping[str, np.ndarray],
        name: str,
    ) -> tuple[str, dict[str, str]]:
        """Add this cell to a graph that runs T steps of B streams.

        x_TBI: name of the input, float32 [T, B, I].
        states: name of each state's tensor, float32 [B, *state shape].
        weights: the arrays that `shapes` lists.
        name: prefix for the weights that are put into the graph.
        Returns the name of the output [T, B, H] and of each state after the last step.
        """


class RecurrentCell(Cell):
    """A cell that mixes an input product and a recurrent product: LSTM, GRU, the vanilla RNN.

    With ``a = x W + b`` and ``r = h R (+ b_r)``, a subclass says how they and the states make the
    next states (`forward`), and how a gradient comes back (`backward`). The first state is the
    output h.

    saved: names of the activations that the way back needs, each [B, H].
    adds: whether a and r only ever meet as a + r, so that their gradients are one.
    """

    saved: ClassVar[tuple[str, ...]]
    adds: ClassVar[bool] = True

    @abstractmethod
    def forward(
        self, a: Any, r: Any, states: tuple[Any, ...]
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """One step. a, r: [B, G]; states: each [B, H]. Returns next states and what is saved."""

    @abstractmethod
    def backward(
        self, gradients: tuple[Any, ...], saved: tuple[Any, ...]
    ) -> tuple[Any, Any, tuple[Any, ...]]:
        """One step back.

        gradients: of the loss by each state after the step, [B, H].
        saved: what `forward` saved at this step.
        Returns the gradient by a, [B, G], by r (the same or None where the cell adds), and by each
        state before the step without the part that comes through r (None where there is no other).
        """

    def layer(self, units: int, name: str) -> "keras.Layer":
        from seqgen.stack.recurrent import Recurrent

        return Recurrent(self, units, name=name)

    def initial(self, weight: str) -> "keras.Initializer":
        """How a weight begins: recurrent ones orthogonal (Saxe et al. 2014), which keep lengths."""
        import keras

        kinds = {
            "kernel": keras.initializers.GlorotUniform,
            "recurrent_kernel": keras.initializers.Orthogonal,
            "bias": keras.initializers.Zeros,
        }
        return kinds[weight]()
