"""Expand lists of option values into the variants of a comparison."""

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

MAX_VARIANTS = 64
BUDGETS = ("minutes", "epochs", "token_budget")
# Every variant uses its whole budget, so none stops early.
NO_PATIENCE = 1_000_000

_FIELDS = {
    f.name: f
    for group in (DataOptions, ModelOptions, TrainingOptions, ComparisonOptions)
    for f in fields(group)
}


@dataclass(frozen=True)
class Variant:
    """A network to compare.

    Attributes:
        label: What distinguishes it from the others.
        name: Name of its checkpoint.
        options: Options of its run; with a token budget, the epochs are not resolved yet.
        token_budget: Number of training tokens; None for another budget.
    """

    label: str
    name: str
    options: RunOptions
    token_budget: int | None = None


def expand_variants(options: Mapping[str, Sequence[Any]], name: str) -> tuple[Variant, ...]:
    """Return every distinct combination of option values, in order.

    Raises:
        ConfigError: If an option or a value is invalid, there are fewer than two variants or more
            than `MAX_VARIANTS`, or the budget is missing.
    """
    lists = {option: distinct(values) for option, values in options.items()}
    _check_lists(lists)
    combinations: list[dict[str, Any]] = []
    for values in itertools.product(*lists.values()):
        combination = _drop_unused(dict(zip(lists, values, strict=True)))
        if combination not in combinations:
            combinations.append(combination)
    if len(combinations) < 2:
        raise ConfigError(
            "nothing to compare; give an option two or more values, such as `layers=1,2`"
        )
    labels = [_label(combination, lists) for combination in combinations]
    names = _checkpoint_names(labels, name)
    return tuple(_variant(*each) for each in zip(labels, names, combinations, strict=True))


def distinct(values: Sequence[Any]) -> tuple[Any, ...]:
    """Return the distinct values in order, without None."""
    return tuple(value for value in dict.fromkeys(values) if value is not None)


def _check_lists(lists: Mapping[str, tuple[Any, ...]]) -> None:
    """Raise ConfigError for faults that do not depend on the combination."""
    for option, values in lists.items():
        if option not in _FIELDS:
            raise unknown_name("option", option, _FIELDS)
        if not values:
            raise ConfigError("needs at least one value", option=option)
    for value in lists.get("tokenizer", ()):
        if str(value).isdecimal():
            raise ConfigError(
                f"{value!r} is not a tokenizer; for a number of training tokens give "
                f"`token_budget={value}`",
                option="tokenizer",
            )
    if len(lists.get("documents", ())) > 1:
        raise ConfigError(
            "takes one value here: variants are compared on the same held-out text",
            option="documents",
        )
    count = math.prod(map(len, lists.values()))
    if count > MAX_VARIANTS:
        raise ConfigError(
            f"{count:,} variants exceed the maximum of {MAX_VARIANTS}; give shorter lists"
        )
    if sum(option in lists for option in BUDGETS) != 1:
        raise ConfigError(
            "give the training budget of each variant: one of `minutes`, `token_budget` (tokens) "
            "and `epochs`"
        )
    compared = lists.get("cell", (ModelOptions().cell,))
    for name in compared:
        cells.find(name)
    for option, supporting in cell_options().items():
        if option in lists and not set(supporting) & set(compared):
            raise ConfigError(
                f"is for `cell={', '.join(supporting)}`, not for {', '.join(compared)}",
                option=option,
            )


def cell_options() -> dict[str, tuple[str, ...]]:
    """Return the names of the cells that support each option of some cells only."""
    dropping = tuple(name for name in cells.names() if cells.find(name).supports_recurrent_dropout)
    return cells.option_users() | {"recurrent_dropout": dropping}


def _drop_unused(combination: dict[str, Any]) -> dict[str, Any]:
    """Remove the options that the cell does not support."""
    cell = combination.get("cell", ModelOptions().cell)
    unused = {option for option, supporting in cell_options().items() if cell not in supporting}
    return {option: value for option, value in combination.items() if option not in unused}


def _label(combination: Mapping[str, Any], lists: Mapping[str, tuple[Any, ...]]) -> str:
    """Label a variant by the options with several values, the cell first: "lstm layers 2"."""
    varying = sorted((o for o in combination if len(lists[o]) > 1), key=lambda o: o != "cell")
    return " ".join(
        format_value(combination[option])
        if _has_named_values(option)
        else f"{flag_name(option)[2:]} {format_value(combination[option])}"
        for option in varying
    )


def _has_named_values(option: str) -> bool:
    """Whether the values need no label: names of cells, tokenizers or presets."""
    return _FIELDS[option].metadata["names"] is not None


def format_value(value: Any) -> str:
    """Format a value for labels and the results file: 0.1, yes, 512+256."""
    if isinstance(value, (list, tuple)):
        return "+".join(map(format_value, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    return str(value)


def _checkpoint_names(labels: Sequence[str], name: str) -> list[str]:
    """Name each checkpoint by its label, or all by number if a label is no valid, unique name."""
    validate_name(name)
    names = [f"{name}-" + re.sub(r"[^\w.+-]+", "-", each) for each in labels]
    if len(set(names)) == len(names) and max(map(len, names)) <= 100:
        return names
    return [validate_name(f"{name}-{number}") for number in range(1, len(labels) + 1)]


def _variant(label: str, name: str, combination: Mapping[str, Any]) -> Variant:
    """Validate the options of a variant. Raises ConfigError that names it."""
    try:
        run = {option: value for option, value in combination.items() if option != "token_budget"}
        options = RunOptions.of({"patience": NO_PATIENCE} | run)
        check_names(options)
        budget = ComparisonOptions(combination.get("token_budget")).token_budget
        return Variant(label, name, options, budget)
    except ConfigError as error:
        raise ConfigError(f"{label}: {error}") from error
