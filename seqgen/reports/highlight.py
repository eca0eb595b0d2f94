"""Mark stretches of untrusted text in HTML: underlined, or coloured by surprisal or activation."""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from seqgen.io.control_characters import show_controls

if TYPE_CHECKING:
    from markupsafe import Markup

COLOR_LEVELS = 10
MAX_BITS = 8.0
"""Surprisal that has the strongest colour."""


def one_line(text: str) -> str:
    """Make a text fit on one line: ``⏎`` for line breaks, blanks for tabs, signs for controls."""
    return show_controls(text.replace("\t", " "), keep="")


def underline(text: str, spans: Sequence[tuple[int, int]]) -> "Markup":
    """Escape a text and underline parts of it, given by begin and end in order."""
    from markupsafe import Markup

    visible = show_controls(text)
    html = Markup()
    end_of_last = 0
    for begin, end in spans:
        html += visible[end_of_last:begin] + Markup("<u>{}</u>").format(visible[begin:end])
        end_of_last = end
    return html + visible[end_of_last:]


def color_by_surprisal(text: str, bits: Sequence[float]) -> "Markup":
    """Escape a text and give each character a background class ``s1`` to ``s10``.

    A line break is shown as ``⏎``, which can carry a colour.
    """
    from markupsafe import Markup

    html = Markup()
    levels = zip(show_controls(text), map(_surprisal_level, bits), strict=True)
    for level, group in groupby(levels, key=lambda pair: pair[1]):
        run = "".join(character for character, _ in group)
        if level:
            html += Markup('<i class="s{}">{}</i>').format(level, run.replace("\n", "⏎\n"))
        else:
            html += run
    return html


def color_by_activation(pieces: Sequence[str], percent: Sequence[int]) -> "Markup":
    """Escape tokens, each in an element with a class ``n10`` to ``n1``, or ``p1`` to ``p10``."""
    from markupsafe import Markup, escape

    return Markup("").join(
        Markup(f"<i{_activation_class(value)}>{escape(show_controls(piece, keep=''))}</i>")
        + "\n" * piece.count("\n")
        for piece, value in zip(pieces, percent, strict=True)
    )


def _surprisal_level(bits: float) -> int:
    return min(COLOR_LEVELS, round(COLOR_LEVELS * max(0.0, bits) / MAX_BITS))


def _activation_class(percent: int) -> str:
    level = (abs(int(percent)) * COLOR_LEVELS + 50) // 100
    return f' class="{"p" if percent > 0 else "n"}{level}"' if level else ""
