"""The trained network as an ONNX graph: T steps of B streams, with the state in and out."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from seqgen.config import StackOptions
from seqgen.errors import CheckpointError
from seqgen.stack import cells
from seqgen.stack.shapes import layer_names, state_shapes

if TYPE_CHECKING:
    import onnx

IDS = "ids"
LOGITS = "logits"
# Old enough for every onnxruntime that there is for Python 3.11; nothing here needs newer.
OPSET = 17
IR_VERSION = 8
# A protobuf message ends there; only a network of over 500 million weights gets near.
MOST_BYTES = 2**31 - 2**20


def next_state(name: str) -> str:
    """Name of the output that carries a state on."""
    return f"next/{name}"


class GraphBuilder:
    """The graph under construction; what `seqgen.stack.cells.base.Graph` asks for."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: dict[str, onnx.TensorProto] = {}

    def weight(self, name: str, array: np.ndarray) -> str:
        """Put a constant into the graph, once for each name; returns its name."""
        from onnx import numpy_helper

        if name not in self.weights:
            self.weights[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return name

    def node(self, op: str, *inputs: str, outputs: int = 1, **attributes: Any) -> tuple[str, ...]:
        """Add an operator of the standard domain; returns the names of its outputs."""
        from onnx import helper

        number = len(self.nodes)
        results = tuple(f"{op}_{number}/{n}" for n in range(outputs))
        self.nodes.append(helper.make_node(op, inputs, results, f"{op}_{number}", **attributes))
        return results

    def name(self, tensor: str, output: str) -> None:
        """Give a tensor the name by which the graph's user reads it."""
        from onnx import helper

        self.nodes.append(helper.make_node("Identity", [tensor], [output], f"Identity_{output}"))


def build(options: StackOptions, vocab: int, weights: Mapping[str, np.ndarray]) -> bytes:
    """The one-step graph of a network, as the bytes of an ONNX file.

    options: the stack, with layers, units and embedding chosen.
    weights: the arrays that `seqgen.stack.shapes.weight_shapes` lists, float32.
    Its inputs are ``ids`` (int64 [T, B]) and every state by its name (float32 [B, *state shape]);
    its outputs ``logits`` (float32 [T, B, V]) and every state after the last step (`next_state`).
    Raises CheckpointError if the network is too large for the format.
    """
    from onnx import TensorProto, helper

    size = sum(array.nbytes for array in weights.values())
    if size > MOST_BYTES:
        raise CheckpointError(
            f"the weights take {size / 1e9:.1f} GB and a one-step graph holds 2 GB; "
            "train with fewer --units or --layers"
        )
    graph = GraphBuilder()
    states = state_shapes(options)
    cell = cells.find(options.cell)
    embedding = graph.weight("embedding/embeddings", weights["embedding/embeddings"])
    x_TBI = graph.node("Gather", embedding, IDS)[0]
    carried: dict[str, str] = {}
    for layer in layer_names(options):
        prefix = f"{layer}/"
        own = {n.removeprefix(prefix): a for n, a in weights.items() if n.startswith(prefix)}
        before = {n.removeprefix(prefix): n for n in states if n.startswith(prefix)}
        x_TBI, after = cell.step(graph, x_TBI, before, own, layer)
        carried |= {prefix + name: tensor for name, tensor in after.items()}
    scores = graph.node("MatMul", x_TBI, graph.weight("output/kernel", weights["output/kernel"]))
    logits = graph.node("Add", *scores, graph.weight("output/bias", weights["output/bias"]))
    graph.name(logits[0], LOGITS)
    for name, tensor in carried.items():
        graph.name(tensor, next_state(name))

    def value(name: str, kind: int, *shape: str | int) -> "onnx.ValueInfoProto":
        return helper.make_tensor_value_info(name, kind, shape)

    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "seqgen",
            [value(IDS, TensorProto.INT64, "T", "B")]
            + [value(n, TensorProto.FLOAT, "B", *shape) for n, shape in states.items()],
            [value(LOGITS, TensorProto.FLOAT, "T", "B", vocab)]
            + [value(next_state(n), TensorProto.FLOAT, "B", *s) for n, s in states.items()],
            list(graph.weights.values()),
        ),
        producer_name="seqgen",
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    return model.SerializeToString()
