"""The architecture of a network: name and shape of every layer, weight and state."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from seqgen.config.options import ModelOptions
from seqgen.config.resolved import CELL_OPTIONS, ModelSpec
from seqgen.errors import ConfigError
from seqgen.models import cells

# Batch normalisation has two more, which are not trained by gradients.
NORM_WEIGHTS = {
    "layer": ("gamma", "beta"),
    "batch": ("gamma", "beta", "moving_mean", "moving_variance"),
}
MOVING = ("moving_mean", "moving_variance")
NORM_EPSILON = 1e-3


@dataclass(frozen=True)
class LayerShape:
    """A recurrent layer or the output layer.

    Attributes:
        name: Prefix of its weights and states.
        norm: Prefix of the weights that normalise its input.
        inputs: Width of its input.
        units: Width of its output; 0 for the output layer.
        residual: Whether its input is added to its output.
    """

    name: str
    norm: str
    inputs: int
    units: int
    residual: bool = False


def recurrent_layers(model: ModelSpec) -> tuple[LayerShape, ...]:
    """Return the recurrent layers, bottom to top; raise ConfigError if they do not fit."""
    layers, widths = [], [model.embedding]
    for n, units in enumerate(model.units, 1):
        inputs = sum(widths) if model.dense else widths[-1]
        residual = model.residual and inputs == units
        layers.append(LayerShape(f"recurrent_{n}", f"norm_{n}", inputs, units, residual))
        widths.append(units)
    if model.residual and not any(layer.residual for layer in layers):
        raise ConfigError(
            "adds the input of a layer to its output, and no layer here has an output as wide as "
            f"its input; give more `layers`, or `embedding={model.units[0]}`",
            option="residual",
        )
    return tuple(layers)


def output_layer(model: ModelSpec) -> LayerShape:
    """Return the output layer; raise ConfigError if it cannot be tied to the embedding."""
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
    """Resolve the options of a network, which must give units and embedding.

    Args:
        options: Dropout defaults to 0, and that of the embedding to that of the layers.
        cell_options: Options of the cell (`seqgen.models.cells.resolve_options`).

    Raises:
        ConfigError: If a value is missing, or the layers do not fit each other.
    """
    values = {f.name: getattr(options, f.name) for f in fields(ModelSpec) if f.name != CELL_OPTIONS}
    if options.units is not None and len(options.units) == 1:
        values["units"] = options.units * (1 if options.layers is None else options.layers)
    if values["dropout"] is None:
        values["dropout"] = 0.0
    if values["embedding_dropout"] is None:
        values["embedding_dropout"] = values["dropout"]
    model = ModelSpec(**values, cell_options=dict(cell_options))
    recurrent_layers(model)
    output_layer(model)
    return model


def layer_names(model: ModelSpec) -> tuple[str, ...]:
    """Return the name of each recurrent layer, bottom to top."""
    return tuple(layer.name for layer in recurrent_layers(model))


def weight_shapes(
    model: ModelSpec, vocab: int, feature_sizes: tuple[int, ...] = ()
) -> dict[str, tuple[int, ...]]:
    """Return the shape of every weight by ``layer/weight``, bottom to top.

    Args:
        model: The network.
        vocab: Number of tokens, V.
        feature_sizes: Number of values of each input feature.

    Raises:
        ConfigError: If the layers do not fit each other.
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


def select_layer(entries: Mapping[str, Any], layer: str) -> dict[str, Any]:
    """Select the entries of a layer, without its name as prefix."""
    prefix = f"{layer}/"
    return {n.removeprefix(prefix): e for n, e in entries.items() if n.startswith(prefix)}


def learned_weights(
    model: ModelSpec, vocab: int, feature_sizes: tuple[int, ...] = ()
) -> tuple[str, ...]:
    """Return the names of the trained weights, in the order of `weight_shapes`."""
    cell = cells.of(model)
    fixed = {f"{layer}/{weight}" for layer in layer_names(model) for weight in cell.fixed}
    if cell.fixed_embedding:
        fixed |= {"embedding/embeddings", "places/embeddings"}
        # The normalisation below fixed layers gets no gradient either.
        norms = [layer.norm for layer in recurrent_layers(model)]
        fixed |= {f"{norm}/{weight}" for norm in norms for weight in ("gamma", "beta")}
    return tuple(
        name
        for name in weight_shapes(model, vocab, feature_sizes)
        if name not in fixed and not name.endswith(MOVING)
    )


def feature_offsets(feature_sizes: tuple[int, ...]) -> list[int]:
    """Return the first row of each input feature in the embedding table of all features."""
    return [sum(feature_sizes[:number]) for number in range(len(feature_sizes))]


def state_shapes(model: ModelSpec) -> dict[str, tuple[int, ...]]:
    """Return the shape of every state by ``layer/state``, without the dimension of streams."""
    cell = cells.of(model)
    return {
        f"{layer.name}/{state}": shape
        for layer in recurrent_layers(model)
        for state, shape in cell.state_shapes(layer.units).items()
    }


def count_parameters(model: ModelSpec, vocab: int, feature_sizes: tuple[int, ...] = ()) -> int:
    """Return the total size of the weights."""
    return sum(map(math.prod, weight_shapes(model, vocab, feature_sizes).values()))
