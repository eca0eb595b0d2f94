"""Output formats for tunes, by the suffix of the file.

Another package adds a format with an entry point of the group ``seqgen.writers``, whose name is the
suffix with its dot and whose object is a `Writer`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seqgen.config.fields import Options, option
from seqgen.errors import ConfigError
from seqgen.registry import Registry

if TYPE_CHECKING:
    from seqgen.music.render.engrave import Sheet
    from seqgen.music.render.instruments import Instrument
    from seqgen.music.render.performance import Performance


@dataclass(frozen=True)
class RenderedTune:
    """A tune in the forms that writers need.

    performance: its notes in the order of playing. abc: its text.
    sheets: its engraved score, if a writer needs one; that of the n-th tune of a file is engraved
        with number n, counted from 1.
    """

    performance: "Performance"
    sheets: "Sequence[Sheet]"
    abc: str


@dataclass(frozen=True)
class WriterOptions:
    """Settings for all formats.

    instrument: plays the tunes. made_by: the command that generated the file, for people to read.
    """

    instrument: "Instrument"
    made_by: str = ""


@dataclass(frozen=True)
class Writer:
    """An output format.

    suffixes: of its files, in lower case with the dot; the first is the usual one.
    write: writes tunes to a path. Raises SeqgenError for tunes that the format cannot hold.
    needs_score: whether it reads `RenderedTune.sheets`.
    plays: whether the file can be heard, so that instrument and tempo matter.
    """

    suffixes: tuple[str, ...]
    write: Callable[[Sequence[RenderedTune], Path, WriterOptions], None]
    needs_score: bool = False
    plays: bool = False


def writer_for(path: Path | str) -> Writer:
    """The writer for a file.

    Raises:
        ConfigError: If no format has the suffix of the file; the message lists the known ones.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in WRITERS:
        raise ConfigError(f"{path}: unknown output format; use one of {', '.join(WRITERS.names())}")
    return WRITERS.load(suffix)


def sheets_of(tunes: Iterable[RenderedTune]) -> "list[Sheet]":
    """The sheets of all tunes in order."""
    return [sheet for tune in tunes for sheet in tune.sheets]


# The built-in formats by the option of `RenderOptions` that takes their files; "" has no option.
_BUILTIN = {
    "": {".abc": "seqgen.music.render.abc_writer:ABC_WRITER"},
    "midi": {
        ".mid": "seqgen.music.render.midi:MIDI_WRITER",
        ".midi": "seqgen.music.render.midi:MIDI_WRITER",
    },
    "score": {
        ".svg": "seqgen.music.render.engrave:SVG_WRITER",
        ".png": "seqgen.music.render.engrave:PNG_WRITER",
        ".pdf": "seqgen.music.render.pdf:PDF_WRITER",
    },
    "audio": {".wav": "seqgen.music.render.synth:WAV_WRITER"},
    "html": {
        ".html": "seqgen.music.render.html_page:HTML_WRITER",
        ".htm": "seqgen.music.render.html_page:HTML_WRITER",
    },
}

WRITERS = Registry[Writer](
    "output format",
    "seqgen.writers",
    {suffix: writer for formats in _BUILTIN.values() for suffix, writer in formats.items()},
)
"""Writers by suffix."""


@dataclass(frozen=True)
class RenderOptions(Options):
    """Scores and sound."""

    midi: str | None = option(
        None, "Write MIDI with repeats played.", suffixes=tuple(_BUILTIN["midi"])
    )
    score: str | None = option(None, "Write an engraved score.", suffixes=tuple(_BUILTIN["score"]))
    audio: str | None = option(None, "Write sound.", suffixes=tuple(_BUILTIN["audio"]))
    html: str | None = option(
        None, "Write a page of scores, sound and ABC.", suffixes=tuple(_BUILTIN["html"])
    )
    tempo: float | None = option(
        None, "Beats per minute.", least=10.0, most=500.0, default_text="the tune's"
    )
    instrument: str | None = option(
        None, "General MIDI name or number.", names="instruments", default_text="harp"
    )
    play: bool = option(False, "Play through the system's audio player.")

    def files(self) -> list[Path]:
        """Return the files to write."""
        return [Path(path) for name in _BUILTIN if name and (path := getattr(self, name))]
