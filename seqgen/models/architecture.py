"""How a stack is put together: the name and shape of every layer, weight and state."""

from dataclasses import dataclass

from seqgen.config.options import ModelOptions
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


def recurrent_layers(options: ModelOptions) -> tuple[LayerShape, ...]:
    """The recurrent layers, bottom to top. Raises ConfigError if they do not fit each other."""
    if options.embedding is None:
        raise ConfigError("has no value yet", option="embedding")
    found, widths = [], [options.embedding]
    for n, units in enumerate(options.widths, 1):
        inputs = sum(widths) if options.dense else widths[-1]
        residual = options.residual and inputs == units
        found.append(LayerShape(f"recurrent_{n}", f"norm_{n}", inputs, units, residual))
        widths.append(units)
    if options.residual and not any(layer.residual for layer in found):
        raise ConfigError(
            "adds the input of a layer to its output, and no layer here has an output as wide as "
            f"its input; give more `layers`, or `embedding={options.widths[0]}`",
            option="residual",
        )
    return tuple(found)


def output_layer(options: ModelOptions) -> LayerShape:
    """The output layer. Raises ConfigError if it cannot be tied to the embedding."""
    assert options.embedding is not None
    widths = options.widths
    inputs = options.embedding + sum(widths) if options.dense else widths[-1]
    if options.tie_embeddings and inputs != options.embedding:
        raise ConfigError(
            "needs an embedding as wide as the last layer; "
            f"`embedding={inputs}` with {inputs} units",
            option="tie_embeddings",
        )
    return LayerShape("output", f"norm_{len(widths) + 1}", inputs, 0)


def check_layers(options: ModelOptions) -> None:
    """Raise ConfigError if the layers of a stack do not fit each other."""
    recurrent_layers(options)
    output_layer(options)


def layer_names(options: ModelOptions) -> tuple[str, ...]:
    """Name of each recurrent layer, bottom to top."""
    return tuple(layer.name for layer in recurrent_layers(options))


def weight_shapes(
    options: ModelOptions, vocab: int, feature_sizes: tuple[int, ...] = ()
) -> dict[str, tuple[int, ...]]:
    """Shape of every weight by ``layer/weight``, bottom to top.

    options: with layers, units and embedding chosen.
    vocab: how many tokens there are.
    feature_sizes: number of values of each input feature.
    Raises ConfigError if the layers do not fit each other.
    """
    cell, layers, output = cells.of(options), recurrent_layers(options), output_layer(options)
    width = options.embedding or 0
    shapes: dict[str, tuple[int, ...]] = {"embedding/embeddings": (vocab, width)}
    if feature_sizes:
        shapes["places/embeddings"] = (sum(feature_sizes), width)
    for layer in (*layers, output):
        for weight in NORM_WEIGHTS.get(options.norm or "", ()):
            shapes[f"{layer.norm}/{weight}"] = (layer.inputs,)
        if layer.units:
            for weight, shape in cell.shapes(layer.inputs, layer.units).items():
                shapes[f"{layer.name}/{weight}"] = shape
    if not options.tie_embeddings:
        shapes["output/kernel"] = (output.inputs, vocab)
    shapes["output/bias"] = (vocab,)
    return shapes


def learned_weights(
    options: ModelOptions, vocab: int, feature_sizes: tuple[int, ...] = ()
) -> tuple[str, ...]:
    """Names of the weights that follow a gradient, in the order of `weight_shapes`."""
    cell = cells.of(options)
    fixed = {f"{layer}/{weight}" for layer in layer_names(options) for weight in cell.fixed}
    if cell.fixed_embedding:
        fixed |= {"embedding/embeddings", "places/embeddings"}
        # Nor is what normalises their inputs, since no gradient comes that far.
        norms = [layer.norm for layer in recurrent_layers(options)]
        fixed |= {f"{norm}/{weight}" for norm in norms for weight in ("gamma", "beta")}
    return tuple(
        name
        for name in weight_shapes(options, vocab, feature_sizes)
        if name not in fixed and not name.endswith(MOVING)
    )


def feature_offsets(feature_sizes: tuple[int, ...]) -> list[int]:
    """First row of each input feature in the embedding table of all features."""
    return [sum(feature_sizes[:number]) for number in range(len(feature_sizes))]


def state_shapes(options: ModelOptions) -> dict[str, tuple[int, ...]]:
    """Shape of every carried state by ``layer/state``, without the dimension of streams."""
    cell = cells.of(options)
    return {
        f"{layer.name}/{state}": shape
        for layer in recurrent_layers(options)
        for state, shape in cell.state_shapes(layer.units).items()
    }
