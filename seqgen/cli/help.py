"""Commands whose ``--help`` has one line per option; ``--help-all`` adds the advanced ones."""

import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from seqgen.errors import unknown_name

WIDTH = 80
METAVARS = {"<str>": "TEXT", "<path>": "PATH", "<int>": "N", "<float>": "X"}
YES_NO = ("yes", "no")  # fit into a metavar
COMMANDS = "Commands"  # heading
ALL = "seqgen.help_all"  # key in a context's meta: print the advanced options too


class _Help:
    """Prints a command's help and adds its option ``--help-all``."""

    def get_params(self, ctx: Any) -> list[Any]:
        own = super().get_params(ctx)  # type: ignore[misc]
        help_all = TyperOption(
            param_decls=["--help-all"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_print_all,
            help="Print all options and exit.",
        )
        # Before --help, which comes last.
        return [*own[:-1], help_all, *own[-1:]]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write("\n".join(_help_lines(self, ctx)) + "\n")


class Command(_Help, TyperCommand):
    """A command. A hidden option is an advanced one: ``--help-all`` lists it."""

    def __init__(self, *args: Any, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.advanced = {param.name for param in self.params if getattr(param, "hidden", False)}
        for param in self.params:
            param.hidden = False  # type: ignore[attr-defined]  # the shell completes it


class Group(_Help, TyperGroup):
    """A command with subcommands."""

    advanced: frozenset[str] = frozenset()

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; the error for an unknown one lists the known ones."""
        names = self.list_commands(ctx)
        if args[0] not in names and not ctx.resilient_parsing:
            raise unknown_name("command", args[0], names)
        return super().resolve_command(ctx, args)


def _print_all(ctx: Any, param: Any, value: bool) -> None:
    if value:
        ctx.meta[ALL] = True
        typer.echo(ctx.get_help())
        raise typer.Exit


def _help_lines(command: Any, ctx: Any) -> Iterator[str]:
    usage = " ".join(["Usage:", ctx.command_path, *command.collect_usage_pieces(ctx)])
    yield from textwrap.wrap(usage, WIDTH, subsequent_indent=" " * 7)
    for paragraph in (command.help or "").split("\n\n"):
        yield ""
        yield from ("  " + line for line in _wrapped(" ".join(paragraph.split()), WIDTH - 2))
    sections, values = _sections(command, ctx)
    width = max(len(name) for title in sections if title != COMMANDS for name, _ in sections[title])
    for title, rows in sections.items():
        yield ""
        yield typer.style(f"{title}:", bold=True)
        if title == COMMANDS:
            width = max(len(name) for name, _ in rows)
        for name, text in rows:
            # The options of seqgen fit on a line; those of other packages may not.
            first, *more = _wrapped(text, WIDTH - width - 4) or [""]
            yield f"  {name:{width}}  {first}".rstrip()
            yield from (" " * (width + 4) + line for line in more)
    if values:
        yield ""
        yield typer.style("Values:", bold=True)
        for words in dict.fromkeys(values.values()):  # options with the same values together
            names = ", ".join(name for name, others in values.items() if others == words)
            first, *more = _wrapped(f"{names}: {', '.join(words)}", WIDTH - 4)
            yield f"  {first}"
            yield from (f"    {line}" for line in more)
    if command.advanced and not ctx.meta.get(ALL):
        yield ""
        yield f"More options: {ctx.command_path} --help-all"


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def _sections(
    command: Any, ctx: Any
) -> tuple[dict[str, list[tuple[str, str]]], dict[str, tuple[str, ...]]]:
    """Return the rows under each heading, and the values that do not fit in the rows."""
    everything = ctx.meta.get(ALL)
    params = [
        param
        for param in command.get_params(ctx)
        if everything or param.name not in command.advanced
    ]
    names = {id(param): _name(param, ctx) for param in params}
    commands = {
        name: command.get_command(ctx, name).help.split("\n")[0]
        for name in (command.list_commands(ctx) if isinstance(command, TyperGroup) else ())
    }
    width = max(map(len, names.values()))
    room = WIDTH - width - 4
    sections: dict[str, list[tuple[str, str]]] = {}
    values: dict[str, tuple[str, ...]] = {}
    for param in params:
        name, words = names[id(param)], _words(param)
        text, notes = param.help or "", list(_notes(param))
        fitting = _with_notes(text, [", ".join(words), *notes] if words else notes)
        if words and len(fitting) > room:
            values[name.split()[0].rstrip(",")] = words
            fitting = _with_notes(text, notes)
        if isinstance(param, TyperArgument):
            title = "Arguments"
        else:
            title = getattr(param, "rich_help_panel", None) or "Options"
        sections.setdefault(title, []).append((name, fitting))
    if commands:
        sections[COMMANDS] = list(commands.items())
    return sections, values


def _name(param: Any, ctx: Any) -> str:
    """Return an option or argument as it is written: ``-v, --verbose``, ``--units N[,N]``."""
    if isinstance(param, TyperArgument):
        return param.make_metavar(ctx).strip("[].").upper()
    short = [flag for flag in param.opts if not flag.startswith("--")]
    # Of --cell and --cells the latter, since the option takes a list.
    flags = ", ".join([*short, [flag for flag in param.opts if flag.startswith("--")][-1]])
    if param.secondary_opts:
        flags = f"{flags}/{param.secondary_opts[0]}"
    return flags if param.is_flag else f"{flags} {_metavar(param, ctx)}"


def _words(param: Any) -> tuple[str, ...]:
    """Return the values of an option whose metavar lists them: ``layer|batch``."""
    words = tuple((getattr(param, "metavar", None) or "").split("|"))
    return words if (len(words) > 1 and words != YES_NO) or words[0].startswith(".") else ()


def _metavar(param: Any, ctx: Any) -> str:
    words = _words(param)
    if not words:
        metavar = param.make_metavar(ctx)
        return METAVARS.get(metavar, metavar)
    return "FILE" if words[0].startswith(".") else "NAME"


def _notes(param: Any) -> Iterator[str]:
    default = param.default
    if isinstance(getattr(param, "show_default", None), str):
        default = param.show_default
    elif default is True:
        default = "on"
    if default not in (None, False, "") and not callable(default):
        yield f"default: {default}"
    if param.required and isinstance(param, TyperOption):
        yield "required"


def _with_notes(text: str, notes: Iterable[str]) -> str:
    joined = "; ".join(notes)
    return f"{text} [{joined}]" if joined else text
