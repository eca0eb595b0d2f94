"""A score on pages of A4."""

import io
import re
from collections.abc import Sequence
from typing import Any

from seqgen.music.score import (
    GAP,
    HEIGHT,
    MARGIN,
    RHYTHM_SIZE,
    TITLE_SIZE,
    WIDTH,
    Sheet,
    font,
    title_size,
    visible,
)

POINT = 254 / 72  # in tenths of a millimetre
TITLE_FONT, RHYTHM_FONT = "DejaVuSerif", "DejaVuSerif-Italic"


def pdf(sheets: Sequence[Sheet]) -> bytes:
    """The sheets one after the other, as many on a page as fit whole."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    for name in (TITLE_FONT, RHYTHM_FONT):
        pdfmetrics.registerFont(TTFont(name, str(font(name))))
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
    """Draw a sheet below a height, which is counted from the page's upper edge."""
    from reportlab.graphics import renderPDF

    baseline = y + TITLE_SIZE
    canvas.setFont(TITLE_FONT, title_size(sheet.title) / POINT)
    canvas.drawCentredString(WIDTH / 2 / POINT, (HEIGHT - baseline) / POINT, visible(sheet.title))
    canvas.setFont(RHYTHM_FONT, RHYTHM_SIZE / POINT)
    baseline += 1.3 * RHYTHM_SIZE
    canvas.drawString(MARGIN / POINT, (HEIGHT - baseline) / POINT, visible(sheet.rhythm))
    drawing = picture(sheet)
    # svglib draws upwards from the lower edge.
    renderPDF.draw(drawing, canvas, MARGIN / POINT, (HEIGHT - y - sheet.top - sheet.height) / POINT)


def picture(sheet: Sheet) -> Any:
    """The staves as a drawing of reportlab's."""
    from svglib.svglib import svg2rlg

    width = WIDTH - 2 * MARGIN
    body = re.sub("currentColor", "black", sheet.body)
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{width / POINT:.3f}pt" height="{sheet.height / POINT:.3f}pt" '
        f'viewBox="0 0 {width} {sheet.height:.1f}">{body}</svg>'
    )
    return svg2rlg(io.BytesIO(svg.encode()))
