"""Every option of every command, and with what else each command is tried."""

from seqgen.cli import app

ARGUMENTS = {
    ("train",): ("good.txt", "--dry-run", "--json"),
    ("sample",): ("fox", "--length", "5"),
    ("render",): ("good.abc",),
    ("evaluate",): ("fox", "good.txt", "--on-unknown", "skip"),
    ("compare",): ("good.txt", "--layers", "1,2", "--epochs", "1", "--dry-run", "--json"),
    ("inspect", "gates"): ("fox", "--text", "good.txt"),
    ("inspect", "gradients"): (
        "fox",
        "--text",
        "good.txt",
        "--json",
        "--steps",
        "9",
        "--streams",
        "2",
    ),
    ("inspect", "neurons"): ("fox", "--text", "good.txt"),
    ("corpora", "show"): ("good.txt",),
}


def every_option() -> list[tuple[tuple[str, ...], str]]:
    """Each option that takes a value, and the command that it belongs to."""
    found = []

    def gather(command, words: tuple[str, ...]) -> None:
        for each in command.params:
            if each.param_type_name == "option" and not each.is_flag:
                found.append((words, each.opts[0]))
        for name, child in getattr(command, "commands", {}).items():
            gather(child, (*words, name))

    for name in app.COMMANDS:
        gather(app.import_command(name), (name,))
    return found


def every_command() -> list[tuple[str, ...]]:
    """The words of each command, also of those within others."""
    found: list[tuple[str, ...]] = []
    for name in app.COMMANDS:
        found.append((name,))
        found += [(name, child) for child in getattr(app.import_command(name), "commands", {})]
    return found


def options_of(words: tuple[str, ...]) -> list[str]:
    """The options of one command that take a value."""
    return [option for command, option in every_option() if command == words]
