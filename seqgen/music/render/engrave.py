"""Tunes as an engraved score: SVG, PNG or PDF."""

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from importlib.metadata import distribution
from pathlib import Path
from typing import NamedTuple

from seqgen.errors import TuneError
from seqgen.io.atomic import write_atomic
from seqgen.music.core.tune import Tune
from seqgen.music.render.layout import lines, visible
from seqgen.music.render.mei import mei
from seqgen.music.render.writers import RenderedTune, Writer, WriterOptions, sheets_of

# A4, in tenths of a millimetre.
WIDTH, HEIGHT, MARGIN = 2100, 2970, 150
TITLE_HEIGHT, GAP = 170, 120
TITLE_SIZE, SUBTITLE_SIZE, RHYTHM_SIZE = 62, 44, 38
SUBTITLE_HEIGHT = 54
WORDS_SIZE, WORDS_HEIGHT = 36, 50
WORDS_WIDTH = 82  # characters in a line
# Staves six millimetres high; verovio's own are 7.2 mm.
SCALE = 6 / 7.2
PIXELS = 1654 / WIDTH  # 200 dots an inch
# A higher picture would take over half a gigabyte to draw.
HIGHEST_PICTURE = 30_000
SERIF = "'DejaVu Serif', Georgia, serif"
# Verovio computes the width of texts in Times; DejaVu is wider.
TEXT_SCALE = 0.86
TEXT_SIZE = 405  # in verovio, of most texts
STYLE = 'font-(?:weight|style)="[a-z]+"'
# Signs in verovio's own font, and in others.
SIGNS = {"\uea64": "♭", "\uea65": "♮", "\uea66": "♯"}

ENGRAVING = {
    "breaks": "line",
    "header": "none",
    "footer": "none",
    "adjustPageHeight": True,
    "pageMarginTop": 0,
    "pageMarginBottom": 0,
    "pageMarginLeft": 0,
    "pageMarginRight": 0,
    "spacingSystem": 6,
    "pageWidth": round((WIDTH - 2 * MARGIN) / SCALE),
    "pageHeight": round((HEIGHT - 2 * MARGIN - TITLE_HEIGHT) / SCALE),
    "outputIndent": 1,
    "lyricWordSpace": 2.0,
}


class Text(NamedTuple):
    """A line of text. x, y, size: in tenths of a millimetre. anchor: alignment at x, as in SVG."""

    text: str
    x: float
    y: float
    size: float
    anchor: str
    italic: bool = False


@dataclass(frozen=True)
class Sheet:
    """The staves of a tune, as many as fit on a page, or the words below them.

    Attributes:
        title, rhythm, subtitles, composer: Above the staves; empty on further sheets of a tune.
        body: SVG elements in the current colour, as wide as a page between its margins.
        height: In tenths of a millimetre.
    """

    title: str
    rhythm: str
    body: str
    height: float
    subtitles: tuple[str, ...] = ()
    composer: str = ""

    @property
    def top(self) -> int:
        """Height above the staves."""
        if not (self.title or self.rhythm or self.subtitles or self.composer):
            return 0
        return TITLE_HEIGHT + SUBTITLE_HEIGHT * len(self.subtitles)

    def texts(self) -> list[Text]:
        """The texts above the staves, with y from the upper edge of the sheet."""
        middle, y = WIDTH / 2, float(TITLE_SIZE)
        texts = [Text(self.title, middle, y, title_size(self.title), "middle")]
        for subtitle in self.subtitles:
            y += SUBTITLE_HEIGHT
            size = min(SUBTITLE_SIZE, title_size(subtitle))
            texts.append(Text(subtitle, middle, y, size, "middle"))
        y += 1.3 * RHYTHM_SIZE
        texts.append(Text(self.rhythm, MARGIN, y, RHYTHM_SIZE, "start", italic=True))
        size = min(RHYTHM_SIZE, 2 * title_size(self.composer) / 3)
        texts.append(Text(self.composer, WIDTH - MARGIN, y, size, "end"))
        return [text._replace(text=visible(text.text)) for text in texts if text.text]


def engrave(tune: Tune, number: int) -> list[Sheet]:
    """Engrave a tune, usually on one sheet.

    Args:
        tune: The tune.
        number: Number of the tune in its file, from 1; ids of notes begin with its `prefix`.

    Raises:
        TuneError: If it contains what notation cannot show.
    """
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    start, stop = lines(tune)[-1] if tune.bars else (0, 0)
    # A last line of a bar or two is not stretched to the full width.
    filled = 0.0 if stop - start > 2 else 0.8
    toolkit.setOptions(ENGRAVING | {"xmlIdSeed": number, "minLastJustification": filled})
    if not toolkit.loadData(mei(tune, prefix(number))):
        raise TuneError("cannot be engraved")
    sheets = []
    for page in range(1, toolkit.getPageCount() + 1):
        body, height = _staves(toolkit.renderToSVG(page))
        if page == 1:
            head = tune.title, tune.rhythm, body, height, tune.subtitles, tune.composer
            sheets.append(Sheet(*head))
        else:
            sheets.append(Sheet("", "", body, height))
    return sheets + list(_word_sheets(tune.words))


def _word_sheets(words: Sequence[str]) -> Iterator[Sheet]:
    """The words below a tune."""
    rows = [row for line in words for row in textwrap.wrap(visible(line), WORDS_WIDTH) or [""]]
    most = (HEIGHT - 2 * MARGIN) // WORDS_HEIGHT
    for start in range(0, len(rows), most):
        lines = [
            f'<text x="0" y="{WORDS_HEIGHT * n + WORDS_SIZE}">{escape(row)}</text>'
            for n, row in enumerate(rows[start : start + most])
        ]
        body = (
            f'<g font-size="{WORDS_SIZE}" font-family="{SERIF}" fill="currentColor">'
            f"{''.join(lines)}</g>"
        )
        yield Sheet("", "", body, WORDS_HEIGHT * len(lines))


def prefix(number: int) -> str:
    """The prefix of the ids of a tune's notes."""
    return f"t{number}"


def _staves(svg: str) -> tuple[str, float]:
    """The elements of verovio's SVG in the units of a sheet, and their height.

    Programs place verovio's nested frames differently, so they are removed.
    """
    svg = re.sub(r"<style.*?</style>", "", svg, flags=re.DOTALL)
    glyphs = re.search(r"<defs>.*?</defs>", svg, re.DOTALL)
    inner = re.search(
        r'<svg class="definition-scale"[^>]*viewBox="0 0 \S+ (\S+?)"[^>]*>(.*)</svg>\s*</svg>',
        svg,
        re.DOTALL,
    )
    if not inner:
        raise TuneError("cannot be engraved")
    # svglib draws any stroke around a glyph thickly.
    defined = glyphs[0].replace("<path ", '<path stroke="none" ') if glyphs else ""
    scale = SCALE / 10
    # Placeholders, which verovio hides with its style sheet.
    elements = re.sub(r'(class="[^"]*placeholder[^"]*">)\s*<ellipse[^>]*/>', r"\1", inner[2])
    if "<text" in elements:
        elements = _unify_texts(elements)
    body = (
        f'{defined}<g transform="scale({scale:.5f})" fill="currentColor" '
        f'stroke="currentColor" font-family="{SERIF}">{elements}</g>'
    )
    return re.sub(r"\s*\n\s*", "\n", body), float(inner[1]) * scale


def _unify_texts(elements: str) -> str:
    """Put each text in one element, because svglib places several separately, and in our font."""
    return re.sub(
        r"<text ([^>]*?) ?font-size=\"0px\">(.*?)</text>", _unify_text, elements, flags=re.DOTALL
    )


def _unify_text(match: re.Match[str]) -> str:
    place, inside = match[1], match[2]
    sizes = re.findall('font-size="([1-9][0-9]*)px"', re.sub("<[^>]*Leipzig[^>]*>", "", inside))
    size = TEXT_SCALE * (int(sizes[0]) if sizes else TEXT_SIZE)
    style = "".join(f" {attribute}" for attribute in sorted(set(re.findall(STYLE, inside))))
    text = re.sub("<[^>]*>|\n *", "", inside)
    words = "".join(SIGNS.get(character, character) for character in text)
    return f'<text {place} font-size="{size:g}px"{style}>{words}</text>'


def svg_file(sheets: Sequence[Sheet]) -> bytes:
    """Encode sheets as one SVG picture, one below the other."""
    y: float = MARGIN
    parts = []
    for sheet in sheets:
        parts.append(_heading(sheet, y))
        parts.append(f'<g transform="translate({MARGIN} {y + sheet.top:.1f})">{sheet.body}</g>')
        y += sheet.top + sheet.height + GAP
    height = round(y - GAP + MARGIN)
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{WIDTH / 10:g}mm" height="{height / 10:g}mm" viewBox="0 0 {WIDTH} {height}" '
        f'color="black">\n<rect width="{WIDTH}" height="{height}" fill="white"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )
    return text.encode()


def _heading(sheet: Sheet, y: float) -> str:
    """The texts above the staves."""
    parts = []
    for text in sheet.texts():
        style = ' font-style="italic"' if text.italic else ""
        anchor = f' text-anchor="{text.anchor}"' if text.anchor != "start" else ""
        parts.append(
            f'<text x="{text.x:g}" y="{y + text.y:g}" font-size="{text.size:g}"{anchor}{style} '
            f'font-family="{SERIF}">{escape(text.text)}</text>'
        )
    return "".join(parts)


def title_size(title: str) -> float:
    """A font size that fits the title; letters are about 0.6 of their size wide."""
    return min(TITLE_SIZE, (WIDTH - 2 * MARGIN) / (0.64 * max(1, len(title))))


def png_file(sheets: Sequence[Sheet]) -> bytes:
    """Encode sheets as one PNG picture. Raises TuneError if it is too high."""
    import resvg_py

    height = sum(sheet.top + sheet.height + GAP for sheet in sheets) + 2 * MARGIN - GAP
    if height * PIXELS > HIGHEST_PICTURE:
        raise TuneError("too many tunes for one picture; write them as .pdf, or choose some")
    fonts = [str(font(name)) for name in ("DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic")]
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg_file(sheets).decode(),
            width=round(WIDTH * PIXELS),
            dpi=96,
            font_files=fonts,
            serif_family="DejaVu Serif",
            font_family="DejaVu Serif",
            skip_system_fonts=True,
            languages=["en"],
        )
    )


def font(name: str) -> Path:
    """Path of a font in matplotlib, a dependency of music21."""
    file = f"matplotlib/mpl-data/fonts/ttf/{name}.ttf"
    return Path(str(distribution("matplotlib").locate_file(file)))


def _write_svg(tunes: Sequence[RenderedTune], path: Path, _: WriterOptions) -> None:
    write_atomic(path, svg_file(sheets_of(tunes)))


def _write_png(tunes: Sequence[RenderedTune], path: Path, _: WriterOptions) -> None:
    write_atomic(path, png_file(sheets_of(tunes)))


SVG_WRITER = Writer((".svg",), _write_svg, needs_score=True)
PNG_WRITER = Writer((".png",), _write_png, needs_score=True)
