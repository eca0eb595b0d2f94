"""Named extension points: built-in entries and those of installed packages, loaded on first use.

A `Registry` maps a name to an object, such as the name of a cell to its class. The built-in entries
are a table of ``"module:attribute"`` strings beside the registry. Another package adds entries in
its ``pyproject.toml``, under the group of the registry::

    [project.entry-points."seqgen.cells"]
    mycell = "mypackage.cells:MyCell"

To add an extension point, make one module-level registry in the package that owns the objects::

    WRITERS = Registry[Writer]("output writer", "seqgen.writers", {
        ".svg": "seqgen.music.render.engrave:SvgWriter",
    })

and use it: ``WRITERS.load(".svg")`` for one object, ``WRITERS.names()`` for all names,
``WRITERS.items()`` for all objects. Built-in names need neither an import nor a look at the
installed packages, which takes 70 ms: `Registry.load` reads their metadata only for a name that is
not built in.

Groups: ``seqgen.cells``, ``seqgen.tokenizers``, ``seqgen.tasks``, ``seqgen.writers``,
``seqgen.corpora``.
"""

import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from seqgen.errors import ConfigError, unknown_name

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

T = TypeVar("T")


class Registry(Generic[T]):
    """Objects by name, built in or from the entry points of installed packages.

    A built-in entry cannot be replaced by a package.
    """

    def __init__(self, what: str, group: str, builtin: Mapping[str, str]) -> None:
        """Create a registry; nothing is imported.

        Args:
            what: What an entry is, for messages, such as ``"cell"``.
            group: The entry point group of other packages, such as ``"seqgen.cells"``.
            builtin: ``"module:attribute"`` of each built-in entry by name.
        """
        self.what = what
        self.group = group
        self._builtin = dict(builtin)
        self._loaded: dict[str, T] = {}
        # The entry points by name, and the ``sys.path`` that was searched for them.
        self._entries: dict[str, list[EntryPoint]] = {}
        self._searched: list[str] | None = None

    def builtin_names(self) -> tuple[str, ...]:
        """The names of the built-in entries, in order of their table."""
        return tuple(self._builtin)

    def names(self) -> tuple[str, ...]:
        """All names: the built-in ones in order of their table, then those of packages, sorted."""
        return (*self._builtin, *sorted(self._entry_points()))

    def __contains__(self, name: object) -> bool:
        return name in self._builtin or name in self._loaded or name in self._entry_points()

    def load(self, name: str) -> T:
        """The object of that name.

        Raises:
            ConfigError: If the name is unknown, or the package that provides it cannot be loaded.
        """
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def items(self) -> Iterator[tuple[str, T]]:
        """Every name with its object; an entry of a package that cannot be loaded is skipped.

        A warning is logged for each that is skipped.
        """
        for name in self.names():
            try:
                yield name, self.load(name)
            except ConfigError as error:
                import logging

                logging.getLogger(__name__).warning("%s; it is skipped", error)

    def _load(self, name: str) -> T:
        if name in self._builtin:
            module, _, attribute = self._builtin[name].partition(":")
            return cast(T, getattr(import_module(module), attribute))
        entries = self._entry_points()
        if name not in entries:
            raise unknown_name(self.what, name, self.names())
        entry, *others = entries[name]
        packages = [_package(each) for each in (entry, *others)]
        if others:
            raise ConfigError(
                f"{self.what} {name!r} is provided by several packages: {', '.join(packages)}; "
                "uninstall all but one"
            )
        try:
            return cast(T, entry.load())
        except Exception as error:  # the package's code may raise anything
            raise ConfigError(
                f"{self.what} {name!r} of package {packages[0]} cannot be loaded from "
                f"{entry.value}: {type(error).__name__}: {error}"
            ) from error

    def _entry_points(self) -> dict[str, list["EntryPoint"]]:
        """The entry points of packages by name, without those of built-in names."""
        if self._searched != sys.path:
            from importlib.metadata import entry_points

            self._searched, self._entries = list(sys.path), {}
            for entry in entry_points(group=self.group):
                if entry.name not in self._builtin:
                    self._entries.setdefault(entry.name, []).append(entry)
        return self._entries


def _package(entry: "EntryPoint") -> str:
    return entry.dist.name if entry.dist else "(unknown)"
