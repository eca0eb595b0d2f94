"""The graph of a sequence of one stream, with a loop for each layer."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from seqgen.models.cells.base import Arrays, Cell, LayerTensors, Names
from seqgen.models.onnx.builder import GraphBuilder

if TYPE_CHECKING:
    import onnx


class SequenceBuilder(GraphBuilder):
    """A graph under construction whose tokens are [T]; each layer becomes a loop over the steps.

    Cells add the nodes of one step, as to the one-step graph. A node that does not depend on a
    state is added outside of the loop, where it computes all steps at once: a tensor [B, I] of a
    step is [T, I] there. A node that depends on a state is added to the body of the layer's Scan,
    where its tensors are [1, I]; its other inputs are scanned.
    """

    def __init__(self, inputs: Iterable[str], *, int8: bool) -> None:
        """Start an empty graph; ``inputs`` are its inputs that are sequences."""
        super().__init__(int8=int8)
        self._sequences = set(inputs)  # tensors outside of the loops with the steps as first axis
        self._inside: set[str] = set()  # tensors of the body
        self._body: list[onnx.NodeProto] = []
        self._steps: dict[str, str] = {}  # by sequence, the tensor that is one step of it

    def layer(
        self, cell: Cell, x_BI: str, states: Names, weights: Arrays, name: str
    ) -> LayerTensors:
        from onnx import TensorProto, helper

        if self.int8 and self._fits_int8(x_BI):
            result = cell.sequence(self, x_BI, states, weights, name)
            if result:
                return result
        before = {state: f"{name}/{state}/before" for state in states}
        self._inside, self._body, self._steps = set(before.values()), [], {}
        y_BH, after = cell.step(self, x_BI, before, weights, name)
        # Each result of the body needs another name, even if a state is also the output.
        results = [self._copy(tensor) for tensor in (*after.values(), y_BH)]

        def values(names: Iterable[str]) -> list["onnx.ValueInfoProto"]:
            return [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in names]

        body = helper.make_graph(
            self._body, name, values([*before.values(), *self._steps.values()]), values(results), []
        )
        read, self._inside = list(self._steps), set()
        axis = self.constant("axis/1", np.array([1], np.int64))
        inputs = [*states.values(), *(self.node("Unsqueeze", tensor, axis) for tensor in read)]
        *ends, y_T1H = self.nodes(
            "Scan", *inputs, outputs=len(results), body=body, num_scan_inputs=len(read)
        )
        return self.node("Squeeze", y_T1H, axis), dict(zip(after, ends, strict=True))

    def last(self, tensor: str) -> str:
        end = self.node("Gather", tensor, self.constant("last", np.array([-1], np.int64)), axis=0)
        return self.bound(end, self._bound(tensor))

    def finish(
        self, outputs: Mapping[str, str]
    ) -> tuple[list["onnx.NodeProto"], list["onnx.TensorProto"]]:
        nodes, constants = super().finish(outputs)
        bodies = [a.g for node in nodes if node.op_type == "Scan" for a in node.attribute if a.g]
        body_inputs = {name for body in bodies for node in body.node for name in node.input}
        known = {constant.name for constant in constants}
        more = [w for name, w in self._weights.items() if name in body_inputs - known]
        return nodes, [*constants, *more]

    def _terms(
        self, inputs: Mapping[str, np.ndarray]
    ) -> Iterator[tuple[Sequence[str], np.ndarray, np.ndarray | None]]:
        """Yield the terms of the one-step graph, with its scales; those outside the loop first."""
        parts = []
        for xs, weight, scales in super()._terms(inputs):
            edges = np.cumsum([len(inputs[x]) for x in xs])[:-1]
            for x, rows in zip(xs, np.split(weight, edges), strict=True):
                parts.append(([x], rows, scales))
        yield from sorted(parts, key=lambda part: part[0][0] in self._inside)

    def _copy(self, tensor: str) -> str:
        """Copy a tensor of the body, or a step of a sequence, to a new tensor of the body."""
        from onnx import helper

        name = f"Identity_{next(self._numbers)}"
        self._place_in_body(helper.make_node("Identity", [tensor], [f"{name}/0"], name))
        return f"{name}/0"

    def _place(self, node: "onnx.NodeProto") -> None:
        if not self._inside.isdisjoint(node.input):
            self._place_in_body(node)
            return
        super()._place(node)
        if not self._sequences.isdisjoint(node.input):
            self._sequences.update(node.output)

    def _place_in_body(self, node: "onnx.NodeProto") -> None:
        node.input[:] = [
            self._steps.setdefault(name, f"{name}/step") if name in self._sequences else name
            for name in node.input
        ]
        self._body.append(node)
        self._inside.update(node.output)
