"""Command-line options that are made from the option dataclasses."""

import inspect
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field, fields
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import typer

from seqgen.cli.completion import complete_names, names_of
from seqgen.cli.terminal import flags
from seqgen.config.fields import Options, flag_name
from seqgen.errors import ConfigError, unknown_name

METAVARS = {int: "N", float: "X", str: "TEXT"}
CONFIG_HELP = "TOML file of options, such as clip_norm = 5.0."


def with_options(
    *groups: type[Options], several: bool = False
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Turn ``f(..., given)`` into a Typer command that has every option of the dataclasses.

    groups: the dataclasses; a field with ``flag=False`` is read from a ``--config`` file only.
    several: every option takes a list of values, and ``given`` has a tuple of them for each.
    The command calls ``f`` with its own parameters and with ``given``: the values that were given
    on the command line or in the file, by field name, in the types of the fields. It raises
    ConfigError for a value that is not of its type or a file that is not right; bounds and choices
    are checked where the dataclass is made.
    """
    hints = {name: hint for group in groups for name, hint in get_type_hints(group).items()}
    known = {f.name: (group, f) for group in groups for f in fields(group)}  # type: ignore[arg-type]
    switches = {name: entry for name, entry in known.items() if entry[1].metadata["flag"]}

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def run(config: Path | None = None, **values: Any) -> None:
            given = read_config(config, known) if config else {}
            if several:
                given = {name: listed(value) for name, value in given.items()}
            read = parse_several if several else parse
            for name in switches:
                if (text := values.pop(name)) is not None:
                    given[name] = text if isinstance(text, bool) else read(name, text, hints[name])
            command(**values, given=given)

        own = inspect.signature(command, eval_str=True).parameters.values()
        parameters = [p for p in own if p.name != "given"]
        make = flag_of_several if several else flag
        parameters += [make(f, hints[f.name], group) for group, f in switches.values()]
        parameters.append(
            keyword("config", Path | None, typer.Option("--config", help=CONFIG_HELP))
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


def keyword(name: str, kind: Any, info: Any) -> inspect.Parameter:
    """A parameter that is None unless it is given."""
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind, info]
    )


def flag(field: Field, hint: Any, group: type) -> inspect.Parameter:
    """The command-line option of a field, taken as text: `parse` has the one kind of message."""
    if hint is bool:
        switch = flag_name(field.name)
        if field.default:
            switch += f"/{flag_name('no_' + field.name)}"
        info = typer.Option(switch, **_shown(field, group))
        return keyword(field.name, bool | None, info)
    words = field.metadata["choices"] or names_of(field.metadata["names"])
    listed_words = "|".join(words or field.metadata["suffixes"] or ())
    info = typer.Option(
        flag_name(field.name),
        metavar=listed_words or METAVARS.get(kind_of(hint), "N[,N]"),
        autocompletion=complete_names(words) if words else None,
        **_shown(field, group),
    )
    return keyword(field.name, str | None, info)


def _shown(field: Field, group: type) -> dict[str, Any]:
    """What the help prints of a field: `seqgen.cli.help.Command` lists hidden ones on demand."""
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
        "rich_help_panel": panel(group),
    }


def flag_of_several(field: Field, hint: Any, group: type) -> inspect.Parameter:
    """The option of a field that takes a list; where it takes names, in the plural too."""
    if hint is bool:
        info = typer.Option(
            flag_name(field.name),
            metavar="yes|no",
            **_shown(field, group) | {"show_default": False},
        )
        return keyword(field.name, str | None, info)
    parameter = flag(field, hint, group)
    info = parameter.annotation.__metadata__[0]
    if field.metadata["names"] and not field.name.endswith("s"):
        info.param_decls = (*info.param_decls, f"{flag_name(field.name)}s")
    return parameter


def panel(group: type) -> str:
    """The heading under which the help lists a group's options."""
    return (group.__doc__ or "").split("\n")[0].rstrip(".")


def kind_of(hint: Any) -> Any:
    """The type of a field that may also be None."""
    return (
        next((k for k in get_args(hint) if k is not type(None)), hint) if is_union(hint) else hint
    )


def is_union(hint: Any) -> bool:
    return type(None) in get_args(hint)


def parse(name: str, text: str, hint: Any) -> Any:
    """The value that a text stands for. Raises ConfigError that names the flag."""
    kind = kind_of(hint)
    if get_origin(kind) is tuple:
        return tuple(parse(name, item, get_args(kind)[0]) for item in text.split(","))
    try:
        return kind(text)
    except ValueError:
        what = {int: "a whole number", float: "a number"}[kind]
        raise ConfigError(f"{text!r} is not {what}", option=name) from None


def parse_several(name: str, text: str, hint: Any) -> tuple[Any, ...]:
    """The values in a list; of an option that takes several, each is joined by ``+``: 512+256."""
    kind, items = kind_of(hint), text.split(",")
    if not all(item.strip() for item in items):
        raise ConfigError(f"{text!r} lacks a value; separate values by commas", option=name)
    if kind is bool:
        return tuple(parse_truth(name, item) for item in items)
    if get_origin(kind) is tuple:
        return tuple(parse(name, item.replace("+", ","), hint) for item in items)
    return tuple(parse(name, item, hint) for item in items)


def parse_truth(name: str, text: str) -> bool:
    if text not in ("yes", "no"):
        raise ConfigError(f"{text!r} is not yes or no", option=name)
    return text == "yes"


def listed(value: Any) -> tuple[Any, ...]:
    """What a file says of an option that takes a list: one value, or several, lists among them."""
    return value if isinstance(value, tuple) else (value,)


def read_config(path: Path, known: Mapping[str, Any]) -> dict[str, Any]:
    """The options that a TOML file says. Raises ConfigError that names the file."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}", option="config") from error
    except (ValueError, RecursionError) as error:  # not TOML, not UTF-8, or lists in lists in lists
        raise ConfigError(f"{path} is not a TOML file: {error}", option="config") from error
    for name in given:
        if name not in known:
            raise ConfigError(f"{path}: {unknown_name('option', name, known)}")
    return {name: plain(name, value, path) for name, value in given.items()}


def plain(name: str, value: Any, path: Path) -> Any:
    """A value of a TOML file, with tuples for its lists. Raises ConfigError for a table."""
    if isinstance(value, dict):
        raise ConfigError(f"{path}: {name} is a table; an option is a word, a number, or a list")
    if isinstance(value, list):
        return tuple(plain(name, each, path) for each in value)
    return value
