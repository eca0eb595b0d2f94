"""The name and shape of every weight and state of a stack, from its options alone."""

from seqgen.config import StackOptions
from seqgen.errors import ConfigError
from seqgen.stack import cells


def layer_names(options: StackOptions) -> tuple[str, ...]:
    """Name of each recurrent layer, bottom to top."""
    return tuple(f"recurrent_{n}" for n in range(1, len(options.widths) + 1))


def weight_shapes(
    options: StackOptions, vocab: int, places: tuple[int, ...] = ()
) -> dict[str, tuple[int, ...]]:
    """Shape of every weight by ``layer/weight``, in the order of the Keras model's weights.

    options: with layers, units and embedding chosen.
    vocab: how many tokens there are.
    places: of each number that comes beside a token, how many values it has.
    """
    if options.embedding is None:
        raise ConfigError("the stack has no --embedding yet")
    cell = cells.find(options.cell)
    shapes: dict[str, tuple[int, ...]] = {"embedding/embeddings": (vocab, options.embedding)}
    if places:
        shapes["places/embeddings"] = (sum(places), options.embedding)
    inputs = options.embedding
    for layer, units in zip(layer_names(options), options.widths, strict=True):
        for weight, shape in cell.shapes(inputs, units).items():
            shapes[f"{layer}/{weight}"] = shape
        inputs = units
    shapes["output/kernel"] = (inputs, vocab)
    shapes["output/bias"] = (vocab,)
    return shapes


def place_offsets(places: tuple[int, ...]) -> list[int]:
    """Row of the table of places at which each number's own rows begin."""
    return [sum(places[:number]) for number in range(len(places))]


def state_shapes(options: StackOptions) -> dict[str, tuple[int, ...]]:
    """Shape of every carried state by ``layer/state``, without the dimension of streams."""
    cell = cells.find(options.cell)
    return {
        f"{layer}/{state}": shape
        for layer, units in zip(layer_names(options), options.widths, strict=True)
        for state, shape in cell.state_shapes(units).items()
    }
