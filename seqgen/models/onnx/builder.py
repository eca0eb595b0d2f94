"""The parts of an ONNX graph: weights, operators, and products in float32 or int8."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from seqgen.models.cells.base import Arrays, Cell, LayerTensors, Names

if TYPE_CHECKING:
    import onnx

# Weights become integers from -63 to 63, activations from 1 to 255 with 128 for 0: x86 multiplies
# unsigned by signed integers in hardware. Before VNNI it adds two products in 16 bits, which
# weights up to 127 would overflow silently; one bit less costs under 0.0001 nats per token.
WEIGHT_STEPS = 63
ACTIVATION_STEPS = 127
ACTIVATION_ZERO = 128

# Activations with a larger bound, or none, remain float32: most would get few distinct codes.
WIDEST = 8.0

# Domain of the operators that only onnxruntime has.
CONTRIB = "com.microsoft"


class GraphBuilder:
    """The graph under construction (`seqgen.models.cells.base.Graph`).

    Attributes:
        gates: Tensor and number of units of each gate, by ``layer/gate``.
    """

    def __init__(self, *, int8: bool) -> None:
        """Start an empty graph.

        Args:
            int8: Whether matrix products are computed in int8, with a scale for each column of the
                weights and a fixed scale for activations, which are within the bounds that `bound`
                states. A scale computed from the activations would take time at every step, and
                make a sample depend on the other streams.
        """
        self.int8 = int8
        self._nodes: list[onnx.NodeProto] = []
        self._numbers = itertools.count()
        self._weights: dict[str, onnx.TensorProto] = {}
        self._lookups: dict[str, tuple[np.ndarray, str]] = {}
        self._largest: dict[str, float | None] = {}
        self._coded: dict[str, str] = {}
        self._layer = ("", 0)
        self.gates: dict[str, tuple[str, int]] = {}

    def within(self, layer: str, units: int) -> None:
        """Set the layer whose nodes are added next, and its number of units."""
        self._layer = (layer, units)

    def gate(self, name: str, tensor: str) -> str:
        layer, units = self._layer
        self.gates[f"{layer}/{name}"] = (tensor, units)
        return tensor

    def bound(self, tensor: str, largest: float | None) -> str:
        if largest != self._bound(tensor):
            self._largest[tensor] = largest
        return tensor

    def _fits_int8(self, tensor: str) -> bool:
        """Return whether a tensor can be quantised."""
        largest = self._bound(tensor)
        return largest is not None and largest <= WIDEST

    def _bound(self, tensor: str) -> float | None:
        return self._largest.get(tensor, 1.0)

    def layer(
        self, cell: Cell, x_BI: str, states: Names, weights: Arrays, name: str
    ) -> LayerTensors:
        """Add a layer; arguments and result are those of `Cell.step`."""
        return cell.step(self, x_BI, states, weights, name)

    def last(self, tensor: str) -> str:
        """Return a tensor's value at the last step."""
        return tensor

    def concatenate(self, tensors: Sequence[str]) -> str:
        """Concatenate tensors [B, I]."""
        if len(tensors) == 1:
            return tensors[0]
        bounds = [self._bound(tensor) for tensor in tensors]
        largest = None if None in bounds else max(b for b in bounds if b is not None)
        return self.bound(self.node("Concat", *tensors, axis=-1), largest)

    def sum(self, one: str, other: str) -> str:
        """Add two tensors [B, H]."""
        a, b = self._bound(one), self._bound(other)
        return self.bound(self.node("Add", one, other), None if a is None or b is None else a + b)

    def constant(self, name: str, array: np.ndarray) -> str:
        from onnx import numpy_helper

        if name not in self._weights:
            self._weights[name] = numpy_helper.from_array(np.asarray(array, order="C"), name)
        return name

    def node(self, op: str, *inputs: str, **attributes: Any) -> str:
        return self.nodes(op, *inputs, outputs=1, **attributes)[0]

    def nodes(self, op: str, *inputs: str, outputs: int, **attributes: Any) -> tuple[str, ...]:
        from onnx import helper

        name = f"{op}_{next(self._numbers)}"
        results = tuple(f"{name}/{n}" for n in range(outputs))
        self._place(helper.make_node(op, inputs, results, name, **attributes))
        return results

    def codes(self, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        scales = weight_scales(weight)
        return np.rint(weight / scales).astype(np.int8), scales

    def split(self, tensor: str, parts: int) -> tuple[str, ...]:
        return self.nodes("Split", tensor, outputs=parts, axis=-1)

    def lookup(self, ids_B: str, table: np.ndarray, name: str) -> str:
        """Look up row ``ids_B`` of a table [V, I] for each stream; return the rows, [B, I]."""
        rows_BI = self.node("Gather", self.constant(name, table), ids_B)
        self._lookups[rows_BI] = (table, ids_B)
        self._largest[rows_BI] = float(np.abs(table).max()) or 1.0
        return rows_BI

    def sum_of_lookups(
        self, rows_BI: str, ids_BF: str, table: np.ndarray, offsets: Sequence[int], name: str
    ) -> str:
        """Add F rows of another table to the result of `lookup`; return the sum, [B, I].

        Args:
            rows_BI: Result of `lookup`.
            ids_BF: Feature values.
            table: Embeddings of all features.
            offsets: First row of each feature in the table.
            name: Prefix of the constants.
        """
        first = self.constant(f"{name}/offsets", np.array(offsets, np.int64))
        more_BFI = self.node("Gather", self.constant(name, table), self.node("Add", ids_BF, first))
        axis = self.constant(f"{name}/axis", np.array([1], np.int64))
        sum_BI = self.node("Add", rows_BI, self.node("ReduceSum", more_BFI, axis, keepdims=0))
        # The largest sum of any combination of rows.
        parts = np.split(np.abs(table), offsets[1:])
        bound_I = np.abs(self._lookups[rows_BI][0]).max(axis=0)
        bound_I = bound_I + np.sum([part.max(axis=0) for part in parts], axis=0)
        self._largest[sum_BI] = float(bound_I.max()) or 1.0
        return sum_BI

    def linear(self, inputs: Mapping[str, np.ndarray], bias: np.ndarray | None, name: str) -> str:
        total = ""
        for number, (xs, weight, scales) in enumerate(self._terms(inputs)):
            term = self._product(xs, weight, None if total else bias, f"{name}/{number}", scales)
            total = self.node("Add", total, term) if total else term
        return total

    def _terms(
        self, inputs: Mapping[str, np.ndarray]
    ) -> Iterator[tuple[Sequence[str], np.ndarray, np.ndarray | None]]:
        """Yield the products of a sum: inputs, weight, and the scales of its columns."""
        single = [[x] for x in inputs if x in self._lookups or self._bound(x) != 1]
        # Concatenated, the others are one product: 22,200 steps/s of an LSTM of 2 x 512 units,
        # against 19,600 with a product each.
        concatenated = [x for x in inputs if [x] not in single]
        for xs in filter(None, (*single, concatenated)):
            weight = np.concatenate([inputs[x] for x in xs])
            yield xs, weight, weight_scales(weight) if self.int8 else None

    def _product(
        self,
        xs: Sequence[str],
        weight: np.ndarray,
        bias: np.ndarray | None,
        name: str,
        scales: np.ndarray | None,
    ) -> str:
        """Add ``x W + b`` of concatenated inputs; with scales of the weight's columns in int8."""
        if xs[0] in self._lookups:
            table, ids_B = self._lookups[xs[0]]
            # Compute the products of all rows now, unless they are larger than the weights.
            if len(table) <= len(weight):
                products = table @ weight + (0 if bias is None else bias)
                return self.node("Gather", self.constant(f"{name}/products", products), ids_B)
        biases = () if bias is None else (self.constant(f"{name}/bias", bias),)
        largest = self._bound(xs[0])
        if scales is None or largest is None or largest > WIDEST:
            product = self.node(
                "MatMul", self._concatenate(xs), self.constant(f"{name}/weight", weight)
            )
            return self.node("Add", product, *biases) if biases else product
        return self.node(
            "MatMulIntegerToFloat",
            self._concatenate([self._codes(x, largest) for x in xs]),
            self.constant(f"{name}/weight", np.rint(weight / scales).astype(np.int8)),
            self._scale(xs[0], largest),
            self.constant(f"{name}/scales", scales),
            self._zero(),
            *(("", *biases) if biases else ()),  # the weights' own zero is 0
            domain=CONTRIB,
        )

    def _concatenate(self, tensors: Sequence[str]) -> str:
        return tensors[0] if len(tensors) == 1 else self.node("Concat", *tensors, axis=-1)

    def _codes(self, x: str, largest: float) -> str:
        """Quantise an activation, once for all of its products."""
        if x not in self._coded:
            scale = self._scale(x, largest)
            self._coded[x] = self.node("QuantizeLinear", x, scale, self._zero())
        return self._coded[x]

    def _scale(self, x: str, largest: float) -> str:
        name = "scale" if largest == 1 else f"{x}/scale"
        return self.constant(name, np.array(largest / ACTIVATION_STEPS, np.float32))

    def _zero(self) -> str:
        return self.constant("zero", np.array(ACTIVATION_ZERO, np.uint8))

    def finish(
        self, outputs: Mapping[str, str]
    ) -> tuple[list["onnx.NodeProto"], list["onnx.TensorProto"]]:
        """Return the operators and the weights that the graph's outputs depend on.

        Args:
            outputs: Name of each output of the graph, by its tensor.
        """
        needed, nodes = set(outputs), []
        for node in reversed(self._nodes):
            if not needed.isdisjoint(node.output):
                needed.update(node.input)
                nodes.append(node)
        for node in nodes:
            node.input[:] = [outputs.get(name, name) for name in node.input]
            node.output[:] = [outputs.get(name, name) for name in node.output]
        return nodes[::-1], [w for name, w in self._weights.items() if name in needed]

    def _place(self, node: "onnx.NodeProto") -> None:
        self._nodes.append(node)


def weight_scales(weight: np.ndarray) -> np.ndarray:
    """Return the scale of each column of a weight."""
    scales = np.abs(weight).max(axis=0) / np.float32(WEIGHT_STEPS)
    scales[scales == 0] = 1
    return scales
