"""Writes tunes as MIDI, score, sound and page, and plays them: what two commands share."""

from __future__ import annotations

import shlex
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from seqgen.config.options import RenderOptions
from seqgen.errors import ConfigError, SeqgenError, TuneError
from seqgen.music.core.tune import Tune
from seqgen.music.render.instruments import Instrument
from seqgen.music.render.performance import Performance

if TYPE_CHECKING:
    from seqgen.music.render.html_page import Entry


class Notice(NamedTuple):
    """What is told on the way. failed: something could not be done, and the rest goes on."""

    text: str
    failed: bool = False


def asked(options: RenderOptions) -> bool:
    """Whether a file is to be written, or the tunes are to be played."""
    return any((options.midi, options.score, options.audio, options.html, options.play))


def check(options: RenderOptions, shown: bool) -> None:
    """Raise ConfigError for an option that changes nothing that is written, played or shown.

    An unknown instrument is an error whether anything is played or not.
    shown: the tunes are shown in the terminal, with their tempo.
    """
    from seqgen.music.render import instruments

    sounds = any((options.midi, options.audio, options.html, options.play))
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
) -> Iterator[Notice]:
    """Write the files that are asked for, each with all tunes that can be rendered, and play them.

    tunes: each with its ABC, which the page shows.
    made_by: what the page says of its making; the command line that runs unless said.
    Raises ConfigError for an unknown instrument, TuneError if no tune can be rendered, and, once
    all other files are written, what was wrong with the last that failed.
    """
    from seqgen.music.abc.left_out import not_played
    from seqgen.music.render import instruments
    from seqgen.music.render.engrave import Sheet, engrave
    from seqgen.music.render.html_page import Entry
    from seqgen.music.render.mei import not_drawn
    from seqgen.music.render.performance import perform

    silent = not (options.midi or options.audio or options.html or options.play)
    lost = Losses(len(tunes) > 1)
    instrument = instruments.find(options.instrument or instruments.DEFAULT)
    entries: list[Entry] = []
    for tune, abc in tunes:
        sheets: Sequence[Sheet] = ()
        try:
            performance = perform(tune, options.tempo)
            if options.score or options.html:
                sheets = engrave(tune, len(entries) + 1)
        except TuneError as error:
            yield left_out(tune, error)
        else:
            entries.append(Entry(performance, sheets, abc))
            lost.read.add(tune.left_out)
            if sheets:
                lost.drawn.add(not_drawn(tune))
            if not silent:
                lost.played.add(not_played(tune))
    yield from map(Notice, lost.lines())
    if not entries:
        raise TuneError("no tune could be rendered")
    failures: list[SeqgenError] = []
    for path, write in writers(entries, options, instrument, made_by or command_line()):
        try:
            write(path)
        except SeqgenError as error:
            failures.append(error)
        else:
            yield Notice(f"wrote {path}")
    if options.play:
        try:
            yield from played([entry.performance for entry in entries], instrument)
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
        from seqgen.music.abc.left_out import Tally

        self.several = several
        self.read, self.drawn, self.played, self.shown = Tally(), Tally(), Tally(), Tally()

    def lines(self) -> list[str]:
        """One line a kind."""
        from seqgen.music.abc.left_out import summary_lines

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


def tell(notices: Iterable[Notice]) -> None:
    """Print what is told on standard error, as it comes."""
    from seqgen.cli import terminal

    for notice in notices:
        terminal.tell(notice.text)


def left_out(tune: Tune, error: TuneError) -> Notice:
    """What is told of a tune that cannot be rendered."""
    title = f" ({tune.title})" if tune.title else ""
    return Notice(f"tune {tune.number}{title} is left out: {error}", failed=True)


def writers(
    entries: Sequence[Entry], options: RenderOptions, instrument: Instrument, made_by: str
) -> Iterator[tuple[Path, Callable[[Path], None]]]:
    """Each file that is asked for, with what writes it."""
    from seqgen.io.atomic import atomic_path, write_atomic
    from seqgen.music.render.engrave import FORMATS
    from seqgen.music.render.html_page import page
    from seqgen.music.render.midi import midi_file
    from seqgen.music.render.synth import write_wav

    performances = [entry.performance for entry in entries]
    sheets = [sheet for entry in entries for sheet in entry.sheets]

    def sound(path: Path) -> None:
        with atomic_path(path) as beside, open(beside, "wb") as file:
            write_wav(performances, instrument, file)

    if options.midi:
        yield Path(options.midi), lambda p: write_atomic(p, midi_file(performances, instrument))
    if options.score:
        form = FORMATS[Path(options.score).suffix.lower()]
        yield Path(options.score), lambda p: write_atomic(p, form(sheets))
    if options.audio:
        yield Path(options.audio), sound
    if options.html:
        yield Path(options.html), lambda p: write_atomic(p, page(entries, instrument, made_by))


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
