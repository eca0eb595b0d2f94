"""Command-line options: those made from the option dataclasses, and those that commands share."""

import inspect
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field, fields
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import typer

from seqgen.cli.completion import complete_checkpoint, complete_corpus, complete_names, names_of
from seqgen.cli.terminal import flags
from seqgen.config.fields import Options, flag_name
from seqgen.errors import ConfigError, unknown_name

METAVARS = {int: "N", float: "X", str: "TEXT"}
TYPE_NAMES = {int: "a whole number", float: "a number"}
CONFIG_HELP = "TOML file of options, such as clip_norm = 5.0."

CheckpointName = Annotated[
    str,
    typer.Argument(
        help="Name of a checkpoint, or path of its folder.", autocompletion=complete_checkpoint
    ),
]
SOURCES = typer.Argument(
    help="Files, folders, glob patterns, corpora, or -.",
    autocompletion=complete_corpus,
    show_default=False,
)
CheckpointsDir = Annotated[Path, typer.Option(help="Folder of checkpoints.")]
Encoding = Annotated[
    str | None, typer.Option(help="Encoding of the files.", show_default="UTF-8 or BOM")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def with_options(
    *groups: type[Options], several: bool = False
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Turn ``f(..., given)`` into a Typer command that has every option of the dataclasses.

    The command calls ``f`` with its own parameters and with ``given``: the values from the command
    line or from a ``--config`` file by field name, in the types of the fields. Bounds and choices
    are checked by the dataclasses.

    Args:
        groups: The dataclasses; a field with ``flag=False`` is only read from a file.
        several: Every option takes a list of values, and ``given`` has a tuple for each.

    Raises:
        ConfigError: By the command, if a value has another type or the file is invalid.
    """
    hints = {name: hint for group in groups for name, hint in get_type_hints(group).items()}
    known = {f.name: (group, f) for group in groups for f in fields(group)}  # type: ignore[arg-type]
    switches = {name: entry for name, entry in known.items() if entry[1].metadata["flag"]}
    make, parse = (_list_parameter, _parse_list) if several else (_parameter, _parse)

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def run(config: Path | None = None, **values: Any) -> None:
            given = _read_config(config, known) if config else {}
            if several:
                given = {n: v if isinstance(v, tuple) else (v,) for n, v in given.items()}
            for name in switches:
                if (text := values.pop(name)) is not None:
                    given[name] = text if isinstance(text, bool) else parse(name, text, hints[name])
            command(**values, given=given)

        own = inspect.signature(command, eval_str=True).parameters.values()
        parameters = [p for p in own if p.name != "given"]
        parameters += [make(f, hints[f.name], group) for group, f in switches.values()]
        parameters.append(
            _keyword("config", Path | None, typer.Option("--config", help=CONFIG_HELP))
        )
        # Arguments without a default must come first in a signature.
        parameters.sort(key=lambda p: p.default is not inspect.Parameter.empty)
        parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parameters]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in parameters}
        # For the reference (docs/cli_reference.py).
        run.option_groups = groups  # type: ignore[attr-defined]
        return run

    return decorate


def _keyword(name: str, kind: Any, info: Any) -> inspect.Parameter:
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind, info]
    )


def _parameter(field: Field, hint: Any, group: type) -> inspect.Parameter:
    """Return the option of a field; Typer passes its value as text, and `_parse` checks it."""
    if hint is bool:
        switch = flag_name(field.name)
        if field.default:
            switch += f"/{flag_name('no_' + field.name)}"
        return _keyword(field.name, bool | None, typer.Option(switch, **_help(field, group)))
    words = field.metadata["choices"] or names_of(field.metadata["names"])
    info = typer.Option(
        flag_name(field.name),
        metavar="|".join(words or field.metadata["suffixes"] or ())
        or METAVARS.get(_value_type(hint), "N[,N]"),
        autocompletion=complete_names(words) if words else None,
        **_help(field, group),
    )
    return _keyword(field.name, str | None, info)


def _list_parameter(field: Field, hint: Any, group: type) -> inspect.Parameter:
    """Return the option of a field that takes a list; an option of names has a plural form too."""
    if hint is bool:
        attributes = _help(field, group) | {"show_default": False}
        info = typer.Option(flag_name(field.name), metavar="yes|no", **attributes)
        return _keyword(field.name, str | None, info)
    parameter = _parameter(field, hint, group)
    info = parameter.annotation.__metadata__[0]
    if field.metadata["names"] and not field.name.endswith("s"):
        info.param_decls = (*info.param_decls, f"{flag_name(field.name)}s")
    return parameter


def _help(field: Field, group: type) -> dict[str, Any]:
    """Return what the help prints of a field, under the heading of its group."""
    default = field.default
    if default is None:
        default = field.metadata["default_text"]
    elif isinstance(default, bool):
        default = "on" if default else None
    elif isinstance(default, float):
        default = f"{default:g}"
    return {
        "help": flags(field.metadata["help"]),
        "show_default": False if default is None else str(default),
        "hidden": field.metadata["advanced"],
        "rich_help_panel": (group.__doc__ or "").split("\n")[0].rstrip("."),
    }


def _value_type(hint: Any) -> Any:
    """Return the type of a field that may also be None."""
    kinds = get_args(hint)
    return next(k for k in kinds if k is not type(None)) if type(None) in kinds else hint


def _parse(name: str, text: str, hint: Any) -> Any:
    """Convert a text to the type of a field. Raises ConfigError."""
    kind = _value_type(hint)
    if get_origin(kind) is tuple:
        return tuple(_parse(name, item, get_args(kind)[0]) for item in text.split(","))
    try:
        return kind(text)
    except ValueError:
        raise ConfigError(f"{text!r} is not {TYPE_NAMES[kind]}", option=name) from None


def _parse_list(name: str, text: str, hint: Any) -> tuple[Any, ...]:
    """Convert a list; the items of an option that takes several are joined by ``+``: 512+256."""
    kind, items = _value_type(hint), text.split(",")
    if not all(item.strip() for item in items):
        raise ConfigError(f"{text!r} lacks a value; separate values by commas", option=name)
    if kind is bool:
        if wrong := [item for item in items if item not in ("yes", "no")]:
            raise ConfigError(f"{wrong[0]!r} is not yes or no", option=name)
        return tuple(item == "yes" for item in items)
    if get_origin(kind) is tuple:
        items = [item.replace("+", ",") for item in items]
    return tuple(_parse(name, item, hint) for item in items)


def _read_config(path: Path, known: Mapping[str, Any]) -> dict[str, Any]:
    """Read the options of a TOML file. Raises ConfigError that names the file."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}", option="config") from error
    except (ValueError, RecursionError) as error:  # not TOML, not UTF-8, or lists in lists in lists
        raise ConfigError(f"{path} is not a TOML file: {error}", option="config") from error
    for name in given:
        if name not in known:
            raise ConfigError(f"{path}: {unknown_name('option', name, known)}")
    return {name: _from_toml(name, value, path) for name, value in given.items()}


def _from_toml(name: str, value: Any, path: Path) -> Any:
    """Convert a value of a TOML file, lists to tuples. Raises ConfigError for a table."""
    if isinstance(value, dict):
        raise ConfigError(f"{path}: {name} is a table, not a text, a number or a list")
    if isinstance(value, list):
        return tuple(_from_toml(name, each, path) for each in value)
    return value
