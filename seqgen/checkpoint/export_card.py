"""What the model card of a copy to pass on tells beside: origin, figures, recipe."""

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

from seqgen.checkpoint.config import Config
from seqgen.checkpoint.evaluation import Evaluation
from seqgen.checkpoint.export import Export
from seqgen.checkpoint.markdown import code, table
from seqgen.config.options import FLOAT32, INT8
from seqgen.data.corpora.registry import Entry, find_entry
from seqgen.errors import ConfigError

PRECISION_NAMES = {FLOAT32: "In float32", INT8: "In int8, as it samples"}


def origin(config: Config) -> str:
    """Where the corpus comes from, as the registry of known corpora tells."""
    rows = [
        (f"{entry.title} ({entry.year})" if entry.year else entry.title,
         f"{entry.author}; {entry.source}; {entry.licence}")
        for entry in known_sources(config.corpus.sources)
    ]  # fmt: skip
    return f"## Where the data comes from\n\n{table(rows)}" if rows else ""


def known_sources(names: tuple[str, ...]) -> Iterator[Entry]:
    """The known corpora of these names, and those that they consist of."""
    for name in names:
        try:
            entry = find_entry(name)
        except ConfigError:  # a file may be named like anything
            continue
        if entry is not None:
            yield entry
            yield from known_sources(tuple(entry.corpora))


def figures(config: Config, export: Export) -> str:
    """How good the copy is, where that was measured; it may differ a little from its run."""
    rows = [
        (
            PRECISION_NAMES.get(precision, precision),
            f"{nats:.4f} nats a token, {bits(config, nats)}",
        )
        for precision, nats in export.validation.items()
    ]
    if export.halving is not None:
        rows.append(("Cost of half precision", f"{export.halving:+.6f} nats a token, counted in"))
    if not rows:
        return ""
    stored = "half" if export.half else "single"
    return (
        f"On the validation part, which it did not learn from, with weights in {stored} "
        f"precision as they are here:\n\n{table(rows)}"
    )


def bits(config: Config, nats: float) -> str:
    """Nats a token in the unit that compares between vocabularies: for tunes a note."""
    corpus, total = config.corpus, nats / math.log(2) * (config.corpus.validation_tokens - 1)
    if config.facts and config.facts.validation_notes:
        return f"{total / config.facts.validation_notes:.3f} bits a note"
    return f"{total / max(1, corpus.validation_characters):.3f} bits a character"


def evaluation(found: Evaluation | None) -> str:
    """The tables of an evaluation, and the command that found them out."""
    if found is None:
        return ""
    tables = [
        f"{each.title}:\n\n{table(each.rows, each.columns)}" for each in found.tables if each.rows
    ]
    return "\n\n".join(("## Evaluation", f"By `{found.command}`.", *tables))


def recipe(config: Config, export: Export) -> str:
    """Every option that the network was made with, and the commands that make it anew."""
    groups = (config.data, config.model, config.training)
    said = {name: value for group in groups for name, value in dataclasses.asdict(group).items()}
    rows = [(name, plain(value)) for name, value in said.items() if value is not None]
    text = f"## Recipe\n\n{table(rows)}"
    return f"{text}\n\n{code(export.commands)}" if export.commands else text


def plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
