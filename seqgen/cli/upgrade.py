"""`seqgen checkpoints upgrade`: rewrite checkpoints of an earlier format."""

from typing import Annotated

import typer

from seqgen.cli.completion import complete_checkpoint
from seqgen.cli.terminal import print_notice
from seqgen.errors import ConfigError, SeqgenError


def upgrade(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME...",
            help="Names of checkpoints, or paths of their folders.",
            autocompletion=complete_checkpoint,
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Upgrade all of your checkpoints.")] = False,
) -> None:
    """Rewrite checkpoints of an earlier format in the current format."""
    if bool(names) == every:
        raise ConfigError("name the checkpoints to upgrade, or give `all=True`")
    from seqgen.checkpoint.layout import FORMAT
    from seqgen.checkpoint.locate import find_checkpoint, list_checkpoints
    from seqgen.checkpoint.upgrade import upgrade

    paths = list_checkpoints() if every else [find_checkpoint(name) for name in names or ()]
    failed = False
    for path in paths:
        try:
            changed = upgrade(path)
        except SeqgenError as error:
            print_notice(str(error))
            failed = True
        else:
            print_notice(f"{path}: {'upgraded to' if changed else 'already of'} format {FORMAT}")
    if failed:
        raise typer.Exit(SeqgenError.status)
