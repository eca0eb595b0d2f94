"""The known corpora: what `registry.toml` says of them, by name."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from seqgen.errors import ConfigError, unknown_name

NUMBERED = "gutenberg"  # the table that stands for any number of works, as in gutenberg:2600


@dataclass(frozen=True)
class Entry:
    """A known corpus: the facts, and the one way to get it (see the head of `registry.toml`).

    sha256, size: of a download, in hexadecimal and in bytes; empty and 0 where the text may change.
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


def shipped() -> Path:
    """The folder of `registry.toml` and the texts beside it: in the package, or in a checkout."""
    installed = Path(__file__).parent / "shipped"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "corpora"


@cache
def read_registry() -> dict[str, dict[str, Any]]:
    with (shipped() / "registry.toml").open("rb") as file:
        return tomllib.load(file)


@cache
def entries() -> dict[str, Entry]:
    """Every known corpus by its name, in the registry's order; of Project Gutenberg a selection."""
    known: dict[str, Entry] = {}
    for name, facts in read_registry().items():
        if name == NUMBERED:
            works = [numbered(int(number)) for number in facts["works"]]
            known.update({work.name: work for work in works})
        else:
            known[name] = Entry(name=name, **facts)
    return known


def numbered(number: int) -> Entry:
    """The work of Project Gutenberg that has this number, whether the registry lists it or not."""
    facts = dict(read_registry()[NUMBERED])
    work = facts.pop("works").get(str(number), {})
    shown = {"title": f"Project Gutenberg's number {number}", "author": "", "year": ""} | work
    places = {key: facts[key].format(number=number) for key in ("url", "saved_as")}
    return Entry(name=f"{NUMBERED}:{number}", **(facts | shown | places))


def find_entry(name: str) -> Entry | None:
    """The known corpus of this name, or None.

    Raises ConfigError for a name such as ``gutenberg:tolstoy``.
    """
    if not name.startswith(NUMBERED + ":"):
        return entries().get(name)
    if not re.fullmatch(r"[1-9][0-9]{0,6}", number := name.partition(":")[2]):
        raise ConfigError(f"{name}: Project Gutenberg's works go by number, as in gutenberg:2600")
    return numbered(int(number))


def known_names() -> list[str]:
    """The names that messages list: every corpus, and one pattern for Project Gutenberg's works."""
    return [name for name in read_registry() if name != NUMBERED] + [f"{NUMBERED}:N"]


def entry(name: str) -> Entry:
    """The known corpus of this name. Raises ConfigError, listing the known ones, for any other."""
    found = find_entry(name)
    if found is None:
        raise unknown_name("corpus", name, known_names())
    return found
