"""The recurrent cells: their registry, one file each, and the options of single cells.

Another package adds a cell, a subclass of `seqgen.models.cells.base.Cell`, by an entry point in the
group ``seqgen.cells`` (`seqgen.registry`).
"""

from typing import TYPE_CHECKING, Any

from seqgen.config.options import ModelOptions
from seqgen.config.resolved import ModelSpec
from seqgen.errors import ConfigError
from seqgen.registry import Registry

if TYPE_CHECKING:
    from seqgen.models.cells.base import Cell

__all__ = [
    "CELLS",
    "create",
    "find",
    "names",
    "of",
    "option_users",
    "own_options",
    "resolve_options",
]

CELLS = Registry["type[Cell]"](
    "cell",
    "seqgen.cells",
    {
        "delay": "seqgen.models.cells.delay:Delay",
        "esn": "seqgen.models.cells.esn:ESN",
        "gru": "seqgen.models.cells.gru:GRU",
        "leaky": "seqgen.models.cells.leaky:Leaky",
        "lstm": "seqgen.models.cells.lstm:LSTM",
        "mingru": "seqgen.models.cells.mingru:MinGRU",
        "minlstm": "seqgen.models.cells.minlstm:MinLSTM",
        "rnn": "seqgen.models.cells.rnn:RNN",
    },
)

names = CELLS.names
find = CELLS.load


def create(name: str, recurrent_dropout: float = 0.0, **options: Any) -> "Cell":
    """Create a cell by name; options that are not given take its defaults."""
    cell = find(name)
    return cell({**cell.option_defaults, **options}, recurrent_dropout)


def of(model: ModelSpec) -> "Cell":
    """Create the cell of a network.

    Raises:
        ConfigError: If the cell is unknown, or the options are not those of the cell.
    """
    cell = find(model.cell)
    options = model.cell_options
    for name in options.keys() ^ cell.option_defaults.keys():
        raise ConfigError(f"cell_options: {name}: the cell {model.cell} needs exactly its own")
    for name, default in cell.option_defaults.items():
        if options[name] is None and default is not None:
            raise ConfigError(f"cell_options: {name} has no value")
    return cell(options, model.recurrent_dropout)


def resolve_options(options: ModelOptions) -> dict[str, Any]:
    """Return the options of the cell alone, with its defaults for those without a value.

    Raises:
        ConfigError: If the cell is unknown, or has no such option.
    """
    cell = find(options.cell)
    for name, users in option_users().items():
        if name not in cell.option_defaults and getattr(options, name):
            cells = ", ".join(users)
            raise ConfigError(f"is for `cell={cells}`, not for {options.cell}", option=name)
    if options.recurrent_dropout and not cell.supports_recurrent_dropout:
        raise ConfigError(
            f"{options.cell} has no trainable recurrent weights", option="recurrent_dropout"
        )
    if options.tie_embeddings and cell.fixed_embedding:
        raise ConfigError(
            f"{options.cell} has no trainable embedding, so the output layer would not be trained",
            option="tie_embeddings",
        )
    return own_options(options)


def own_options(options: ModelOptions) -> dict[str, Any]:
    """Return the same as `resolve_options`, but ignore options of other cells."""
    defaults = find(options.cell).option_defaults
    values = {name: getattr(options, name) for name in defaults}
    return {name: defaults[name] if value is None else value for name, value in values.items()}


def option_users() -> dict[str, tuple[str, ...]]:
    """Return the options of single cells, each with the names of its cells."""
    every = {name: cell.option_defaults for name, cell in CELLS.items()}
    return {
        option: tuple(name for name, defaults in every.items() if option in defaults)
        for option in sorted({option for defaults in every.values() for option in defaults})
    }
