"""The variants of a comparison: every combination of the values that its options were given."""

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from seqgen.checkpoint.locate import validate_name
from seqgen.config.fields import flag_name
from seqgen.config.options import (
    ComparisonOptions,
    DataOptions,
    ModelOptions,
    RunOptions,
    TrainingOptions,
)
from seqgen.errors import ConfigError, unknown_name
from seqgen.models import cells
from seqgen.training.autoconfig import check_names

MOST = 64
BUDGETS = ("minutes", "epochs", "token_budget")
# A comparison gives every variant the same budget, and a run that stops early has not used it.
NO_PATIENCE = 1_000_000

FIELDS = {
    f.name: f
    for group in (DataOptions, ModelOptions, TrainingOptions, ComparisonOptions)
    for f in fields(group)
}


@dataclass(frozen=True)
class Variant:
    """One of the networks that are compared.

    label: what tells it from the others, in words.
    name: of its checkpoint.
    options: of its run; where ``token_budget`` is set, its epochs are still to be found.
    token_budget: tokens that it may learn from.
    """

    label: str
    name: str
    options: RunOptions
    token_budget: int | None = None


def variants(asked: Mapping[str, Sequence[Any]], name: str) -> tuple[Variant, ...]:
    """Every combination of the values asked for, in their order; equal ones once.

    asked: values by option. An option that only some cells read goes to those of the cells
        compared that do.
    name: of the comparison, with which the names of the checkpoints begin.
    Raises ConfigError for an option or a value that there is none of, for too many variants, for
    fewer than two, and where it is not said how long each may learn.
    """
    lists = {option: unique(values) for option, values in asked.items()}
    check_lists(lists)
    found: list[dict[str, Any]] = []
    for values in itertools.product(*lists.values()):
        said = known_to_its_cell(dict(zip(lists, values, strict=True)))
        if said not in found:
            found.append(said)
    if len(found) < 2:
        raise ConfigError(
            "nothing to compare; give an option two or more values, such as `layers=1,2`"
        )
    labels = [label(said, lists) for said in found]
    names = checkpoint_names(labels, name)
    return tuple(variant(*each) for each in zip(labels, names, found, strict=True))


def unique(values: Sequence[Any]) -> tuple[Any, ...]:
    """The values in their order, each once; those not said (None) left out."""
    return tuple(value for value in dict.fromkeys(values) if value is not None)


def check_lists(asked: Mapping[str, tuple[Any, ...]]) -> None:
    """Raise ConfigError for what is wrong whatever the combination is."""
    for option, values in asked.items():
        if option not in FIELDS:
            raise unknown_name("option", option, FIELDS)
        if not values:
            raise ConfigError("needs at least one value", option=option)
    for value in asked.get("tokenizer", ()):
        if str(value).isdecimal():
            raise ConfigError(
                f"{value!r} is not a tokenizer; for a number of training tokens give "
                f"`token_budget={value}`",
                option="tokenizer",
            )
    if len(asked.get("documents", ())) > 1:
        raise ConfigError(
            "takes one value here: variants are compared on the same held-out text",
            option="documents",
        )
    count = math.prod(map(len, asked.values()))
    if count > MOST:
        raise ConfigError(f"{count:,} variants are more than {MOST}; give shorter lists")
    if sum(option in asked for option in BUDGETS) != 1:
        raise ConfigError(
            "give the training budget of each variant: one of `minutes`, `token_budget` (tokens) "
            "and `epochs`"
        )
    compared = asked.get("cell", (ModelOptions().cell,))
    for name in compared:
        cells.find(name)
    for option, having in readers().items():
        if option in asked and not set(having) & set(compared):
            raise ConfigError(
                f"is for `cell={', '.join(having)}`, not for {', '.join(compared)}", option=option
            )


def readers() -> dict[str, tuple[str, ...]]:
    """The options that only some cells take: for each, the names of these cells."""
    dropping = tuple(name for name in cells.names() if cells.find(name).supports_recurrent_dropout)
    return cells.readers() | {"recurrent_dropout": dropping}


def known_to_its_cell(said: dict[str, Any]) -> dict[str, Any]:
    """The options without those that are of other cells."""
    cell = said.get("cell", ModelOptions().cell)
    others = {option for option, having in readers().items() if cell not in having}
    return {option: value for option, value in said.items() if option not in others}


def label(said: Mapping[str, Any], asked: Mapping[str, tuple[Any, ...]]) -> str:
    """What tells a variant from the others: "lstm layers 2"; the cell comes first."""
    options = sorted((o for o in said if len(asked[o]) > 1), key=lambda option: option != "cell")
    return " ".join(
        text_of(said[option])
        if named(option)
        else f"{flag_name(option)[2:]} {text_of(said[option])}"
        for option in options
    )


def named(option: str) -> bool:
    """Whether its values are names, which speak for themselves: of cells, tokenizers, presets."""
    return FIELDS[option].metadata["names"] is not None


def text_of(value: Any) -> str:
    """A value as it is said in a list: 0.1, yes, 512+256."""
    if isinstance(value, (list, tuple)):
        return "+".join(map(text_of, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    return str(value)


def checkpoint_names(labels: Sequence[str], name: str) -> list[str]:
    """A name for each checkpoint: by its label, or by number if that cannot be for all of them."""
    validate_name(name)
    names = [f"{name}-" + re.sub(r"[^\w.+-]+", "-", each) for each in labels]
    if len(set(names)) == len(names) and max(map(len, names)) <= 100:
        return names
    return [validate_name(f"{name}-{number}") for number in range(1, len(labels) + 1)]


def variant(label: str, name: str, said: Mapping[str, Any]) -> Variant:
    """A variant whose options are checked. Raises ConfigError that names it."""
    try:
        of_run = {option: value for option, value in said.items() if option != "token_budget"}
        options = RunOptions.of({"patience": NO_PATIENCE} | of_run)
        check_names(options)
        return Variant(
            label, name, options, ComparisonOptions(said.get("token_budget")).token_budget
        )
    except ConfigError as error:
        raise ConfigError(f"{label}: {error}") from error
