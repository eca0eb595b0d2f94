"""The page of `seqgen evaluate --html` for models of text."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqgen.checkpoint.config import Config
from seqgen.evaluation.metric import SHARE, Metric
from seqgen.evaluation.text.novelty import CONTEXT_LENGTH
from seqgen.evaluation.text.report import Excerpt, Figure, TextReport
from seqgen.evaluation.text.samples import MIN_MARKED
from seqgen.models import cells
from seqgen.reports.charts import learning_curve
from seqgen.reports.highlight import COLOR_LEVELS, MAX_BITS, color_by_surprisal, underline
from seqgen.reports.page import render_page

if TYPE_CHECKING:
    from markupsafe import Markup

MISSING = "–"


@dataclass(frozen=True)
class Provenance:
    """How a page was made.

    Attributes:
        command: The command line.
        date: Day in ISO format.
        versions: Version of each package that was involved.
    """

    command: str
    date: str
    versions: Mapping[str, str]


def text_page(report: TextReport, config: Config, provenance: Provenance) -> bytes:
    """Render an evaluation as one HTML page that loads nothing."""
    return render_page(
        "text_evaluation.html",
        report=report,
        config=config,
        provenance=provenance,
        model=_describe(config),
        facts=_facts(report, config),
        curve=learning_curve(report.curve),
        long_tokens=report.tokens != report.characters,
        max_bits=max((row.bits_per_character.value for row in report.rows), default=0.0),
        color_levels=COLOR_LEVELS,
        max_surprisal=MAX_BITS,
        min_marked=MIN_MARKED,
        context_length=CONTEXT_LENGTH,
        estimate=_estimate,
        measurement=_measurement,
        underline=underline,
        surprisal=_surprisal,
        mean_bits=_mean_bits,
    )


def _describe(config: Config) -> str:
    model = config.model
    layers = "1 layer" if len(model.units) == 1 else f"{len(model.units)} layers"
    units = ", ".join(map(str, model.units))
    return (
        f"A recurrent language model ({cells.find(model.cell).title}, {layers} of {units} units) "
        f"trained on {config.corpus.name}."
    )


def _facts(report: TextReport, config: Config) -> list[tuple[str, "Markup | str"]]:
    """Name and value of the figures at the top of the page."""
    facts: list[tuple[str, Markup | str]] = [
        ("parameters", _compact(config.parameters)),
        (f"{config.data.tokenizer} tokens in the vocabulary", f"{config.vocab:,}"),
        ("training characters", _compact(config.corpus.training_characters)),
        ("evaluated characters", _compact(report.characters)),
    ]
    network = next((row for row in report.rows if row.key == "float32"), None)
    if network:
        facts.insert(0, ("bits per character", _estimate(network.bits_per_character, 3)))
    return facts


def _compact(number: int) -> str:
    """Format a count with three significant digits and a unit prefix."""
    for size, prefix in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= 9.995 * size / 10:
            return f"{number / size:.3g} {prefix}"
    return str(number)


def _estimate(figure: Figure | None, digits: int) -> "Markup | str":
    """Format a mean, and its standard error unless that rounds to 0."""
    from markupsafe import Markup

    if figure is None:
        return MISSING
    value, error = f"{figure.value:,.{digits}f}", f"{figure.error or 0:.{digits}f}"
    return Markup("{} <small>± {}</small>").format(value, error) if float(error) else value


def _measurement(row: Metric, column: str) -> str:
    """Format a figure; a share between 0 and 1 is never rounded to either."""
    value = row.values.get(column)
    if value is None:
        return MISSING
    if row.unit != SHARE:
        return f"{value:,.0f}"
    if 0 < value < 0.0005:
        return "< 0.1%"
    if 0.9995 <= value < 1:
        return "> 99.9%"
    return f"{value:.0%}" if value in (0, 1) else f"{value:.1%}"


def _surprisal(excerpt: Excerpt) -> "Markup":
    return color_by_surprisal(excerpt.text, _bits(excerpt))


def _mean_bits(excerpt: Excerpt) -> float:
    bits = _bits(excerpt)
    return sum(bits) / max(1, len(bits))


def _bits(excerpt: Excerpt) -> list[float]:
    return [nats / math.log(2) for nats in excerpt.nats]
