"""Writes tunes as MIDI, score, sound and page, and plays them: what two commands share."""

from __future__ import annotations

import shlex
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from seqgen.config.options import RenderOptions
from seqgen.errors import ConfigError, SeqgenError, TuneError
from seqgen.music.core.tune import Tune
from seqgen.music.render.instruments import Instrument
from seqgen.music.render.performance import Performance

if TYPE_CHECKING:
    from seqgen.music.render.writers import RenderedTune


class Notice(NamedTuple):
    """A message about the outputs. failed: a tune or file could not be written; the others were."""

    text: str
    failed: bool = False


def paths(options: RenderOptions, output: Path | None = None) -> list[Path]:
    """The files to write."""
    files = (options.midi, options.score, options.audio, options.html, output)
    return [Path(file) for file in files if file is not None]


def is_requested(options: RenderOptions, output: Path | None = None) -> bool:
    """Whether a file is to be written, or the tunes are to be played."""
    return options.play or bool(paths(options, output))


def is_rendered(output: Path | None) -> bool:
    """Whether tunes are written to a file in another format than ABC."""
    from seqgen.music.render.writers import WRITERS

    suffix = output.suffix.lower() if output else ""
    return suffix not in ("", ".abc", ".txt") and suffix in WRITERS


def check(options: RenderOptions, shown: bool, output: Path | None = None) -> None:
    """Raise ConfigError for an option that changes nothing that is written, played or shown.

    An unknown instrument is an error whether anything is played or not, and so is a suffix of
    ``output``.
    shown: the tunes are shown in the terminal, with their tempo.
    """
    from seqgen.music.render import instruments

    sounds = any((options.midi, options.audio, options.html, options.play))
    if output is not None:
        from seqgen.music.render.writers import writer_for

        sounds = writer_for(output).plays or sounds
    needs = "which changes only what is heard; add --midi, --audio, --html or --play"
    if options.instrument is not None:
        instruments.find(options.instrument)
        if not sounds:
            raise ConfigError(f"--instrument says what plays, {needs}")
    if options.tempo is not None and not sounds and not shown:
        raise ConfigError(f"--tempo says how fast the tunes are played, {needs}")


def command_line() -> str:
    """The command that runs, as it would be typed."""
    return shlex.join(["seqgen", *sys.argv[1:]])


def render(
    tunes: Sequence[tuple[Tune, str]],
    options: RenderOptions,
    made_by: str | None = None,
    output: Path | None = None,
) -> Iterator[Notice]:
    """Write the files that are asked for, each with all tunes that can be rendered, and play them.

    tunes: each with its ABC, which the page shows.
    made_by: the command that the page names; by default the one that runs.
    output: one more file, in the format of its suffix.
    Raises ConfigError for an unknown instrument or suffix, TuneError if no tune can be rendered,
    and, once all other files are written, the error of the last file that failed.
    """
    from seqgen.music.render import instruments
    from seqgen.music.render.engrave import Sheet, engrave
    from seqgen.music.render.mei import not_drawn
    from seqgen.music.render.performance import not_played, perform
    from seqgen.music.render.writers import RenderedTune, WriterOptions, writer_for

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
            yield left_out(tune, error)
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
            yield from played([tune.performance for tune in rendered], instrument)
        except SeqgenError as error:
            failures.append(error)
    for failure in failures[:-1]:
        yield Notice(str(failure), failed=True)
    if failures:
        raise failures[-1]


class Losses:
    """What rendering leaves out of the tunes: by the reader, in a score, and in sound.

    several: it is of more than one tune, so that the lines say of how many.
    """

    def __init__(self, several: bool) -> None:
        from seqgen.music.core.left_out import Tally

        self.several = several
        self.read, self.drawn, self.played, self.shown = Tally(), Tally(), Tally(), Tally()

    def lines(self) -> list[str]:
        """One line a kind."""
        from seqgen.music.core.left_out import summary_lines

        found = {
            "left out": self.read,
            "not drawn": self.drawn,
            "not played": self.played,
            "not shown": self.shown,
        }
        return [
            line
            for what, tally in found.items()
            for line in summary_lines(tally.counts, tally.tunes if self.several else None, what)
        ]


def print_notices(notices: Iterable[Notice]) -> None:
    """Print notices on standard error as they arrive."""
    from seqgen.cli import terminal

    for notice in notices:
        terminal.print_notice(notice.text)


def left_out(tune: Tune, error: TuneError) -> Notice:
    """The notice for a tune that cannot be rendered."""
    title = f" ({tune.title})" if tune.title else ""
    return Notice(f"tune {tune.number}{title} is left out: {error}", failed=True)


def played(performances: Sequence[Performance], instrument: Instrument) -> Iterator[Notice]:
    """Play the tunes. Raises SeqgenError if the machine cannot; it says how it could."""
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
