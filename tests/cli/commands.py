"""Every option of every command, and arguments to call each command with."""

from seqgen.cli import app

ARGUMENTS = {
    ("train",): ("good.txt", "--dry-run", "--json"),
    ("sample",): ("fox", "--length", "5"),
    ("render",): ("good.abc",),
    ("evaluate",): ("fox", "good.txt", "--on-unknown", "skip"),
    ("compare",): ("good.txt", "--layers", "1,2", "--epochs", "1", "--dry-run", "--json"),
    ("inspect", "gates"): ("fox", "--text", "good.txt"),
    ("inspect", "gradients"): (
        "fox", "--text", "good.txt", "--json", "--steps", "9", "--streams", "2",
    ),
    ("inspect", "neurons"): ("fox", "--text", "good.txt"),
    ("corpora", "show"): ("good.txt",),
}  # fmt: skip


def every_option() -> list[tuple[tuple[str, ...], str]]:
    """All options that take a value, as (words of the command, option)."""
    options = []

    def gather(command, words: tuple[str, ...]) -> None:
        for each in command.params:
            if each.param_type_name == "option" and not each.is_flag:
                options.append((words, each.opts[0]))
        for name, child in getattr(command, "commands", {}).items():
            gather(child, (*words, name))

    for name in app.COMMANDS:
        gather(app.import_command(name), (name,))
    return options


def every_command() -> list[tuple[str, ...]]:
    """The words of all commands and subcommands."""
    commands: list[tuple[str, ...]] = []
    for name in app.COMMANDS:
        commands.append((name,))
        commands += [(name, child) for child in getattr(app.import_command(name), "commands", {})]
    return commands


def options_of(words: tuple[str, ...]) -> list[str]:
    """The options of one command that take a value."""
    return [option for command, option in every_option() if command == words]
