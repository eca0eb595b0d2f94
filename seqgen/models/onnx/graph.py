"""The trained network as an ONNX graph: one step of B streams, with the state in and out."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from seqgen.config.options import INT8, PRECISIONS
from seqgen.config.resolved import ModelSpec
from seqgen.errors import CheckpointError, unknown_name
from seqgen.models import cells
from seqgen.models.architecture import (
    NORM_EPSILON,
    LayerShape,
    feature_offsets,
    output_layer,
    recurrent_layers,
    select_layer,
    state_shapes,
)
from seqgen.models.onnx.builder import CONTRIB, GraphBuilder
from seqgen.models.onnx.sequence import SequenceBuilder

if TYPE_CHECKING:
    import onnx

# Increase it when `build` or `build_sequence` changes: cached graphs are then built again.
GRAPH_FORMAT = 2

IDS = "ids"
FEATURES = "places"
LOGITS = "logits"
GATE = "gate/"
# Every onnxruntime for Python 3.11 supports these.
OPSET = 17
IR_VERSION = 8
# Limit of a protobuf message, about 500 million weights.
MAX_BYTES = 2**31 - 2**20


def normalise(
    graph: GraphBuilder, kind: str | None, x_BI: str, weights: Mapping[str, np.ndarray]
) -> str:
    """Add the normalisation of a layer's input."""
    if kind is None:
        return x_BI
    gamma, beta = weights["gamma"], weights["beta"]
    if kind == "layer":
        constants = (graph.constant(f"{x_BI}/{n}", weights[n]) for n in ("gamma", "beta"))
        normed = graph.node("LayerNormalization", x_BI, *constants, axis=-1, epsilon=NORM_EPSILON)
        return graph.bound(normed, None)
    scale = gamma / np.sqrt(weights["moving_variance"] + NORM_EPSILON)
    shift = beta - weights["moving_mean"] * scale
    scaled = graph.node("Mul", x_BI, graph.constant(f"{x_BI}/scale", scale))
    return graph.bound(graph.node("Add", scaled, graph.constant(f"{x_BI}/shift", shift)), None)


def next_state(name: str) -> str:
    """Return the name of the output of a state after the step."""
    return f"next/{name}"


def build(
    spec: ModelSpec,
    vocab: int,
    weights: Mapping[str, np.ndarray],
    precision: str = INT8,
    feature_sizes: tuple[int, ...] = (),
    gates: bool = False,
) -> bytes:
    """Build the one-step graph of a network.

    Its inputs are ``ids`` (int64 [B]), with input features ``places`` (int64 [B, F]), and every
    state by its name (float32 [B, *state shape]); its outputs are ``logits`` (float32 [B, V]) and
    every state after the step (`next_state`).

    Args:
        spec: The layers.
        vocab: Number of tokens, V.
        weights: The arrays of `seqgen.models.architecture.weight_shapes`, float32.
        precision: Of the operands of products, one of `seqgen.config.options.PRECISIONS`.
        feature_sizes: Number of values of each input feature.
        gates: Whether to output the gates, as ``gate/layer/gate`` (float32 [B, H]).

    Returns:
        The bytes of an ONNX file.

    Raises:
        CheckpointError: If the network is too large for the format.
        ConfigError: If the precision is unknown.
    """
    check_size_and_precision(weights, precision)
    graph = GraphBuilder(int8=precision == INT8)
    outputs = add_network(graph, spec, weights, feature_sizes)
    more = graph.gates if gates else {}
    outputs |= {tensor: GATE + name for name, (tensor, _) in more.items()}
    shapes = {GATE + name: (units,) for name, (_, units) in more.items()}
    return serialise(graph, outputs, "B", "B", spec, vocab, feature_sizes, shapes)


def build_sequence(
    spec: ModelSpec,
    vocab: int,
    weights: Mapping[str, np.ndarray],
    precision: str = INT8,
    feature_sizes: tuple[int, ...] = (),
) -> bytes:
    """Build the graph of a network over a sequence of one stream.

    Nodes that do not depend on a state, such as the product with a layer's input, compute all steps
    at once; the others are the body of a loop (ONNX's Scan) for each layer. The state after a
    sequence is that of the one-step graph up to the rounding of float32 sums.

    Arguments, inputs, outputs and errors are those of `build`, except for the shapes: ``ids`` is
    int64 [T], ``places`` int64 [T, F], and the states and the logits, which are those after the
    last token, have a leading dimension of 1.
    """
    check_size_and_precision(weights, precision)
    graph = SequenceBuilder((IDS, FEATURES), int8=precision == INT8)
    outputs = add_network(graph, spec, weights, feature_sizes)
    return serialise(graph, outputs, "T", 1, spec, vocab, feature_sizes)


def check_size_and_precision(weights: Mapping[str, np.ndarray], precision: str) -> None:
    if precision not in PRECISIONS:
        raise unknown_name("precision", precision, PRECISIONS)
    size = sum(array.nbytes for array in weights.values())
    if size > MAX_BYTES:
        raise CheckpointError(
            f"the weights take {size / 1e9:.1f} GB and a one-step graph holds 2 GB; "
            "train with fewer `units` or `layers`"
        )


def add_network(
    graph: GraphBuilder,
    spec: ModelSpec,
    weights: Mapping[str, np.ndarray],
    feature_sizes: tuple[int, ...],
) -> dict[str, str]:
    """Add a network to a graph; return the names of logits and next states by tensor."""
    states = state_shapes(spec)
    outputs: dict[str, str] = {}
    layers = recurrent_layers(spec)
    cell = cells.of(spec)
    x_BI = graph.lookup(IDS, weights["embedding/embeddings"], "embedding/embeddings")
    if feature_sizes:
        table = weights["places/embeddings"]
        x_BI = graph.sum_of_lookups(
            x_BI, FEATURES, table, feature_offsets(feature_sizes), "places/embeddings"
        )
    below = [x_BI]

    def read(layer: LayerShape, last: bool = False) -> tuple[str, str]:
        """Return the input of a layer and the normalised input; ``last``: at the last step only."""
        x_BI = graph.concatenate(below) if spec.dense else below[-1]
        x_BI = graph.last(x_BI) if last else x_BI
        return x_BI, normalise(graph, spec.norm, x_BI, select_layer(weights, layer.norm))

    for layer in layers:
        before = {n: f"{layer.name}/{n}" for n in select_layer(states, layer.name)}
        graph.within(layer.name, layer.units)
        x_BI, normed_BI = read(layer)
        y_BH, after = graph.layer(
            cell, normed_BI, before, select_layer(weights, layer.name), layer.name
        )
        outputs |= {tensor: next_state(before[name]) for name, tensor in after.items()}
        graph.bound(y_BH, cell.bound)
        below.append(graph.sum(x_BI, y_BH) if layer.residual else y_BH)
    _, x_BI = read(output_layer(spec), last=True)
    kernel = weights["embedding/embeddings"].T if spec.tie_embeddings else weights["output/kernel"]
    outputs[graph.linear({x_BI: kernel}, weights["output/bias"], "output")] = LOGITS
    return outputs


def serialise(
    graph: GraphBuilder,
    outputs: Mapping[str, str],
    tokens: str,
    streams: str | int,
    spec: ModelSpec,
    vocab: int,
    feature_sizes: tuple[int, ...],
    more: Mapping[str, tuple[int, ...]] = MappingProxyType({}),
) -> bytes:
    """Serialise a graph with a network as an ONNX file.

    Args:
        graph: The graph.
        outputs: As `add_network` returned them, and other outputs.
        tokens: Leading dimension of tokens.
        streams: Leading dimension of logits and states.
        spec: The network.
        vocab: Number of tokens, V.
        feature_sizes: Number of values of each input feature.
        more: Shapes of the other outputs by name, without the leading dimension.
    """
    from onnx import TensorProto, helper

    states = state_shapes(spec)

    def value(name: str, kind: int, *shape: str | int) -> "onnx.ValueInfoProto":
        return helper.make_tensor_value_info(name, kind, shape)

    nodes, constants = graph.finish(outputs)
    model = helper.make_model(
        helper.make_graph(
            nodes,
            "seqgen",
            [value(IDS, TensorProto.INT64, tokens)]
            + [value(FEATURES, TensorProto.INT64, tokens, len(feature_sizes))] * bool(feature_sizes)
            + [value(n, TensorProto.FLOAT, streams, *shape) for n, shape in states.items()],
            [value(LOGITS, TensorProto.FLOAT, streams, vocab)]
            + [value(next_state(n), TensorProto.FLOAT, streams, *s) for n, s in states.items()]
            + [value(n, TensorProto.FLOAT, streams, *shape) for n, shape in more.items()],
            constants,
        ),
        producer_name="seqgen",
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)],
        ir_version=IR_VERSION,
    )
    return model.SerializeToString()
