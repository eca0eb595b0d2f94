"""Output formats for tunes, by the suffix of the file.

Another package adds a format with an entry point of the group ``seqgen.writers``, whose name is the
suffix with its dot and whose object is a `Writer`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from seqgen.errors import ConfigError
from seqgen.music.render.engrave import Sheet
from seqgen.music.render.instruments import Instrument
from seqgen.music.render.performance import Performance
from seqgen.registry import Registry


@dataclass(frozen=True)
class RenderedTune:
    """A tune in the forms that writers need.

    performance: its notes in the order of playing. abc: its text.
    sheets: its engraved score, if a writer needs one; that of the n-th tune of a file is engraved
        with number n, counted from 1.
    """

    performance: Performance
    sheets: Sequence[Sheet]
    abc: str


@dataclass(frozen=True)
class WriterOptions:
    """Settings for all formats.

    instrument: plays the tunes. made_by: the command that generated the file, for people to read.
    """

    instrument: Instrument
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


def _sheets(tunes: Iterable[RenderedTune]) -> list[Sheet]:
    return [sheet for tune in tunes for sheet in tune.sheets]


def _write_abc(tunes: Sequence[RenderedTune], path: Path, _: WriterOptions) -> None:
    from seqgen.io.atomic import write_atomic

    # An empty line ends a tune.
    write_atomic(path, "\n".join(tune.abc.strip() + "\n" for tune in tunes).encode())


def _write_svg(tunes: Sequence[RenderedTune], path: Path, _: WriterOptions) -> None:
    from seqgen.io.atomic import write_atomic
    from seqgen.music.render.engrave import svg_file

    write_atomic(path, svg_file(_sheets(tunes)))


def _write_png(tunes: Sequence[RenderedTune], path: Path, _: WriterOptions) -> None:
    from seqgen.io.atomic import write_atomic
    from seqgen.music.render.engrave import png_file

    write_atomic(path, png_file(_sheets(tunes)))


def _write_pdf(tunes: Sequence[RenderedTune], path: Path, _: WriterOptions) -> None:
    from seqgen.io.atomic import write_atomic
    from seqgen.music.render.pdf import pdf_file

    write_atomic(path, pdf_file(_sheets(tunes)))


def _write_midi(tunes: Sequence[RenderedTune], path: Path, options: WriterOptions) -> None:
    from seqgen.io.atomic import write_atomic
    from seqgen.music.render.midi import midi_file

    write_atomic(path, midi_file([tune.performance for tune in tunes], options.instrument))


def _write_wav(tunes: Sequence[RenderedTune], path: Path, options: WriterOptions) -> None:
    from seqgen.io.atomic import atomic_path
    from seqgen.music.render.synth import write_wav

    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        write_wav([tune.performance for tune in tunes], options.instrument, file)


def _write_html(tunes: Sequence[RenderedTune], path: Path, options: WriterOptions) -> None:
    from seqgen.io.atomic import write_atomic
    from seqgen.music.render.html_page import page

    write_atomic(path, page(tunes, options.instrument, options.made_by))


ABC = Writer((".abc",), _write_abc)
SVG = Writer((".svg",), _write_svg, needs_score=True)
PNG = Writer((".png",), _write_png, needs_score=True)
PDF = Writer((".pdf",), _write_pdf, needs_score=True)
MIDI = Writer((".mid", ".midi"), _write_midi, plays=True)
WAV = Writer((".wav",), _write_wav, plays=True)
HTML = Writer((".html", ".htm"), _write_html, needs_score=True, plays=True)

WRITERS = Registry[Writer](
    "output format",
    "seqgen.writers",
    {
        ".abc": "seqgen.music.render.writers:ABC",
        ".svg": "seqgen.music.render.writers:SVG",
        ".png": "seqgen.music.render.writers:PNG",
        ".pdf": "seqgen.music.render.writers:PDF",
        ".mid": "seqgen.music.render.writers:MIDI",
        ".midi": "seqgen.music.render.writers:MIDI",
        ".wav": "seqgen.music.render.writers:WAV",
        ".html": "seqgen.music.render.writers:HTML",
        ".htm": "seqgen.music.render.writers:HTML",
    },
)
"""Writers by suffix."""
