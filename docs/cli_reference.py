"""MkDocs hook: fill ``reference/cli.md`` with every command and option of the program.

Values and defaults come from the declarations: the dataclasses of options, the cells, and the
parameters of the Typer commands.
"""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any, get_args, get_origin, get_type_hints

import typer

from seqgen.cli.completion import names_of
from seqgen.config.options import RunOptions
from seqgen.config.resolved import ModelSpec, TrainSpec
from seqgen.models import cells

PLACEHOLDER = "<!-- commands -->"
MAX_WORDS = 20  # in a table; longer lists are cut
TYPES = {int: "whole number", float: "number", str: "text"}
TYPER_TYPES = {"integer": "whole number", "int": "whole number", "str": "text", "path": "path"}


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the placeholder of a page, if it has one, with the reference."""
    return markdown.replace(PLACEHOLDER, reference()) if PLACEHOLDER in markdown else markdown


def reference() -> str:
    """Markdown sections for all commands, in the order of ``seqgen --help``."""
    sections = [section for path, command in commands() for section in describe(path, command)]
    return "\n".join([*sections, *config_file_options()])


def commands() -> Iterator[tuple[str, Any]]:
    """Every command with the words that call it: ``("seqgen corpora show", ...)``."""
    from seqgen.cli.app import app

    root = typer.main.get_command(app)
    context = typer.Context(root)  # type: ignore[arg-type]
    for name in root.list_commands(context):  # type: ignore[attr-defined]
        _, command, _ = root.resolve_command(context, [name])  # type: ignore[attr-defined]
        yield f"seqgen {name}", command
        arguments = "".join(f" {p.human_readable_name.upper()}" for p in arguments_of(command))
        for child, subcommand in getattr(command, "commands", {}).items():
            yield f"seqgen {name}{arguments} {child}", subcommand


def describe(path: str, command: Any) -> Iterator[str]:
    """Heading, usage, help and tables of options of one command."""
    arguments = arguments_of(command)
    usage = " ".join([path, *(usage_of(argument) for argument in arguments), "[OPTIONS]"])
    yield f"## `{path}` {{ #{path.lower().replace(' ', '-')} }}\n"
    yield f"```text\n{usage}\n```\n"
    yield f"{reflow(command.help or '')}\n"
    if described := [(f"`{usage_of(p)}`", reflow(p.help or "")) for p in arguments if p.help]:
        yield table(("Argument", "Description"), described)
    groups = {
        (group.__doc__ or "").split("\n")[0].rstrip("."): group
        for group in getattr(command.callback, "option_groups", ())
    }
    rows: dict[str, list[tuple[str, ...]]] = {}
    for option in command.params:
        if option.param_type_name == "option" and option.name != "help":
            title = getattr(option, "rich_help_panel", None) or "Options"
            rows.setdefault(title, []).append(option_row(option, groups.get(title)))
    for title, of_panel in rows.items():
        yield table((title, "Description", "Values", "Default"), of_panel)


def arguments_of(command: Any) -> list[Any]:
    return [p for p in command.params if p.param_type_name == "argument"]


def usage_of(argument: Any) -> str:
    name = argument.human_readable_name.upper().strip("[].")
    name = f"{name}..." if argument.nargs == -1 else name
    return name if argument.required else f"[{name}]"


def option_row(option: Any, group: type | None) -> tuple[str, ...]:
    """Flags, help, values and default of an option; ``group`` declares it, or the command."""
    flags = ", ".join(f"`{flag}`" for flag in (*option.opts, *option.secondary_opts))
    text = reflow(option.help or "")
    if group is None:
        return flags, text, typer_values(option), typer_default(option)
    field = next(f for f in fields(group) if f.name == option.name)
    values = field_values(field, get_type_hints(group)[field.name])
    if not option.is_flag and values == "":
        values = "`yes`, `no`"
    return flags, text + cells_with(field), values, field_default(field)


def field_values(field: Any, hint: Any) -> str:
    """The values that a field of a dataclass of options accepts; "" for a switch."""
    known, kind = field.metadata, value_type(hint)
    several = get_origin(kind) is tuple
    kind = get_args(kind)[0] if several else kind
    if kind is bool:
        return ""
    if words := known["choices"] or names_of(known["names"]):
        cut = [f"`{word}`" for word in words[:MAX_WORDS]]
        if len(words) > MAX_WORDS:
            cut.append(f"… ({len(words)} names)")
        if known["names"] == "documents":
            cut.append("or a separator line")
        return ", ".join(cut)
    if known["suffixes"]:
        return "file name in " + ", ".join(f"`{suffix}`" for suffix in known["suffixes"])
    text = bounds(known, TYPES[kind])
    return f"{text}; one or more" if several else text


def value_type(hint: Any) -> Any:
    """The type of a field that may also be None."""
    kinds = get_args(hint)
    return next(k for k in kinds if k is not type(None)) if type(None) in kinds else hint


def bounds(known: Any, noun: str) -> str:
    """``1 to 8``, ``above 0, up to 10``, or the noun where there are no bounds."""
    least, above, most = known["least"], known["above"], known["most"]
    if above is not None:
        return f"above {number(above)}" + (f", up to {number(most)}" if most is not None else "")
    if least is not None and most is not None:
        return f"{number(least)} to {number(most)}"
    return noun if least is None else f"from {number(least)}"


def number(value: float) -> str:
    """A bound: thousands are grouped, large ones are powers."""
    if value >= 10**6 and value == int(value):
        digits = str(int(value))
        if digits.strip("0") == "1":
            return f"10<sup>{len(digits) - 1}</sup>"
        if (power := (int(value) + 1).bit_length() - 1) and int(value) + 1 == 2**power:
            return f"2<sup>{power}</sup> − 1"
    return f"{value:,}" if isinstance(value, int) else f"{value:,g}"


def cells_with(field: Any) -> str:
    """Which cells have an option, if not all of them."""
    having = cells.option_users().get(field.name)
    return f" Only {', '.join(f'`{name}`' for name in having)}." if having else ""


def field_default(field: Any) -> str:
    """A field's default; "automatic" if seqgen chooses one for the data and the machine."""
    if field.default is not None:
        return format_default(field.default)
    if field.metadata["default_text"]:
        return str(field.metadata["default_text"])
    if having := cells.option_users().get(field.name):
        values = {format_default(cells.find(name).option_defaults[field.name]) for name in having}
        return ", ".join(sorted(values))
    return "automatic" if is_resolved(field.name) else ""


def is_resolved(name: str) -> bool:
    """Whether an option that was not given has a value in a run all the same."""
    if name not in {f.name for part in fields(RunOptions) for f in fields(part.default)}:
        return False
    hints = get_type_hints(ModelSpec) | get_type_hints(TrainSpec)
    # A run has one limit at least, and a tokenizer has a size.
    return name in ("minutes", "epochs", "layers", "vocab_size") or (
        name in hints and type(None) not in get_args(hints[name])
    )


def format_default(value: Any) -> str:
    """A default as it is written on the command line."""
    if value is None:
        return "automatic"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        value = ",".join(map(str, value))
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def typer_values(option: Any) -> str:
    """The values of an option that a command declares by itself."""
    if option.is_flag:
        return ""
    words = (option.metavar or "").split("|")
    if words[0].startswith("."):
        return "file name in " + ", ".join(f"`{word}`" for word in words)
    if len(words) > 1:
        return ", ".join(f"`{word}`" for word in words)
    least = getattr(option.type, "min", None)
    most = getattr(option.type, "max", None)
    noun = option.type.name.removesuffix(" range")
    return bounds({"least": least, "above": None, "most": most}, TYPER_TYPES.get(noun, noun))


def typer_default(option: Any) -> str:
    """The default of an option that a command declares by itself."""
    if isinstance(option.show_default, str):
        return option.show_default
    if option.is_flag and not option.secondary_opts:
        return "off"
    return "" if option.default in (None, "") else format_default(option.default)


def config_file_options() -> Iterator[str]:
    """The options without a flag."""
    yield "## Options of `--config` files { #config-files }\n"
    yield (
        "A `--config` file sets any option of its command by its name with underscores, such as "
        "`clip_norm = 5.0`. These options of `seqgen train` and `seqgen compare` can be set only "
        "there:\n"
    )
    rows = [
        (f"`{f.name}`", f.metadata["help"], field_values(f, hints[f.name]), field_default(f))
        for group in (type(part.default) for part in fields(RunOptions))
        for hints in [get_type_hints(group)]
        for f in fields(group)
        if not f.metadata["flag"]
    ]
    yield table(("Option", "Description", "Values", "Default"), rows)


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(heads)
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    lines += [f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def reflow(text: str) -> str:
    """One line a paragraph, without Typer's form feeds; characters of Markdown are escaped."""
    paragraphs = text.replace("\f", "").strip().split("\n\n")
    plain = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
    return plain.replace("<", "&lt;").replace("*", "\\*")
