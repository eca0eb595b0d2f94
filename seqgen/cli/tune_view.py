"""Shows a tune in the terminal."""

from seqgen.music.core.tempo import MARKS, beat
from seqgen.music.core.tune import Tune
from seqgen.music.render.abc_writer import key_name
from seqgen.music.render.performance import perform
from seqgen.music.render.terminal import draw_tune, form

STYLES = {
    "section": "bold magenta",
    "bar": "bold cyan",
    "notes": "",
    "shape": "dim green",
    "words": "",
}


def print_tune(tune: Tune, beats: float | None = None, above: bool = False) -> None:
    """Print a tune with its title, its bars and the shape of its melody, coloured in a terminal.

    beats: a minute, as in `seqgen.music.render.performance.perform`. above: an empty line goes
    before it. Raises TuneError for a tune that cannot be played.
    """
    from rich.console import Console
    from rich.text import Text

    from seqgen.cli.terminal import strip_controls

    given = facts(tune, beats)
    console = Console(highlight=False)
    if above:
        console.print()
    console.print(Text(strip_controls(tune.title or f"Tune {tune.number}"), "bold"), soft_wrap=True)
    console.print(Text(strip_controls(given), "dim"), soft_wrap=True)
    for line in draw_tune(tune, console.width):
        text = Text.assemble(*((piece.text, STYLES[piece.kind]) for piece in line))
        text.rstrip()
        console.print(text, soft_wrap=True)


def facts(tune: Tune, beats: float | None) -> str:
    """Rhythm, meter, key, form, tempo and length in a line, and whether there are more voices."""
    performance = perform(tune, beats)
    seconds = round(performance.seconds(performance.length))
    counted = beat(tune.meter)
    return "  ".join(
        filter(
            None,
            (
                tune.rhythm,
                str(tune.meter) if tune.meter.beats else "",
                key_name(tune.key) if tune.key else "",
                form(tune),
                f"{MARKS[counted]} = {performance.tempo / counted:.0f}",
                f"{seconds // 60}:{seconds % 60:02}",
                f"voice 1 of {1 + len(tune.voices)}" if tune.voices else "",
            ),
        )
    )
