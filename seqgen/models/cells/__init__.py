"""The recurrent cells: their registry, one file a cell, and the options that belong to some only.

Another package adds a cell, a subclass of `seqgen.models.cells.base.Cell`, by an entry point in the
group ``seqgen.cells`` (`seqgen.registry`).
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from seqgen.config.options import ModelOptions
from seqgen.errors import ConfigError
from seqgen.registry import Registry

if TYPE_CHECKING:
    from seqgen.models.cells.base import Cell

__all__ = ["CELLS", "chosen", "filled", "find", "names", "of", "readers"]

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


def of(options: ModelOptions) -> "Cell":
    """The cell that a stack is built of. Raises ConfigError for an unknown one.

    It passes over options of other cells: to know them takes all cells, and a network that is
    there already was checked when it was made (`chosen`).
    """
    return find(options.cell)(filled(options))


def chosen(options: ModelOptions) -> ModelOptions:
    """The options with the cell's own filled in.

    Raises ConfigError for an unknown cell, and for an option that is said and not of this cell.
    """
    cell = find(options.cell)
    for name in readers():
        if name not in cell.option_defaults and getattr(options, name):
            cells = ", ".join(readers()[name])
            raise ConfigError(f"is for `cell={cells}`, not for {cell.name}", option=name)
    if options.recurrent_dropout and not cell.supports_recurrent_dropout:
        raise ConfigError(
            f"{cell.name} has no trainable recurrent weights", option="recurrent_dropout"
        )
    if options.tie_embeddings and cell.fixed_embedding:
        raise ConfigError(
            f"{cell.name} has no trainable embedding, so the output layer would not be trained",
            option="tie_embeddings",
        )
    return filled(options)


def filled(options: ModelOptions) -> ModelOptions:
    """The options with what the cell takes for those of its own that are not said."""
    defaults = find(options.cell).option_defaults
    unsaid = {name: value for name, value in defaults.items() if getattr(options, name) is None}
    return replace(options, **unsaid)


def readers() -> dict[str, tuple[str, ...]]:
    """The options that only some cells take: for each, the names of these cells."""
    every = {name: cell.option_defaults for name, cell in CELLS.items()}
    return {
        option: tuple(name for name, defaults in every.items() if option in defaults)
        for option in sorted({option for defaults in every.values() for option in defaults})
    }
