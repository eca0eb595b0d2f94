"""The trained network as an ONNX graph: one step of B streams, with the state in and out."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from seqgen.checkpoint.builder import CONTRIB, GraphBuilder
from seqgen.checkpoint.format import INT8, PRECISIONS
from seqgen.config import StackOptions
from seqgen.errors import CheckpointError, unknown_name
from seqgen.stack import cells
from seqgen.stack.shapes import layer_names, place_offsets, state_shapes

if TYPE_CHECKING:
    import onnx

IDS = "ids"
PLACES = "places"
LOGITS = "logits"
# Old enough for every onnxruntime that there is for Python 3.11; nothing here needs newer.
OPSET = 17
IR_VERSION = 8
# A protobuf message ends there; only a network of over 500 million weights gets near.
MOST_BYTES = 2**31 - 2**20


def next_state(name: str) -> str:
    """Name of the output that carries a state on."""
    return f"next/{name}"


def build(
    options: StackOptions,
    vocab: int,
    weights: Mapping[str, np.ndarray],
    precision: str = INT8,
    places: tuple[int, ...] = (),
) -> bytes:
    """The one-step graph of a network, as the bytes of an ONNX file.

    options: the stack, with layers, units and embedding chosen.
    weights: the arrays that `seqgen.stack.shapes.weight_shapes` lists, float32.
    precision: of the products' operands, one of `seqgen.checkpoint.format.PRECISIONS`.
    places: of each number that comes beside a token, how many values it has.
    Its inputs are ``ids`` (int64 [B]), with them ``places`` (int64 [B, F]) where there are such
    numbers, and every state by its name (float32 [B, *state shape]); its outputs ``logits``
    (float32 [B, V]) and every state after the step (`next_state`).
    Raises CheckpointError if the network is too large for the format, ConfigError for an unknown
    precision.
    """
    from onnx import TensorProto, helper

    if precision not in PRECISIONS:
        raise unknown_name("precision", precision, PRECISIONS)
    size = sum(array.nbytes for array in weights.values())
    if size > MOST_BYTES:
        raise CheckpointError(
            f"the weights take {size / 1e9:.1f} GB and a one-step graph holds 2 GB; "
            "train with fewer --units or --layers"
        )
    graph = GraphBuilder(int8=precision == INT8)
    states = state_shapes(options)
    outputs: dict[str, str] = {}
    cell = cells.find(options.cell)
    x_BI = graph.lookup(IDS, weights["embedding/embeddings"], "embedding/embeddings")
    if places:
        table = weights["places/embeddings"]
        x_BI = graph.sum_of_lookups(x_BI, PLACES, table, place_offsets(places), "places/embeddings")
    for layer in layer_names(options):
        prefix = f"{layer}/"
        own = {n.removeprefix(prefix): a for n, a in weights.items() if n.startswith(prefix)}
        before = {n.removeprefix(prefix): n for n in states if n.startswith(prefix)}
        x_BI, after = cell.step(graph, x_BI, before, own, layer)
        outputs |= {tensor: next_state(prefix + name) for name, tensor in after.items()}
    kernel, bias = weights["output/kernel"], weights["output/bias"]
    outputs[graph.linear({x_BI: kernel}, bias, "output")] = LOGITS

    def value(name: str, kind: int, *shape: str | int) -> "onnx.ValueInfoProto":
        return helper.make_tensor_value_info(name, kind, shape)

    nodes, constants = graph.finish(outputs)
    model = helper.make_model(
        helper.make_graph(
            nodes,
            "seqgen",
            [value(IDS, TensorProto.INT64, "B")]
            + ([value(PLACES, TensorProto.INT64, "B", len(places))] if places else [])
            + [value(n, TensorProto.FLOAT, "B", *shape) for n, shape in states.items()],
            [value(LOGITS, TensorProto.FLOAT, "B", vocab)]
            + [value(next_state(n), TensorProto.FLOAT, "B", *s) for n, s in states.items()],
            constants,
        ),
        producer_name="seqgen",
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)],
        ir_version=IR_VERSION,
    )
    return model.SerializeToString()
