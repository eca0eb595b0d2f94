"""The base class of the recurrent cells: weights, training layer and one-step ONNX graph."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from seqgen.models.activations import ACTIVATIONS, Activation

if TYPE_CHECKING:
    import keras

    from seqgen.models.scans.base_layer import CellLayer

Tensors = tuple[Any, ...]  # of TensorFlow
TensorNames = tuple[str, ...]  # in a graph
Names = Mapping[str, str]
Arrays = Mapping[str, np.ndarray]
# The name of a layer's output in a graph, and of each of its states after it.
LayerTensors = tuple[str, dict[str, str]]


class Graph(Protocol):
    """The ONNX graph under construction (`seqgen.models.onnx.builder`); tensors are names."""

    def node(self, op: str, *inputs: str, **attributes: Any) -> str:
        """Add an operator of the standard domain; return the name of its one output."""
        ...

    def nodes(self, op: str, *inputs: str, outputs: int, **attributes: Any) -> tuple[str, ...]:
        """Add an operator with several outputs; the name of an omitted input is ``""``."""
        ...

    def codes(self, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Quantise a weight [I, O]; return it in int8, and the scale of each column."""
        ...

    def split(self, tensor: str, parts: int) -> tuple[str, ...]:
        """Split the last dimension of a tensor into equal parts."""
        ...

    def constant(self, name: str, array: np.ndarray) -> str:
        """Add a constant, once for each name; return its name."""
        ...

    def bound(self, tensor: str, largest: float | None) -> str:
        """State the largest absolute value of a tensor; None if unbounded. Return its name.

        Without a statement it is 1.
        """
        ...

    def gate(self, name: str, tensor: str) -> str:
        """Register a tensor [B, H] as a gate, open at 1 and closed at 0. Return its name."""
        ...

    def linear(self, inputs: Mapping[str, np.ndarray], bias: np.ndarray | None, name: str) -> str:
        """Add ``x W + ... + b`` in the precision of the graph; return the name of the result.

        Args:
            inputs: The weight [I, O] of each input [B, I], whose values are within its `bound`.
            bias: [O], or None.
            name: Prefix of the constants.
        """
        ...


class Cell(ABC):
    """A recurrent cell; `seqgen.models.cells.CELLS` lists them.

    Only `layer` and the methods of training may import TensorFlow: the checkpoint reader and the
    graph builder use cells too.

    Attributes:
        name: The name in the registry.
        title: The name in prose.
        states: Names of the states.
        option_defaults: Options of this cell, with their defaults.
        fixed: Names of weights that are not trained.
        fixed_embedding: Whether the embedding below is not trained.
        supports_recurrent_dropout: Whether `recurrent_dropout` applies to its recurrent weights.
        bound: Largest absolute value of its output; None if unbounded.
        activation: The chosen function, for cells with the option ``activation``.
    """

    activation: Activation
    name: ClassVar[str]
    title: ClassVar[str]
    states: ClassVar[tuple[str, ...]]
    option_defaults: ClassVar[Mapping[str, Any]] = {}
    fixed: tuple[str, ...] = ()
    fixed_embedding: ClassVar[bool] = False
    supports_recurrent_dropout: ClassVar[bool] = True
    bound: float | None = 1.0

    def __init__(self, options: Mapping[str, Any], recurrent_dropout: float = 0.0) -> None:
        """Create a cell.

        Args:
            options: A value for every name in `option_defaults`.
            recurrent_dropout: Share of recurrent weights dropped in training, in [0, 1).
        """
        self.options = options
        self.recurrent_dropout = recurrent_dropout
        if "activation" in options:
            self.activation = ACTIVATIONS[options["activation"]]
            self.bound = self.activation.bound

    @property
    def preset_overrides(self) -> Mapping[str, Any]:
        """Values that suit the cell better than those of a preset, by the fields of `Preset`."""
        return {}

    @abstractmethod
    def shapes(self, inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        """Return the shape of every weight by its name, in the order of the Keras layer."""

    def state_shapes(self, units: int) -> dict[str, tuple[int, ...]]:
        """Return the shape of every state by its name, without the dimension of streams."""
        return dict.fromkeys(self.states, (units,))

    def layer(self, units: int, name: str, resets: bool = True, flow: float = 1.0) -> "keras.Layer":
        """Create the training layer: ``(x_TBI, states[, keeps, training]) -> (y_TBH, states)``.

        Args:
            units: Number of units, H.
            name: Prefix of the layer's weights.
            resets: Whether states are reset inside a window, by calls with `keeps`.
            flow: Factor of a gradient from a step to the one before, at least 1.
        """
        plain = not resets and flow == 1 and not self.recurrent_dropout
        return self.layer_class(plain=plain)(self, units, name, flow)

    @abstractmethod
    def layer_class(self, *, plain: bool) -> "type[CellLayer]":
        """Return the class of the training layer, which runs the cell over time.

        Args:
            plain: Whether there are no resets, no recurrent dropout and no scaled gradients.
        """

    def initial(self, weight: str) -> "keras.Initializer":
        """Return the initializer of a weight; recurrent ones are orthogonal (Saxe et al. 2014)."""
        import keras

        recurrent = {
            "orthogonal": keras.initializers.Orthogonal,
            "identity": keras.initializers.Identity,
            "glorot": keras.initializers.GlorotUniform,
        }
        kinds = {
            "kernel": keras.initializers.GlorotUniform,
            "recurrent_kernel": recurrent[self.options.get("recurrent_init", "orthogonal")],
            "bias": keras.initializers.Zeros,
        }
        return kinds[weight]()

    @abstractmethod
    def step(
        self, graph: Graph, x_BI: str, states: Names, weights: Arrays, name: str
    ) -> LayerTensors:
        """Add this cell to a graph that runs one step of B streams.

        Args:
            graph: The graph.
            x_BI: Name of the input, float32.
            states: Name of each state's tensor, float32 [B, *state shape].
            weights: The arrays of `shapes`.
            name: Prefix of the constants.

        Returns:
            The name of the output [B, H], whose values are within `bound`, and of each state after
            the step.
        """

    def sequence(
        self, graph: Graph, x_TI: str, states: Names, weights: Arrays, name: str
    ) -> LayerTensors | None:
        """Add this cell to an int8 graph of T steps of one stream, as one operator.

        Arguments and result are those of `step`, with T instead of B. None, and nothing is added,
        if ONNX Runtime has no operator for the cell; `step` is then the body of a loop.
        """
        return None


class RecurrentCell(Cell):
    """A cell with an input product and a recurrent product: LSTM, GRU, the vanilla RNN.

    With ``a = x W + b`` and ``r = h R (+ b_r)``, a subclass defines how they and the states make
    the next states, in TensorFlow (`forward`) and in ONNX (`gates`), and the gradients
    (`backward`). The first state is the output h. Constants follow the states in the arguments of
    `forward` and `gates`, and in the arguments and results of `backward`.

    Attributes:
        saved: Names of the activations that the backward pass needs, each [B, H].
        gate_count: Number of values of a and of r per unit, G / H.
        fused_gates: Whether a and r occur only as a + r, so that their gradients are equal. If not,
            each has its own bias, and the weight ``bias`` is [2, G].
        cudnn: Keras layer with the same weights, which cuDNN runs on a GPU; "" if there is none.
    """

    saved: ClassVar[tuple[str, ...]]
    gate_count: ClassVar[int] = 1
    fused_gates: ClassVar[bool] = True
    cudnn: ClassVar[str] = ""

    def shapes(self, inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        width = self.gate_count * units
        return {
            "kernel": (inputs, width),
            "recurrent_kernel": (units, width),
            "bias": (width,) if self.fused_gates else (2, width),
        }

    @abstractmethod
    def forward(self, a: Any, r: Any, states: Tensors) -> tuple[Tensors, Tensors]:
        """Compute a step; return the next states and the saved activations.

        Args:
            a, r: The products, [B, G].
            states: [B, H] each.
        """

    @abstractmethod
    def backward(self, gradients: Tensors, saved: Tensors) -> tuple[Any, Any, Tensors]:
        """Compute the gradients of a step.

        Args:
            gradients: Of the loss with respect to each state after the step, [B, H].
            saved: The activations that `forward` returned.

        Returns:
            The gradients with respect to a, [B, G]; to r (None with fused gates); and to each state
            before the step, without the part through r (None if there is no other).
        """

    @abstractmethod
    def gates(self, graph: Graph, products: TensorNames, states: TensorNames) -> TensorNames:
        """Add a step to a graph; return the names of the next states.

        Args:
            graph: The graph.
            products: Names of a + r with fused gates, else of a and of r, [B, G].
            states: Names of the states, [B, H].
        """

    def step(
        self, graph: Graph, x_BI: str, states: Names, weights: Arrays, name: str
    ) -> LayerTensors:
        before = tuple(states[state] for state in self.states)
        graph.bound(before[0], self.bound)
        x, h = {x_BI: weights["kernel"]}, {before[0]: weights["recurrent_kernel"]}
        bias = weights["bias"]
        if self.fused_gates:
            products = [graph.linear(x | h, bias, name)]
        else:
            products = [
                graph.linear(x, bias[0], f"{name}/a"),
                graph.linear(h, bias[1], f"{name}/r"),
            ]
        constants = tuple(
            graph.constant(f"{name}/constant/{n}", np.asarray(array, np.float32))
            for n, array in enumerate(self.constants(weights))
        )
        after = self.gates(graph, tuple(products), (*before, *constants))
        return after[0], dict(zip(self.states, after, strict=True))

    def layer_class(self, *, plain: bool) -> "type[CellLayer]":
        from seqgen.models import tf_runtime
        from seqgen.models.scans.cudnn import KerasRecurrent
        from seqgen.models.scans.recurrent import Recurrent

        return KerasRecurrent if self.cudnn and plain and tf_runtime.has_gpu() else Recurrent

    def constants(self, weights: Mapping[str, Any]) -> Tensors:
        """Compute the constants of all steps from the weights, [H] each; tensors or arrays."""
        return ()


class StepCell(Cell):
    """A cell of any equation, which TensorFlow differentiates step by step."""

    @abstractmethod
    def kernels(self, recurrent: Any) -> Tensors:
        """Return the recurrent weights of each product in a step, [K, N] each."""

    @abstractmethod
    def equation(self, a: Any, states: Tensors, product: Callable[[Any], Any]) -> Tensors:
        """Compute the states after a step, of which the first is the output.

        Args:
            a: ``x W + b``, [B, G].
            states: Before the step, [B, H] each.
            product: Multiplies its argument [B, K] by the next of the `kernels`; returns [B, N].
                Call it once for each.
        """

    def layer_class(self, *, plain: bool) -> "type[CellLayer]":
        from seqgen.models.scans.autodiff import AutodiffScan

        return AutodiffScan
