"""Shell completion. It imports nothing heavy, since it runs at every press of Tab."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from seqgen.checkpoint.locate import list_checkpoints, shipped_checkpoints
from seqgen.errors import SeqgenError


def names_of(table: str | None) -> tuple[str, ...]:
    """Return the values of an option whose field names a table (`seqgen.config.fields.option`)."""
    if table == "tokenizers":
        from seqgen.data.tokenizers import TOKENIZERS

        return TOKENIZERS.builtin_names()
    if table == "documents":
        from seqgen.config.options import UNITS

        return UNITS
    if table == "cells":
        from seqgen.models.cells import CELLS

        return CELLS.builtin_names()
    if table == "presets":
        from seqgen.training.autoconfig import preset_names

        return preset_names()
    if table == "instruments":
        from seqgen.music.render.instruments import names

        return names()
    return ()


def complete_names(words: Sequence[str]) -> Callable[[str], list[str]]:
    """Return a completion of fixed words."""

    def complete(incomplete: str) -> list[str]:
        return [word for word in words if word.startswith(incomplete)]

    return complete


def complete_checkpoint(incomplete: str) -> list[str]:
    """Return the user's and the shipped checkpoints that begin with the text."""
    names: list[str] = []
    for paths in (list_checkpoints, shipped_checkpoints):
        with suppress(SeqgenError):
            names += [path.name for path in paths() if path.name not in names]
    return [name for name in names if name.startswith(incomplete)]


def complete_corpus(incomplete: str) -> list[str]:
    """Return the built-in corpora that begin with the text."""
    from seqgen.data.corpora.registry import entries

    return [name for name in entries() if name.startswith(incomplete)]
