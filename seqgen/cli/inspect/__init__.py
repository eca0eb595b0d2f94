"""`seqgen inspect`: show what a trained network does with a text."""

import typer

from seqgen.cli.help import Command, Group
from seqgen.cli.inspect.gates import gates
from seqgen.cli.inspect.gradients import gradients
from seqgen.cli.inspect.neurons import neurons
from seqgen.cli.options import CheckpointName
from seqgen.errors import ConfigError, did_you_mean

HELP = ("-h", "--help", "--help-all")
VIEWS = ("gradients", "neurons", "gates")


def is_view(word: str) -> bool:
    """Whether a word is one of `VIEWS`, or nearly."""
    return word in VIEWS or bool(did_you_mean(word, VIEWS))


class NameFirst(Group):
    """`seqgen inspect NAME gradients`; the two words may come in the other order."""

    def parse_args(self, ctx, args):  # type: ignore[no-untyped-def]
        # A misspelled view is moved too, so that the error names it and not the checkpoint.
        if len(args) == 2 and args[0] in VIEWS and args[1] in HELP:
            args = ["NAME", *args]
        elif len(args) > 1 and is_view(args[0]) and not is_view(args[1]):
            args = [args[1], args[0], *args[2:]]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=NameFirst,
    help="Show gradients, neurons or gates of a trained network.",
    no_args_is_help=True,
    invoke_without_command=True,
    add_completion=False,
)


@app.callback()
def inspect(context: typer.Context, name: CheckpointName) -> None:
    """Show gradients, neurons or gates of a trained network."""
    if context.invoked_subcommand is None:
        if name in VIEWS:
            raise ConfigError(f"no checkpoint given; name one: seqgen inspect NAME {name}")
        raise ConfigError(f"no view given; name one: seqgen inspect {name} {'|'.join(VIEWS)}")
    context.obj = name


app.command(cls=Command)(gradients)
app.command(cls=Command)(neurons)
app.command(cls=Command)(gates)
