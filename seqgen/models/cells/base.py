"""The base class of the recurrent cells: weights, training layer and one-step ONNX graph."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

if TYPE_CHECKING:
    import keras

    from seqgen.models.scans.base_layer import CellLayer

Names = Mapping[str, str]
Arrays = Mapping[str, np.ndarray]
# The name of a layer's output in a graph, and of each of its states after it.
LayerTensors = tuple[str, dict[str, str]]


class Graph(Protocol):
    """The ONNX graph under construction (`seqgen.models.onnx.builder`); tensors go by name."""

    def node(self, op: str, *inputs: str, **attributes: Any) -> str:
        """Add an operator of the standard domain; returns the name of its one output."""
        ...

    def nodes(self, op: str, *inputs: str, outputs: int, **attributes: Any) -> tuple[str, ...]:
        """As `node`, of an operator with several outputs; an input that is left out is ``""``."""
        ...

    def codes(self, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A weight [I, O] in int8, and the scale of each of its columns."""
        ...

    def split(self, tensor: str, parts: int) -> tuple[str, ...]:
        """The equal parts of a tensor's last dimension."""
        ...

    def constant(self, name: str, array: np.ndarray) -> str:
        """Put an array into the graph, once for each name; returns its name."""
        ...

    def bound(self, tensor: str, largest: float | None) -> str:
        """Say that no value of a tensor is larger in size; None if there is no such bound.

        Values of other tensors must lie in [-1, 1]. Returns the tensor's name.
        """
        ...

    def gate(self, name: str, tensor: str) -> str:
        """Say that a tensor [B, H] is a gate, open at 1 and shut at 0. Returns its name."""
        ...

    def linear(self, inputs: Mapping[str, np.ndarray], bias: np.ndarray | None, name: str) -> str:
        """``x W + ... + b``, in the precision of the graph; returns the name of the result [B, O].

        inputs: the weight [I, O] of each input [B, I].
        bias: [O], or None. name: prefix for what is put into the graph.
        """
        ...


class Cell(ABC):
    """A recurrent cell; `seqgen.models.cells.CELLS` lists them.

    Nothing here imports TensorFlow until `layer` is called: the checkpoint reader and the graph
    builder use cells too.

    states: names of what it carries from step to step.
    option_defaults: the options that are its own, with their defaults.
    fixed: names of weights that training leaves as they began.
    fixed_embedding: whether the embedding below it is left so, too.
    supports_recurrent_dropout: whether it has recurrent weights that `recurrent_dropout` can drop.
    bound: no value of its output is larger in size; None if there is no such bound.
    """

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

    @property
    def preset_overrides(self) -> Mapping[str, Any]:
        """What suits it better than what a preset says: by the names of `Preset`'s fields."""
        return {}

    @abstractmethod
    def shapes(self, inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        """Shape of every weight by its name, in the order and layout of the Keras layer."""

    def state_shapes(self, units: int) -> dict[str, tuple[int, ...]]:
        """Shape of every state by its name, without the leading dimension of streams."""
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
        """How a weight begins: recurrent ones orthogonal (Saxe et al. 2014), which keep lengths."""
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

        x_BI: name of the input, float32 [B, I].
        states: name of each state's tensor, float32 [B, *state shape].
        weights: the arrays that `shapes` lists.
        name: prefix for the weights that are put into the graph.
        Returns the name of the output [B, H], whose values are within `bound`, and of each state
        after the step.
        """

    def sequence(
        self, graph: Graph, x_TI: str, states: Names, weights: Arrays, name: str
    ) -> LayerTensors | None:
        """Add this cell to a graph in int8 that reads T steps of one stream, by one operator.

        None, and nothing is added, where ONNX Runtime has no operator for the cell; `step` is then
        the body of a loop. Args and result are those of `step`, but for the first axis.
        """
        return None


class RecurrentCell(Cell):
    """A cell that mixes an input product and a recurrent product: LSTM, GRU, the vanilla RNN.

    With ``a = x W + b`` and ``r = h R (+ b_r)``, a subclass says how they and the states make the
    next states, in TensorFlow (`forward`) and in ONNX (`gates`), and how a gradient comes back
    (`backward`). The first state is the output h. After the states come the cell's constants, if it
    has any: to `forward` and `gates`, and in what `backward` takes and returns.

    saved: names of the activations that the way back needs, each [B, H].
    fused_gates: whether a and r only ever meet as a + r, so that their gradients are one; where
        they do not, each has a bias of its own, and the weight ``bias`` is [2, G].
    cudnn: Keras layer with the same weights, which cuDNN runs on a GPU; "" if there is none.
    """

    saved: ClassVar[tuple[str, ...]]
    fused_gates: ClassVar[bool] = True
    cudnn: ClassVar[str] = ""

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

    @abstractmethod
    def gates(
        self, graph: Graph, products: tuple[str, ...], states: tuple[str, ...]
    ) -> tuple[str, ...]:
        """`forward` in a graph: adds one step to it and returns the names of the next states.

        products: names of a + r where the cell adds, else of a and of r, [B, G].
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

    def constants(self, weights: Mapping[str, Any]) -> tuple[Any, ...]:
        """What every step reads beside the states, each [H]: of the weights, tensors or arrays."""
        return ()


class StepCell(Cell):
    """A cell of any equation, which TensorFlow differentiates step by step."""

    @abstractmethod
    def kernels(self, recurrent: Any) -> tuple[Any, ...]:
        """Return the recurrent weights of each product in a step, [K, N] each."""

    @abstractmethod
    def equation(
        self, a: Any, states: tuple[Any, ...], product: Callable[[Any], Any]
    ) -> tuple[Any, ...]:
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
