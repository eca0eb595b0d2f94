"""The cells, found by listing this folder: adding one is adding a file."""

import importlib
import pkgutil
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from seqgen.config.fields import flag_name
from seqgen.config.options import ModelOptions
from seqgen.errors import ConfigError, unknown_name

if TYPE_CHECKING:
    from seqgen.models.cells.base import Cell


def names() -> tuple[str, ...]:
    """Every cell's name, in alphabetical order."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name != "base"))


def find(name: str) -> type["Cell"]:
    """The kind of cell of that name. Raises ConfigError that lists the known ones."""
    if name not in names():
        raise unknown_name("cell", name, names())
    return importlib.import_module(f"{__name__}.{name}").CELL


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
            raise ConfigError(
                f"{flag_name(name)} is an option of --cell {cells}; not of {cell.name}"
            )
    if options.recurrent_dropout and not cell.supports_recurrent_dropout:
        raise ConfigError(f"--recurrent-dropout: {cell.name} learns no recurrent weights to drop")
    if options.tie_embeddings and cell.fixed_embedding:
        raise ConfigError(
            f"--tie-embeddings: {cell.name} learns no embedding, so that the output layer would "
            f"learn nothing"
        )
    return filled(options)


def filled(options: ModelOptions) -> ModelOptions:
    """The options with what the cell takes for those of its own that are not said."""
    defaults = find(options.cell).option_defaults
    unsaid = {name: value for name, value in defaults.items() if getattr(options, name) is None}
    return replace(options, **unsaid)


@cache
def readers() -> dict[str, tuple[str, ...]]:
    """The options that only some cells take: for each, the names of these cells."""
    every = {name: find(name).option_defaults for name in names()}
    return {
        option: tuple(name for name, defaults in every.items() if option in defaults)
        for option in sorted({option for defaults in every.values() for option in defaults})
    }
