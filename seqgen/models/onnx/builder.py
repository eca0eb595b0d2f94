"""The parts of an ONNX graph: weights, operators, and products in float32 or int8."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from seqgen.models.cells.base import Cell

if TYPE_CHECKING:
    import onnx

# Weights become whole numbers from -63 to 63, activations from 1 to 255 with 128 for 0: unsigned by
# signed is the product that x86 has in hardware. Before VNNI it adds two of them in 16 bits, which
# weights up to 127 would overflow, unnoticed; one bit less costs under 0.0001 nats a token.
WEIGHT_STEPS = 63
ACTIVATION_STEPS = 127
ACTIVATION_ZERO = 128

# Activations with a larger bound, or none, keep float32: too few codes would fall where they mostly
# lie.
WIDEST = 8.0

# Operators that onnxruntime has beside the standard ones.
CONTRIB = "com.microsoft"


class GraphBuilder:
    """The graph under construction; what `seqgen.models.cells.base.Graph` asks for.

    int8: whether products are taken of whole numbers: weights with a scale for each column,
        activations with one that is known beforehand, since `linear` takes nothing beyond its
        bounds. A scale that followed the activations would have to be found at every step, and
        would make what a stream writes depend on the streams beside it.
    """

    def __init__(self, *, int8: bool) -> None:
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
        """Say which layer is added next, and how many units it has."""
        self._layer = (layer, units)

    def gate(self, name: str, tensor: str) -> str:
        """Say that a tensor [B, H] is a gate of the layer; `gates` has it as ``layer/name``."""
        layer, units = self._layer
        self.gates[f"{layer}/{name}"] = (tensor, units)
        return tensor

    def bound(self, tensor: str, largest: float | None) -> str:
        """Say that no value of a tensor is larger in size; None if there is no such bound."""
        if largest != self._bound(tensor):
            self._largest[tensor] = largest
        return tensor

    def _fits_int8(self, tensor: str) -> bool:
        """Whether a tensor has a bound, and one that leaves codes enough where most values lie."""
        largest = self._bound(tensor)
        return largest is not None and largest <= WIDEST

    def _bound(self, tensor: str) -> float | None:
        return self._largest.get(tensor, 1.0)

    def layer(
        self,
        cell: Cell,
        x_BI: str,
        states: Mapping[str, str],
        weights: Mapping[str, np.ndarray],
        name: str,
    ) -> tuple[str, dict[str, str]]:
        """Add a layer of cells: what `Cell.step` says."""
        return cell.step(self, x_BI, states, weights, name)

    def last(self, tensor: str) -> str:
        """What a tensor is at the last step."""
        return tensor

    def joined(self, tensors: Sequence[str]) -> str:
        """Tensors [B, I] side by side, in order."""
        if len(tensors) == 1:
            return tensors[0]
        bounds = [self._bound(tensor) for tensor in tensors]
        largest = None if None in bounds else max(b for b in bounds if b is not None)
        return self.bound(self.node("Concat", *tensors, axis=-1), largest)

    def sum(self, one: str, other: str) -> str:
        """Two tensors [B, H] added up."""
        a, b = self._bound(one), self._bound(other)
        return self.bound(self.node("Add", one, other), None if a is None or b is None else a + b)

    def constant(self, name: str, array: np.ndarray) -> str:
        """Put a constant into the graph, once for each name; returns its name."""
        from onnx import numpy_helper

        if name not in self._weights:
            self._weights[name] = numpy_helper.from_array(np.asarray(array, order="C"), name)
        return name

    def node(self, op: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add an operator; returns the name of its one output."""
        return self._add(op, inputs, 1, domain, attributes)[0]

    def nodes(
        self, op: str, *inputs: str, outputs: int, domain: str = "", **attributes: Any
    ) -> tuple[str, ...]:
        """As `node`, of an operator with several outputs; an input that is left out is ``""``."""
        return self._add(op, inputs, outputs, domain, attributes)

    def codes(self, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A weight [I, O] in int8, and the scale of each of its columns."""
        scales = weight_scales(weight)
        return np.rint(weight / scales).astype(np.int8), scales

    def split(self, tensor: str, parts: int) -> tuple[str, ...]:
        """The equal parts of a tensor's last dimension."""
        return self._add("Split", (tensor,), parts, "", {"axis": -1})

    def lookup(self, ids_B: str, table: np.ndarray, name: str) -> str:
        """Row ``ids_B`` of a table [V, I], for each stream; returns the name of the rows [B, I]."""
        rows_BI = self.node("Gather", self.constant(name, table), ids_B)
        self._lookups[rows_BI] = (table, ids_B)
        self._largest[rows_BI] = float(np.abs(table).max()) or 1.0
        return rows_BI

    def sum_of_lookups(
        self, rows_BI: str, ids_BF: str, table: np.ndarray, offsets: Sequence[int], name: str
    ) -> str:
        """What `lookup` gave, with F rows of another table added to it; returns the name, [B, I].

        offsets: where in the table the rows begin that each of the F numbers counts.
        """
        first = self.constant(f"{name}/offsets", np.array(offsets, np.int64))
        more_BFI = self.node("Gather", self.constant(name, table), self.node("Add", ids_BF, first))
        axis = self.constant(f"{name}/axis", np.array([1], np.int64))
        sum_BI = self.node("Add", rows_BI, self.node("ReduceSum", more_BFI, axis, keepdims=0))
        # No sum is larger, whichever rows come together.
        parts = np.split(np.abs(table), offsets[1:])
        bound_I = np.abs(self._lookups[rows_BI][0]).max(axis=0)
        bound_I = bound_I + np.sum([part.max(axis=0) for part in parts], axis=0)
        self._largest[sum_BI] = float(bound_I.max()) or 1.0
        return sum_BI

    def linear(self, inputs: Mapping[str, np.ndarray], bias: np.ndarray | None, name: str) -> str:
        """``x W + ... + b``; returns the name of the result [B, O].

        inputs: the weight [I, O] of each input [B, I], whose values are within what `bound` said,
            or in [-1, 1]. Where they may be larger than `WIDEST` the product is in float32.
        bias: [O], or None. name: prefix for what is put into the graph.
        """
        total = ""
        for number, (xs, weight, scales) in enumerate(self._terms(inputs)):
            term = self._product(xs, weight, None if total else bias, f"{name}/{number}", scales)
            total = self.node("Add", total, term) if total else term
        return total

    def _terms(
        self, inputs: Mapping[str, np.ndarray]
    ) -> Iterator[tuple[Sequence[str], np.ndarray, np.ndarray | None]]:
        """The products that a sum is made of: inputs, weight and the scales of its columns."""
        apart = [[x] for x in inputs if x in self._lookups or self._bound(x) != 1]
        # Side by side the others are one product: 22,200 steps a second of an LSTM of 2 x 512
        # units, and 19,600 with a product each.
        together = [x for x in inputs if [x] not in apart]
        for xs in filter(None, (*apart, together)):
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
        """``x W + b`` of inputs side by side. scales: of the weight's columns, for int8."""
        if xs[0] in self._lookups:
            table, ids_B = self._lookups[xs[0]]
            # The products of all rows beforehand, unless these are more numbers than the weights.
            if len(table) <= len(weight):
                products = table @ weight + (0 if bias is None else bias)
                return self.node("Gather", self.constant(f"{name}/products", products), ids_B)
        biases = () if bias is None else (self.constant(f"{name}/bias", bias),)
        if scales is None or not self._fits_int8(xs[0]):
            product = self.node("MatMul", self._beside(xs), self.constant(f"{name}/weight", weight))
            return self.node("Add", product, *biases) if biases else product
        return self.node(
            "MatMulIntegerToFloat",
            self._beside([self._codes(x) for x in xs]),
            self.constant(f"{name}/weight", np.rint(weight / scales).astype(np.int8)),
            self._scale(xs[0]),
            self.constant(f"{name}/scales", scales),
            self._zero(),
            *(("", *biases) if biases else ()),  # the weights' own zero is 0
            domain=CONTRIB,
        )

    def _beside(self, tensors: Sequence[str]) -> str:
        return tensors[0] if len(tensors) == 1 else self.node("Concat", *tensors, axis=-1)

    def _codes(self, x: str) -> str:
        """An activation as codes, which are taken once however many products there are of it."""
        if x not in self._coded:
            self._coded[x] = self.node("QuantizeLinear", x, self._scale(x), self._zero())
        return self._coded[x]

    def _scale(self, x: str) -> str:
        largest = self._bound(x)
        assert largest is not None
        name = "scale" if largest == 1 else f"{x}/scale"
        return self.constant(name, np.array(largest / ACTIVATION_STEPS, np.float32))

    def _zero(self) -> str:
        return self.constant("zero", np.array(ACTIVATION_ZERO, np.uint8))

    def finish(
        self, outputs: Mapping[str, str]
    ) -> tuple[list["onnx.NodeProto"], list["onnx.TensorProto"]]:
        """The operators and the weights that the graph's outputs depend on.

        outputs: by the tensor that each is, the name by which the graph's user reads it.
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

    def _add(
        self,
        op: str,
        inputs: tuple[str, ...],
        outputs: int,
        domain: str,
        attributes: Mapping[str, Any],
    ) -> tuple[str, ...]:
        node, results = self._made(op, inputs, outputs, domain, attributes)
        self._nodes.append(node)
        return results

    def _made(
        self,
        op: str,
        inputs: tuple[str, ...],
        outputs: int,
        domain: str,
        attributes: Mapping[str, Any],
    ) -> tuple["onnx.NodeProto", tuple[str, ...]]:
        """An operator that is in no graph yet, and the names of its outputs."""
        from onnx import helper

        name = f"{op}_{next(self._numbers)}"
        results = tuple(f"{name}/{n}" for n in range(outputs))
        node = helper.make_node(op, inputs, results, name, domain=domain, **attributes)
        return node, results


def weight_scales(weight: np.ndarray) -> np.ndarray:
    """What one step of each column's codes stands for."""
    scales = np.abs(weight).max(axis=0) / np.float32(WEIGHT_STEPS)
    scales[scales == 0] = 1
    return scales
