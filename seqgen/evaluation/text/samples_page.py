"""The parts of a page that are about samples: some to read, and figures beside real text."""

from collections.abc import Mapping
from html import escape

from seqgen.evaluation.text.highlight import line, underlined
from seqgen.evaluation.text.novelty import AROUND, Copy
from seqgen.evaluation.text.samples import GENERATED, MARKED, REAL, SHARE, Measure, SampleFigures

NONE = "–"


def shown_samples(figures: SampleFigures) -> str:
    """A sample at each temperature, with what is copied underlined."""
    cards = "".join(
        f'<article class="sample"><h3>temperature {each.temperature:g}</h3>'
        f"<pre>\n{underlined(each.text, each.copied)}</pre></article>"
        for each in figures.shown
    )
    if any(each.copied for each in figures.shown):
        told = (
            f"<u>Underlined</u>: stretches of {MARKED} characters or more that stand in the "
            "training text word for word."
        )
    else:
        told = (
            f"No stretch of {MARKED} characters or more stands in the training text; it would be "
            "underlined."
        )
    return f'<p>{told}</p><div class="samples">{cards}</div>'


def figures_table(figures: SampleFigures) -> str:
    """What was measured of the samples, beside the same of real text; shares also as dots."""
    body = "".join(map(table_row, figures.rows))
    return (
        '<div class="wide"><table class="figures"><thead><tr><th></th><th class="track"></th>'
        '<th class="network"><b></b>samples</th><th class="real"><b></b>real text</th>'
        f"</tr></thead><tbody>{body}</tbody></table></div>"
    )


def table_row(row: Measure) -> str:
    cells = "".join(
        f'<td class="number">{shown(row.values.get(column), row.unit)}</td>'
        for column in (GENERATED, REAL)
    )
    unit = "" if row.unit == SHARE else f", {row.unit}"
    return (
        f'<tr><th scope="row">{escape(row.name + unit)}</th>'
        f'<td class="track">{track(row.values) if row.unit == SHARE else ""}</td>{cells}</tr>'
    )


def track(values: Mapping[str, float | None]) -> str:
    """A share of each column as a dot between nothing and all."""
    dots = "".join(
        f'<b class="{css}" style="left:{100 * value:.1f}%"></b>'
        for column, css in ((REAL, "real"), (GENERATED, "network"))
        if (value := values.get(column)) is not None
    )
    return f"<span>{dots}</span>"


def shown(value: float | None, unit: str) -> str:
    """A figure as it is read; a share is never rounded to none or all."""
    if value is None:
        return NONE
    if unit != SHARE:
        return f"{value:,.0f}"
    if 0 < value < 0.0005:
        return "&lt; 0.1%"
    if 0.9995 <= value < 1:
        return "&gt; 99.9%"
    return f"{value:.0%}" if value in (0, 1) else f"{value:.1%}"


def copies(figures: SampleFigures) -> str:
    """The longest stretches that samples, and real text, have from the training text."""
    parts = [
        (GENERATED, "Longest stretch that a sample has from the training text"),
        (REAL, "For comparison: the longest that real text shares with it"),
    ]
    return "".join(
        f'<figure class="copy {column}"><figcaption>{title}: '
        f"<b>{len(copy.copied):,} characters</b>, {where(copy)}</figcaption>"
        f"<blockquote>{quoted(copy)}</blockquote></figure>"
        for column, title in parts
        if (copy := figures.copies.get(column)) is not None
    )


def where(copy: Copy) -> str:
    """The place of a copy in the training text, in words."""
    document = f"document {copy.document:,}, " if copy.document > 1 else ""
    if copy.last_line > copy.line:
        return f"{document}lines {copy.line:,} to {copy.last_line:,}"
    return f"{document}line {copy.line:,}"


def quoted(copy: Copy) -> str:
    """The lines of the training text around a copy, with the copy marked."""
    begins = "…" if len(copy.before) >= AROUND else ""
    ends = "…" if len(copy.after) >= AROUND else ""
    return f"{begins}{line(copy.before)}<mark>{line(copy.copied)}</mark>{line(copy.after)}{ends}"


def oddities(figures: SampleFigures) -> str:
    """The words that it made up, and a loop that it was caught in."""
    parts = []
    if figures.lacking:
        words = ", ".join(map(line, figures.lacking))
        parts.append(
            f"<p>Words that the training text lacks, the most frequent first: {words}.</p>"
        )
    if figures.loop is not None:
        parts.append(
            f"<p>A sample ended in a loop: <q>{line(figures.loop[:200])}</q>, again and again.</p>"
        )
    return "".join(parts)
