"""Writes tunes to files, plays and draws them, for `seqgen sample` and `seqgen render`."""

from __future__ import annotations

import shlex
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from seqgen.cli.terminal import print_notice, strip_controls
from seqgen.errors import ConfigError, SeqgenError, TuneError
from seqgen.music.core.left_out import Tally, summary_lines
from seqgen.music.core.tune import Tune
from seqgen.music.render import instruments
from seqgen.music.render.writers import RenderedTune, RenderOptions, WriterOptions, writer_for

if TYPE_CHECKING:
    from seqgen.music.render.performance import Performance

STYLES = {
    "section": "bold magenta",
    "bar": "bold cyan",
    "notes": "",
    "shape": "dim green",
    "words": "",
}


class Notice(NamedTuple):
    """A message about the outputs; ``failed`` if a tune or file could not be written."""

    text: str
    failed: bool = False


def paths(options: RenderOptions, output: Path | None = None) -> list[Path]:
    """Return the files to write."""
    return options.files() + ([output] if output else [])


def is_rendered(output: Path | None) -> bool:
    """Return whether tunes are written to a file in another format than ABC.

    Raises ConfigError if no format has the suffix of the file.
    """
    if output is None or output.suffix.lower() in ("", ".abc", ".txt"):
        return False
    writer_for(output)
    return True


def check(options: RenderOptions, drawn: bool, output: Path | None = None) -> None:
    """Check the options before tunes are read or generated.

    Args:
        options: The options.
        drawn: Whether the terminal shows the tunes, with their tempo.
        output: One more file, in the format of its suffix.

    Raises:
        ConfigError: If the instrument or the suffix is unknown, or an option has no effect.
    """
    if options.instrument is not None:
        instruments.find(options.instrument)
    if options.play or any(writer_for(path).plays for path in paths(options, output)):
        return
    for option, affects in (("instrument", True), ("tempo", not drawn)):
        if affects and getattr(options, option) is not None:
            raise ConfigError(
                "has no effect without sound; add `midi`, `audio`, `html` or `play`", option=option
            )


def command_line() -> str:
    """Return the command that runs, as it would be typed."""
    return shlex.join(["seqgen", *sys.argv[1:]])


def render(
    tunes: Sequence[tuple[Tune, str]],
    options: RenderOptions,
    made_by: str | None = None,
    output: Path | None = None,
) -> Iterator[Notice]:
    """Write all requested files, each with all tunes that can be rendered, and play the tunes.

    Args:
        tunes: Tunes with their ABC.
        options: The files, and how to play.
        made_by: The command that an HTML page names; by default the one that runs.
        output: One more file, in the format of its suffix.

    Raises:
        ConfigError: If the instrument or a suffix is unknown.
        TuneError: If no tune can be rendered.
        SeqgenError: The error of the last file that failed, once all others are written.
    """
    from seqgen.music.render.engrave import Sheet, engrave
    from seqgen.music.render.mei import not_drawn
    from seqgen.music.render.performance import not_played, perform

    files = [(path, writer_for(path)) for path in paths(options, output)]
    scored = any(writer.needs_score for _, writer in files)
    plays = options.play or any(writer.plays for _, writer in files)
    lost = Losses(len(tunes) > 1)
    instrument = instruments.find(options.instrument or instruments.DEFAULT)
    rendered: list[RenderedTune] = []
    for tune, abc in tunes:
        sheets: Sequence[Sheet] = ()
        try:
            performance = perform(tune, options.tempo)
            if scored:
                sheets = engrave(tune, len(rendered) + 1)
        except TuneError as error:
            yield skip_notice(tune, error)
        else:
            rendered.append(RenderedTune(performance, sheets, abc))
            lost.read.add(tune.left_out)
            if sheets:
                lost.drawn.add(not_drawn(tune))
            if plays:
                lost.played.add(not_played(tune))
    yield from map(Notice, lost.lines())
    if not rendered:
        raise TuneError("no tune could be rendered")
    failures: list[SeqgenError] = []
    settings = WriterOptions(instrument, made_by or command_line())
    for path, writer in files:
        try:
            writer.write(rendered, path, settings)
        except SeqgenError as error:
            failures.append(error)
        else:
            yield Notice(f"wrote {path}")
    if options.play:
        try:
            yield from _play([tune.performance for tune in rendered], instrument)
        except SeqgenError as error:
            failures.append(error)
    for failure in failures[:-1]:
        yield Notice(str(failure), failed=True)
    if failures:
        raise failures[-1]


class Losses:
    """Counts what rendering leaves out of tunes: by the parser, in a score, and in sound.

    Args:
        several: Whether there are several tunes, so that the lines name their number.
    """

    def __init__(self, several: bool) -> None:
        self.several = several
        self.read, self.drawn, self.played, self.printed = Tally(), Tally(), Tally(), Tally()

    def lines(self) -> list[str]:
        """Return one line for each kind."""
        tallies = {
            "left out": self.read,
            "not drawn": self.drawn,
            "not played": self.played,
            "not shown": self.printed,
        }
        return [
            line
            for what, tally in tallies.items()
            for line in summary_lines(tally.counts, tally.tunes if self.several else None, what)
        ]


def print_notices(notices: Iterable[Notice]) -> None:
    """Print notices on standard error as they arrive."""
    for notice in notices:
        print_notice(notice.text)


def skip_notice(tune: Tune, error: TuneError) -> Notice:
    """Return the notice for a tune that cannot be rendered."""
    title = f" ({tune.title})" if tune.title else ""
    return Notice(f"tune {tune.number}{title} is left out: {error}", failed=True)


def _play(
    performances: Sequence[Performance], instrument: instruments.Instrument
) -> Iterator[Notice]:
    from seqgen.music.render.audio_player import HOW, find_player, play
    from seqgen.music.render.synth import write_wav

    player = find_player()
    if player is None:
        raise SeqgenError(HOW)
    yield Notice(f"playing through {Path(player[0]).name}; Ctrl-C stops")
    with tempfile.TemporaryDirectory(prefix="seqgen-") as folder:
        path = Path(folder) / "tunes.wav"
        with open(path, "wb") as file:
            write_wav(performances, instrument, file)
        play(path, player)


def print_tune(tune: Tune, tempo: float | None = None, above: bool = False) -> None:
    """Print a tune with its title, bars and the contour of its melody, coloured in a terminal.

    Raises TuneError if it cannot be played; ``above`` prints an empty line first.
    """
    from rich.console import Console
    from rich.text import Text

    from seqgen.music.render.terminal import draw_tune

    summary = _summarise(tune, tempo)
    console = Console(highlight=False)
    if above:
        console.print()
    console.print(Text(strip_controls(tune.title or f"Tune {tune.number}"), "bold"), soft_wrap=True)
    console.print(Text(strip_controls(summary), "dim"), soft_wrap=True)
    for line in draw_tune(tune, console.width):
        text = Text.assemble(*((piece.text, STYLES[piece.kind]) for piece in line))
        text.rstrip()
        console.print(text, soft_wrap=True)


def _summarise(tune: Tune, tempo: float | None) -> str:
    """Return rhythm, meter, key, form, tempo, duration and the number of voices on one line."""
    from seqgen.music.core.tempo import MARKS, beat
    from seqgen.music.render.abc_writer import key_name
    from seqgen.music.render.performance import perform
    from seqgen.music.render.terminal import form

    performance = perform(tune, tempo)
    seconds = round(performance.seconds(performance.length))
    unit = beat(tune.meter)
    facts = (
        tune.rhythm,
        str(tune.meter) if tune.meter.beats else "",
        key_name(tune.key) if tune.key else "",
        form(tune),
        f"{MARKS[unit]} = {performance.tempo / unit:.0f}",
        f"{seconds // 60}:{seconds % 60:02}",
        f"voice 1 of {1 + len(tune.voices)}" if tune.voices else "",
    )
    return "  ".join(filter(None, facts))
