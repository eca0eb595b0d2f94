"""The cells, found by listing this folder: adding one is adding a file."""

import importlib
import pkgutil
from typing import TYPE_CHECKING

from seqgen.errors import unknown_name

if TYPE_CHECKING:
    from seqgen.stack.cells.base import Cell


def names() -> tuple[str, ...]:
    """Every cell's name, in alphabetical order."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name != "base"))


def find(name: str) -> "Cell":
    """The cell of that name. Raises ConfigError that lists the known ones."""
    if name not in names():
        raise unknown_name("cell", name, names())
    return importlib.import_module(f"{__name__}.{name}").CELL
