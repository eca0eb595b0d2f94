"""How a stack is put together: the name and shape of every layer, weight and state."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from seqgen.config.options import ModelOptions
from seqgen.config.resolved import CELL_OPTIONS, ModelSpec
from seqgen.errors import ConfigError
from seqgen.models import cells

# Batch normalisation has two more, which follow the data and not a gradient.
NORM_WEIGHTS = {
    "layer": ("gamma", "beta"),
    "batch": ("gamma", "beta", "moving_mean", "moving_variance"),
}
MOVING = ("moving_mean", "moving_variance")
NORM_EPSILON = 1e-3


@dataclass(frozen=True)
class LayerShape:
    """A recurrent layer in its place, or the output layer.

    name: of its weights and states. norm: of what normalises what it reads, if anything does.
    inputs: width of what it reads. units: of what it writes; 0 for the output layer.
    residual: whether what it reads is added to what it writes.
    """

    name: str
    norm: str
    inputs: int
    units: int
    residual: bool = False


def recurrent_layers(model: ModelSpec) -> tuple[LayerShape, ...]:
    """The recurrent layers, bottom to top. Raises ConfigError if they do not fit each other."""
    found, widths = [], [model.embedding]
    for n, units in enumerate(model.units, 1):
        inputs = sum(widths) if model.dense else widths[-1]
        residual = model.residual and inputs == units
        found.append(LayerShape(f"recurrent_{n}", f"norm_{n}", inputs, units, residual))
        widths.append(units)
    if model.residual and not any(layer.residual for layer in found):
        raise ConfigError(
            "adds the input of a layer to its output, and no layer here has an output as wide as "
            f"its input; give more `layers`, or `embedding={model.units[0]}`",
            option="residual",
        )
    return tuple(found)


def output_layer(model: ModelSpec) -> LayerShape:
    """The output layer. Raises ConfigError if it cannot be tied to the embedding."""
    widths = model.units
    inputs = model.embedding + sum(widths) if model.dense else widths[-1]
    if model.tie_embeddings and inputs != model.embedding:
        raise ConfigError(
            "needs an embedding as wide as the last layer; "
            f"`embedding={inputs}` with {inputs} units",
            option="tie_embeddings",
        )
    return LayerShape("output", f"norm_{len(widths) + 1}", inputs, 0)


def resolve_model(options: ModelOptions, cell_options: Mapping[str, Any]) -> ModelSpec:
    """The network of some options, which must give units and embedding.

    Args:
        options: Where dropout is not given it is 0, and that of the embedding as of the layers.
        cell_options: Those of the cell alone (`seqgen.models.cells.resolve_options`).

    Raises:
        ConfigError: If a value is missing, or the layers do not fit each other.
    """
    given = {f.name: getattr(options, f.name) for f in fields(ModelSpec) if f.name != CELL_OPTIONS}
    if options.units is not None and len(options.units) == 1:
        given["units"] = options.units * (1 if options.layers is None else options.layers)
    if given["dropout"] is None:
        given["dropout"] = 0.0
    if given["embedding_dropout"] is None:
        given["embedding_dropout"] = given["dropout"]
    model = ModelSpec(**given, cell_options=dict(cell_options))
    recurrent_layers(model)
    output_layer(model)
    return model


def layer_names(model: ModelSpec) -> tuple[str, ...]:
    """Name of each recurrent layer, bottom to top."""
    return tuple(layer.name for layer in recurrent_layers(model))


def weight_shapes(
    model: ModelSpec, vocab: int, feature_sizes: tuple[int, ...] = ()
) -> dict[str, tuple[int, ...]]:
    """Shape of every weight by ``layer/weight``, bottom to top.

    vocab: how many tokens there are.
    feature_sizes: number of values of each input feature.
    Raises ConfigError if the layers do not fit each other.
    """
    cell, layers, output = cells.of(model), recurrent_layers(model), output_layer(model)
    width = model.embedding
    shapes: dict[str, tuple[int, ...]] = {"embedding/embeddings": (vocab, width)}
    if feature_sizes:
        shapes["places/embeddings"] = (sum(feature_sizes), width)
    for layer in (*layers, output):
        for weight in NORM_WEIGHTS[model.norm] if model.norm else ():
            shapes[f"{layer.norm}/{weight}"] = (layer.inputs,)
        if layer.units:
            for weight, shape in cell.shapes(layer.inputs, layer.units).items():
                shapes[f"{layer.name}/{weight}"] = shape
    if not model.tie_embeddings:
        shapes["output/kernel"] = (output.inputs, vocab)
    shapes["output/bias"] = (vocab,)
    return shapes


def learned_weights(
    model: ModelSpec, vocab: int, feature_sizes: tuple[int, ...] = ()
) -> tuple[str, ...]:
    """Names of the weights that follow a gradient, in the order of `weight_shapes`."""
    cell = cells.of(model)
    fixed = {f"{layer}/{weight}" for layer in layer_names(model) for weight in cell.fixed}
    if cell.fixed_embedding:
        fixed |= {"embedding/embeddings", "places/embeddings"}
        # Nor is what normalises their inputs, since no gradient comes that far.
        norms = [layer.norm for layer in recurrent_layers(model)]
        fixed |= {f"{norm}/{weight}" for norm in norms for weight in ("gamma", "beta")}
    return tuple(
        name
        for name in weight_shapes(model, vocab, feature_sizes)
        if name not in fixed and not name.endswith(MOVING)
    )


def feature_offsets(feature_sizes: tuple[int, ...]) -> list[int]:
    """First row of each input feature in the embedding table of all features."""
    return [sum(feature_sizes[:number]) for number in range(len(feature_sizes))]


def state_shapes(model: ModelSpec) -> dict[str, tuple[int, ...]]:
    """Shape of every carried state by ``layer/state``, without the dimension of streams."""
    cell = cells.of(model)
    return {
        f"{layer.name}/{state}": shape
        for layer in recurrent_layers(model)
        for state, shape in cell.state_shapes(layer.units).items()
    }


def count_parameters(model: ModelSpec, vocab: int, feature_sizes: tuple[int, ...] = ()) -> int:
    """The number of weights, those of `weight_shapes`."""
    return sum(map(math.prod, weight_shapes(model, vocab, feature_sizes).values()))
