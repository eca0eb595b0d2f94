"""Writes a score as a PDF of A4 pages."""

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seqgen.io.atomic import write_atomic
from seqgen.music.render.engrave import GAP, HEIGHT, MARGIN, WIDTH, Sheet, font
from seqgen.music.render.writers import RenderedTune, Writer, WriterOptions, sheets_of

POINT = 254 / 72  # in tenths of a millimetre
UPRIGHT, ITALIC = "DejaVuSerif", "DejaVuSerif-Italic"
FONTS = {
    UPRIGHT: ("normal", "normal"),
    "DejaVuSerif-Bold": ("bold", "normal"),
    ITALIC: ("normal", "italic"),
    "DejaVuSerif-BoldItalic": ("bold", "italic"),
}
"""Fonts of texts in the score, with weight and style in SVG."""


def pdf_file(sheets: Sequence[Sheet]) -> bytes:
    """Encode sheets as a PDF, with as many on a page as fit."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas
    from svglib.fonts import register_font

    for name, (weight, style) in FONTS.items():
        path = str(font(name))
        pdfmetrics.registerFont(TTFont(name, path))
        register_font("DejaVu Serif", path, weight, style, name)
    data = io.BytesIO()
    canvas = Canvas(data, pagesize=(WIDTH / POINT, HEIGHT / POINT), invariant=True)
    canvas.setTitle(next((sheet.title for sheet in sheets if sheet.title), "Tunes"))
    y: float = MARGIN
    for sheet in sheets:
        height = sheet.top + sheet.height
        if y > MARGIN and y + height > HEIGHT - MARGIN:
            canvas.showPage()
            y = MARGIN
        place(canvas, sheet, y)
        y += height + GAP
    canvas.save()
    return data.getvalue()


def place(canvas: Any, sheet: Sheet, y: float) -> None:
    """Draw a sheet. y: distance of its upper edge from that of the page."""
    from reportlab.graphics import renderPDF

    for text in sheet.texts():
        canvas.setFont(ITALIC if text.italic else UPRIGHT, text.size / POINT)
        draw = {
            "start": canvas.drawString,
            "middle": canvas.drawCentredString,
            "end": canvas.drawRightString,
        }[text.anchor]
        draw(text.x / POINT, (HEIGHT - y - text.y) / POINT, text.text)
    drawing = picture(sheet)
    # svglib draws upwards from the lower edge.
    renderPDF.draw(drawing, canvas, MARGIN / POINT, (HEIGHT - y - sheet.top - sheet.height) / POINT)


def picture(sheet: Sheet) -> Any:
    """The staves as a drawing for reportlab."""
    from svglib.svglib import svg2rlg

    width = WIDTH - 2 * MARGIN
    body = re.sub("currentColor", "black", sheet.body)
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{width / POINT:.3f}pt" height="{sheet.height / POINT:.3f}pt" '
        f'viewBox="0 0 {width} {sheet.height:.1f}">{body}</svg>'
    )
    return svg2rlg(io.BytesIO(svg.encode()))


def _write(tunes: Sequence[RenderedTune], path: Path, _: WriterOptions) -> None:
    write_atomic(path, pdf_file(sheets_of(tunes)))


PDF_WRITER = Writer((".pdf",), _write, needs_score=True)
