"""Options: dataclass fields with help, bounds and choices, and their validation."""

import math
import types
from collections.abc import Mapping
from dataclasses import field, fields
from pathlib import PurePath
from typing import Any, Union, get_args, get_origin, get_type_hints

from seqgen.errors import ConfigError, did_you_mean, unknown_name


def option(
    default: Any,
    help: str,
    *,
    least: float | None = None,
    most: float | None = None,
    above: float | None = None,
    choices: tuple[str, ...] | None = None,
    names: str | None = None,
    suffixes: tuple[str, ...] | None = None,
    path: bool = False,
    flag: bool = True,
    advanced: bool = False,
    default_text: str | None = None,
) -> Any:
    """Declare an option.

    Args:
        default: Its default; None if seqgen chooses the value or it is off.
        help: Its help text.
        least, most: Inclusive bounds.
        above: Exclusive lower bound.
        choices: Allowed values.
        names: Table of the allowed values: "tokenizers", "cells", "presets", "instruments".
        suffixes: Allowed suffixes of a file name.
        path: Whether it names files, whose names may contain bytes that are not UTF-8, as with
            ``suffixes``.
        flag: False for a rare option, which is set in a ``--config`` file only.
        advanced: Whether only ``--help-all`` prints it.
        default_text: Default in the help text if ``default`` is None.

    Returns:
        A dataclass field.
    """
    metadata = {
        "help": help, "least": least, "most": most, "above": above,
        "choices": choices, "names": names, "suffixes": suffixes,
        "path": path, "flag": flag, "advanced": advanced, "default_text": default_text,
    }  # fmt: skip
    return field(default=default, metadata=metadata)


class Options:
    """Base of the option dataclasses; validates each value."""

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for f in fields(self):  # type: ignore[arg-type]
            value = getattr(self, f.name)
            object.__setattr__(self, f.name, validate(f.name, value, hints[f.name], f.metadata))
        self.check()

    def check(self) -> None:
        """Check rules across fields; raise ConfigError with the option."""


def flag_name(name: str) -> str:
    """Return the command-line flag of a field: ``--clip-norm``, or ``--for`` of ``for_``."""
    return "--" + name.strip("_").replace("_", "-")


def validate(name: str, value: Any, hint: Any, metadata: Mapping[str, Any]) -> Any:
    """Return the value in the type of its field; raise ConfigError if it is invalid."""
    kinds = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    if value is None:
        if type(None) in kinds:
            return None
        raise ConfigError("needs a value", option=name)
    kind = next(k for k in kinds if k is not type(None))
    if get_origin(kind) is tuple:
        items = tuple(value) if isinstance(value, (list, tuple)) else (value,)
        inner = get_args(kind)[0]
        if not items:
            raise ConfigError("needs at least one value", option=name)
        return tuple(validate(name, item, inner, metadata) for item in items)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value) if abs(value) < 2**1000 else math.inf
    if type(value) is not kind:
        raise ConfigError(f"{value!r} is not {_noun(kind)}", option=name)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        _check_bounds(name, value, metadata)
    if metadata["choices"] and value not in metadata["choices"]:
        hint = did_you_mean(str(value), map(str, metadata["choices"]))
        choices = ", ".join(metadata["choices"])
        raise ConfigError(f"{value!r} is not one of {choices}{hint}", option=name)
    if isinstance(value, str) and not (metadata["suffixes"] or metadata["path"]):
        check_utf_8(value, name)
    if metadata["suffixes"] and PurePath(value).suffix.lower() not in metadata["suffixes"]:
        suffixes = " or ".join(metadata["suffixes"])
        raise ConfigError(f"{value!r} does not end in {suffixes}", option=name)
    return value


def check_utf_8(text: str, option: str) -> None:
    """Raise ConfigError if a text from the command line has bytes that are not UTF-8.

    Python passes such bytes on as lone surrogates, U+DC80 to U+DCFF (PEP 383).
    """
    index = next((n for n, c in enumerate(text) if "\udc80" <= c <= "\udcff"), None)
    if index is not None:
        offset = len(text[:index].encode("utf-8", "surrogatepass"))
        byte = ord(text[index]) - 0xDC00
        raise ConfigError(f"not UTF-8: byte 0x{byte:02x} at offset {offset}", option=option)


def _noun(kind: type) -> str:
    return {int: "a whole number", float: "a number", str: "a word", bool: "true or false"}[kind]


def _check_bounds(option: str, value: float, metadata: Mapping[str, Any]) -> None:
    least, most, above = metadata["least"], metadata["most"], metadata["above"]
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{value} is not a finite number", option=option)
    if least is not None and value < least:
        raise ConfigError(f"{value} is too small; the minimum is {least}", option=option)
    if above is not None and value <= above:
        raise ConfigError(f"{value} is too small; it must be above {above}", option=option)
    if most is not None and value > most:
        raise ConfigError(f"{value} is too large; the maximum is {most}", option=option)


def group_options(values: Mapping[str, Any], *groups: type[Options]) -> list[Any]:
    """Create option groups from options by name.

    Raises:
        ConfigError: If a name is unknown or a value invalid.
    """
    group_of = {f.name: group for group in groups for f in fields(group)}  # type: ignore[arg-type]
    for name in values:
        if name not in group_of:
            raise unknown_name("option", name, group_of)
    return [group(**{n: v for n, v in values.items() if group_of[n] is group}) for group in groups]
