"""The page of `seqgen inspect NAME neurons --html`: a text coloured by the activations of units."""

import base64
from collections.abc import Sequence

import numpy as np

from seqgen.errors import ConfigError
from seqgen.inspection.neurons import Activations, Finding, Unit
from seqgen.reports.highlight import COLOR_LEVELS, color_by_activation
from seqgen.reports.page import render_page

MAX_TOKENS = 100_000
"""Tokens that a browser colours without a noticeable pause."""


def neurons_page(
    name: str, activations: Activations, findings: Sequence[Finding], units: Sequence[Unit]
) -> bytes:
    """Render a page that loads nothing, with a menu of units to colour the text by.

    Args:
        name: Name of the checkpoint.
        activations: Of all units, and the text.
        findings: Features; their units are in the menu and in a table.
        units: Further units, first in the menu.

    Raises:
        ConfigError: If there is no unit to show.
    """
    reasons = dict.fromkeys(units, "chosen")
    for finding in findings:
        for match in finding.matches:
            reasons.setdefault(match.unit, finding.feature.name)
    if not reasons:
        raise ConfigError(
            "the text is too short to choose units; name them with `units`", option="html"
        )
    pieces = activations.passage.pieces[:MAX_TOKENS]
    menu = list(reasons)
    percent, scale = _quantise(activations, menu[0])
    return render_page(
        "neurons.html",
        name=name,
        activations=activations,
        findings=findings,
        menu=[f"{unit} · {reason}" for unit, reason in reasons.items()],
        position={unit: number for number, unit in enumerate(menu)},
        scale=scale,
        text=color_by_activation(pieces, percent[: len(pieces)].tolist()),
        shown_tokens=len(pieces),
        units=[_unit_data(activations, unit, len(pieces)) for unit in menu],
        color_levels=COLOR_LEVELS,
    )


def _quantise(activations: Activations, unit: Unit) -> tuple[np.ndarray, float]:
    """Activations in percent of a scale, int8 [N], and the scale, at least 1."""
    values = activations.of(unit)
    scale = max(1.0, float(np.abs(values).max(initial=0)))
    return np.rint(values * (100 / scale)).astype(np.int8), scale


def _unit_data(activations: Activations, unit: Unit, tokens: int) -> dict[str, object]:
    """What the script of the page reads."""
    percent, scale = _quantise(activations, unit)
    return {"values": base64.b64encode(percent[:tokens].tobytes()).decode(), "scale": scale}
