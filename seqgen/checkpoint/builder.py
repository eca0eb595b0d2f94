"""The parts of an ONNX graph: weights, operators, and products in float32 or int8."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import onnx

# Weights become whole numbers from -63 to 63, activations from 1 to 255 with 128 for 0: unsigned by
# signed is the product that x86 has in hardware. Before VNNI it adds two of them in 16 bits, which
# weights up to 127 would overflow, unnoticed; one bit less costs under 0.0001 nats a token.
WEIGHT_STEPS = 63
ACTIVATION_STEPS = 127
ACTIVATION_ZERO = 128

# Operators that onnxruntime has beside the standard ones.
CONTRIB = "com.microsoft"


class GraphBuilder:
    """The graph under construction; what `seqgen.stack.cells.base.Graph` asks for.

    int8: whether products are taken of whole numbers: weights with a scale for each column,
        activations with one that is known beforehand, since `linear` takes nothing beyond its
        bounds. A scale that followed the activations would have to be found at every step, and
        would make what a stream writes depend on the streams beside it.
    """

    def __init__(self, *, int8: bool) -> None:
        self.int8 = int8
        self._nodes: list[onnx.NodeProto] = []
        self._weights: dict[str, onnx.TensorProto] = {}
        self._lookups: dict[str, tuple[np.ndarray, str]] = {}
        self._largest: dict[str, float] = {}
        self._coded: dict[str, str] = {}

    def weight(self, name: str, array: np.ndarray) -> str:
        """Put a constant into the graph, once for each name; returns its name."""
        from onnx import numpy_helper

        if name not in self._weights:
            self._weights[name] = numpy_helper.from_array(np.asarray(array, order="C"), name)
        return name

    def node(self, op: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add an operator; returns the name of its one output."""
        return self._add(op, inputs, 1, domain, attributes)[0]

    def split(self, tensor: str, parts: int) -> tuple[str, ...]:
        """The equal parts of a tensor's last dimension."""
        return self._add("Split", (tensor,), parts, "", {"axis": -1})

    def lookup(self, ids_B: str, table: np.ndarray, name: str) -> str:
        """Row ``ids_B`` of a table [V, I], for each stream; returns the name of the rows [B, I]."""
        rows_BI = self.node("Gather", self.weight(name, table), ids_B)
        self._lookups[rows_BI] = (table, ids_B)
        self._largest[rows_BI] = float(np.abs(table).max()) or 1.0
        return rows_BI

    def sum_of_lookups(
        self, rows_BI: str, ids_BF: str, table: np.ndarray, offsets: Sequence[int], name: str
    ) -> str:
        """What `lookup` gave, with F rows of another table added to it; returns the name, [B, I].

        offsets: where in the table the rows begin that each of the F numbers counts.
        """
        first = self.weight(f"{name}/offsets", np.array(offsets, np.int64))
        more_BFI = self.node("Gather", self.weight(name, table), self.node("Add", ids_BF, first))
        axis = self.weight(f"{name}/axis", np.array([1], np.int64))
        sum_BI = self.node("Add", rows_BI, self.node("ReduceSum", more_BFI, axis, keepdims=0))
        # No sum is larger, whichever rows come together.
        parts = np.split(np.abs(table), offsets[1:])
        bound_I = np.abs(self._lookups[rows_BI][0]).max(axis=0)
        bound_I = bound_I + np.sum([part.max(axis=0) for part in parts], axis=0)
        self._largest[sum_BI] = float(bound_I.max()) or 1.0
        return sum_BI

    def linear(self, inputs: Mapping[str, np.ndarray], bias: np.ndarray | None, name: str) -> str:
        """``x W + ... + b``; returns the name of the result [B, O].

        inputs: the weight [I, O] of each input [B, I], which is from `lookup` or `sum_of_lookups`,
            or of values in [-1, 1], as the output of every cell is.
        bias: [O], or None. name: prefix for what is put into the graph.
        """
        apart = [[x] for x in inputs if x in self._largest]
        # Side by side the others are one product: 22,200 steps a second of an LSTM of 2 x 512
        # units, and 19,600 with a product each.
        together = [x for x in inputs if x not in self._largest]
        total = ""
        for number, xs in enumerate(filter(None, (*apart, together))):
            weight = np.concatenate([inputs[x] for x in xs])
            term = self._product(xs, weight, None if total else bias, f"{name}/{number}")
            total = self.node("Add", total, term) if total else term
        return total

    def _product(
        self, xs: Sequence[str], weight: np.ndarray, bias: np.ndarray | None, name: str
    ) -> str:
        if xs[0] in self._lookups:
            table, ids_B = self._lookups[xs[0]]
            # The products of all rows beforehand, unless these are more numbers than the weights.
            if len(table) <= len(weight):
                products = table @ weight + (0 if bias is None else bias)
                return self.node("Gather", self.weight(f"{name}/products", products), ids_B)
        biases = () if bias is None else (self.weight(f"{name}/bias", bias),)
        if not self.int8:
            product = self.node("MatMul", self._joined(xs), self.weight(f"{name}/weight", weight))
            return self.node("Add", product, *biases) if biases else product
        scales = np.abs(weight).max(axis=0) / np.float32(WEIGHT_STEPS)
        scales[scales == 0] = 1
        return self.node(
            "MatMulIntegerToFloat",
            self._joined([self._codes(x) for x in xs]),
            self.weight(f"{name}/weight", np.rint(weight / scales).astype(np.int8)),
            self._scale(xs[0]),
            self.weight(f"{name}/scales", scales),
            self._zero(),
            *(("", *biases) if biases else ()),  # the weights' own zero is 0
            domain=CONTRIB,
        )

    def _joined(self, tensors: Sequence[str]) -> str:
        return tensors[0] if len(tensors) == 1 else self.node("Concat", *tensors, axis=-1)

    def _codes(self, x: str) -> str:
        """An activation as codes, which are taken once however many products there are of it."""
        if x not in self._coded:
            self._coded[x] = self.node("QuantizeLinear", x, self._scale(x), self._zero())
        return self._coded[x]

    def _scale(self, x: str) -> str:
        name = f"{x}/scale" if x in self._largest else "scale"
        largest = self._largest.get(x, 1.0)
        return self.weight(name, np.array(largest / ACTIVATION_STEPS, np.float32))

    def _zero(self) -> str:
        return self.weight("zero", np.array(ACTIVATION_ZERO, np.uint8))

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
        from onnx import helper

        number = len(self._nodes)
        results = tuple(f"{op}_{number}/{n}" for n in range(outputs))
        self._nodes.append(
            helper.make_node(op, inputs, results, f"{op}_{number}", domain=domain, **attributes)
        )
        return results
