"""Descriptions of corpora by name: those in `registry.toml`, and those of installed packages.

A package adds a corpus by an entry point in the group ``seqgen.corpora`` that names an `Entry`::

    [project.entry-points."seqgen.corpora"]
    limericks = "mypackage:LIMERICKS"
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from seqgen.errors import ConfigError, unknown_name
from seqgen.registry import Registry

GUTENBERG = "gutenberg"  # the table of any number of works, as in gutenberg:2600


@dataclass(frozen=True)
class Entry:
    """A corpus: its description, and one way to get it.

    Attributes:
        name: How users name it; the name of the entry point if it is of a package.
        kind: "text" or "tunes".
        title: The title.
        author: The author, or who collected it.
        year: Year or years of publication.
        licence: The terms of use in a few words.
        source: Where the text is from.
        notice: Printed whenever the corpus is used.
        file: A file, relative to the folder of `registry.toml`; an absolute path in packages.
        music21: A folder of tune books in the package music21.
        corpora: Names of other corpora to concatenate.
        stdlib: Whether it is the source code of Python's standard library.
        skip: Names of files and folders to leave out of ``stdlib``.
        url: Where to download it.
        saved_as: File name of the download.
        sha256: Its checksum in hexadecimal; "" if the text may change.
        size: Its size in bytes; 0 if unknown.
    """

    name: str
    kind: str
    title: str
    author: str
    year: str
    licence: str
    source: str
    notice: str = ""
    file: str = ""
    music21: str = ""
    corpora: Sequence[str] = ()
    stdlib: bool = False
    skip: Sequence[str] = ()
    url: str = ""
    saved_as: str = ""
    sha256: str = ""
    size: int = 0


PACKAGES = Registry[Entry]("corpus", "seqgen.corpora", {})


def registry_folder() -> Path:
    """Return the folder of `registry.toml`: inside the installed package, or in a checkout."""
    installed = Path(__file__).parent / "shipped"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "corpora"


def entries() -> dict[str, Entry]:
    """Return every corpus by name: built-in ones in order of `registry.toml`, then of packages.

    Of Project Gutenberg it has a selection. An entry of a package that cannot be loaded is skipped
    with a warning.
    """
    builtin = _builtin_entries()
    packages = {
        name: entry
        for name, entry in PACKAGES.items()
        if name not in builtin and _is_valid(name, entry)
    }
    return builtin | packages


def find_entry(name: str) -> Entry | None:
    """Return the corpus of this name, or None.

    Raises:
        ConfigError: If it is a name such as ``gutenberg:tolstoy``, or the package that provides it
            cannot be loaded.
    """
    if name.startswith(GUTENBERG + ":"):
        number = name.partition(":")[2]
        if not re.fullmatch(r"[1-9][0-9]{0,6}", number):
            raise ConfigError(
                f"{name}: works of Project Gutenberg are named by number, as in gutenberg:2600"
            )
        return _gutenberg_entry(int(number))
    if name in _builtin_entries():
        return _builtin_entries()[name]
    if name not in PACKAGES:
        return None
    entry = PACKAGES.load(name)
    if not _is_valid(name, entry):
        raise ConfigError(f"the entry point {name!r} in seqgen.corpora is not an Entry {name!r}")
    return entry


def get_entry(name: str) -> Entry:
    """Return the corpus of this name.

    Raises:
        ConfigError: If there is none; the message lists all names.
    """
    entry = find_entry(name)
    if entry is None:
        raise unknown_name("corpus", name, corpus_names())
    return entry


def _is_valid(name: str, entry: object) -> bool:
    return isinstance(entry, Entry) and entry.name == name


def corpus_names() -> list[str]:
    """Return all names, with one pattern for the works of Project Gutenberg."""
    builtin = [name for name in _read_registry() if name != GUTENBERG]
    return [*builtin, f"{GUTENBERG}:N", *PACKAGES.names()]


@cache
def _read_registry() -> dict[str, dict[str, Any]]:
    with (registry_folder() / "registry.toml").open("rb") as file:
        return tomllib.load(file)


@cache
def _builtin_entries() -> dict[str, Entry]:
    builtin: dict[str, Entry] = {}
    for name, fields in _read_registry().items():
        if name == GUTENBERG:
            works = [_gutenberg_entry(int(number)) for number in fields["works"]]
            builtin.update({work.name: work for work in works})
        else:
            builtin[name] = Entry(name=name, **fields)
    return builtin


def _gutenberg_entry(number: int) -> Entry:
    """Return the entry of a work of Project Gutenberg, whether the registry lists it or not."""
    fields = dict(_read_registry()[GUTENBERG])
    work = fields.pop("works").get(str(number), {})
    titled = {"title": f"Project Gutenberg's number {number}", "author": "", "year": ""} | work
    location = {key: fields[key].format(number=number) for key in ("url", "saved_as")}
    return Entry(name=f"{GUTENBERG}:{number}", **(fields | titled | location))
