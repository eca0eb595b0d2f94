"""Tunes as an engraved score: SVG, PNG or PDF."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from importlib.util import find_spec
from pathlib import Path

from seqgen.errors import TuneError
from seqgen.music.layout import lines
from seqgen.music.mei import mei
from seqgen.music.tune import Tune

# A sheet of A4 in tenths of a millimetre.
WIDTH, HEIGHT, MARGIN = 2100, 2970, 150
TITLE_HEIGHT, GAP = 170, 120
TITLE_SIZE, RHYTHM_SIZE = 62, 38
# Staves six millimetres high; verovio's own are 7.2 mm.
SCALE = 6 / 7.2
PIXELS = 1654 / WIDTH  # 200 dots an inch
# A higher picture would take over half a gigabyte to draw.
HIGHEST_PICTURE = 30_000
SERIF = "'DejaVu Serif', Georgia, serif"

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
}


@dataclass(frozen=True)
class Sheet:
    """A tune's staves, or a sheetful of them.

    title, rhythm: above the staves; "" on the sheets behind a tune's first.
    body: SVG elements, drawn in the current colour. height: in tenths of a millimetre; the width
    is that of a sheet between its margins.
    """

    title: str
    rhythm: str
    body: str
    height: float

    @property
    def top(self) -> int:
        """The room above the staves."""
        return TITLE_HEIGHT if self.title or self.rhythm else 0


def engrave(tune: Tune, number: int) -> list[Sheet]:
    """The tune as sheets, nearly always one.

    number: of the tune in its file, from 1: the notes' ids begin with ``t`` and it, as
        `seqgen.music.mei.names` has them.
    Raises TuneError for what notation cannot show.
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
        body, height = staves(toolkit.renderToSVG(page))
        first = page == 1
        sheets.append(
            Sheet(tune.title if first else "", tune.rhythm if first else "", body, height)
        )
    return sheets


def prefix(number: int) -> str:
    """What the ids of a tune's notes begin with."""
    return f"t{number}"


def staves(svg: str) -> tuple[str, float]:
    """The drawing in verovio's SVG without its nested frames, which few programs place alike.

    Returns its elements, to be drawn in a sheet's units, and their height.
    """
    glyphs = re.search(r"<defs>.*?</defs>", svg, re.DOTALL)
    inner = re.search(
        r'<svg class="definition-scale"[^>]*viewBox="0 0 \S+ (\S+?)"[^>]*>(.*)</svg>\s*</svg>',
        svg,
        re.DOTALL,
    )
    if not inner:
        raise TuneError("cannot be engraved")
    scale = SCALE / 10
    # Marks of verovio's own, which its style sheet would hide.
    elements = re.sub(r'(class="[^"]*placeholder[^"]*">)\s*<ellipse[^>]*/>', r"\1", inner[2])
    body = (
        f'{glyphs[0] if glyphs else ""}<g transform="scale({scale:.5f})" fill="currentColor" '
        f'stroke="currentColor" font-family="{SERIF}">{elements}</g>'
    )
    return re.sub(r"\s*\n\s*", "\n", body), float(inner[1]) * scale


def svg_file(sheets: Sequence[Sheet]) -> bytes:
    """The sheets one below the other, in one picture."""
    y: float = MARGIN
    parts = []
    for sheet in sheets:
        parts.append(heading(sheet, y))
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


def heading(sheet: Sheet, y: float) -> str:
    """The title, centred, and the rhythm at the left below it."""
    title = (
        f'<text x="{WIDTH / 2:g}" y="{y + TITLE_SIZE:g}" font-size="{title_size(sheet.title):g}" '
        f'text-anchor="middle" font-family="{SERIF}">{escape(visible(sheet.title))}</text>'
    )
    rhythm = (
        f'<text x="{MARGIN}" y="{y + TITLE_SIZE + 1.3 * RHYTHM_SIZE:g}" font-size="{RHYTHM_SIZE}" '
        f'font-style="italic" font-family="{SERIF}">{escape(visible(sheet.rhythm))}</text>'
    )
    return (title if sheet.title else "") + (rhythm if sheet.rhythm else "")


def title_size(title: str) -> float:
    """Small enough for a long title to fit; letters are about 0.6 of their size wide."""
    return min(TITLE_SIZE, (WIDTH - 2 * MARGIN) / (0.64 * max(1, len(title))))


def visible(text: str) -> str:
    """Without control characters, which XML forbids."""
    return "".join(c if c.isprintable() else " " for c in text)


def png_file(sheets: Sequence[Sheet]) -> bytes:
    """The sheets one below the other. Raises TuneError if that is too high a picture."""
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
    """A font that comes with matplotlib, which music21 brings."""
    spec = find_spec("matplotlib")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / f"{name}.ttf"


def pdf_file(sheets: Sequence[Sheet]) -> bytes:
    """The sheets on pages of A4, as many on each as fit whole."""
    from seqgen.music.pdf import pdf

    return pdf(sheets)


FORMATS: dict[str, Callable[[Sequence[Sheet]], bytes]] = {
    ".svg": svg_file,
    ".png": png_file,
    ".pdf": pdf_file,
}
"""What a score can be written as, by the end of its file's name."""
