"""MkDocs hook: fill ``reference/cli.md`` with every command and option of the Typer application."""

from collections.abc import Iterator
from typing import Any

import typer

PLACEHOLDER = "<!-- commands -->"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the placeholder of a page, if it has one, with the reference."""
    return markdown.replace(PLACEHOLDER, reference()) if PLACEHOLDER in markdown else markdown


def reference() -> str:
    """Markdown sections for all commands, in the order of ``seqgen --help``."""
    return "\n".join(section for path, command in commands() for section in describe(path, command))


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
    if described := [(f"`{usage_of(p)}`", p.help or "") for p in arguments if p.help]:
        yield table("Argument", described)
    panels: dict[str, list[tuple[str, str]]] = {}
    for option in command.params:
        if option.param_type_name == "option" and option.name != "help":
            panel = getattr(option, "rich_help_panel", None) or "Options"
            panels.setdefault(panel, []).append((signature(option), help_of(option)))
    for panel, rows in panels.items():
        yield table(panel, rows)


def arguments_of(command: Any) -> list[Any]:
    return [p for p in command.params if p.param_type_name == "argument"]


def usage_of(argument: Any) -> str:
    name = argument.human_readable_name.upper()
    name = f"{name}..." if argument.nargs == -1 else name
    return name if argument.required else f"[{name}]"


def signature(option: Any) -> str:
    """An option's flags and the word for its value: ``--units N``."""
    flags = ", ".join(f"`{flag}`" for flag in (*option.opts, *option.secondary_opts))
    if option.is_flag:
        return flags
    metavar = option.metavar or getattr(option.type, "name", "value")
    return f"{flags} `{metavar.upper() if metavar.isalpha() else metavar}`"


def help_of(option: Any) -> str:
    """An option's help with its default."""
    text = option.help or ""
    default = option.show_default
    if default is True:
        default = None if option.is_flag else option.default
    return f"{text} [default: {default}]" if default else text


def table(title: str, rows: list[tuple[str, str]]) -> str:
    lines = [f"| {title} | |", "|---|---|"]
    lines += [f"| {left} | {escaped(right)} |" for left, right in rows]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    return reflow(text).replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def reflow(text: str) -> str:
    """One line a paragraph, without Typer's form feeds."""
    paragraphs = text.replace("\f", "").strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
