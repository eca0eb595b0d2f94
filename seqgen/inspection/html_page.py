"""A text coloured by what units did while it was read, as one HTML page that needs nothing else."""

import base64
import json
from collections.abc import Sequence
from html import escape
from importlib.resources import files

import numpy as np

from seqgen.errors import ConfigError
from seqgen.inspection.neurons import Activations, Finding, Unit

LEVELS = 10  # of colour, on either side of 0
MOST_TOKENS = 100_000  # that a browser colours without a pause


def page(
    name: str, found: Activations, findings: Sequence[Finding], units: Sequence[Unit]
) -> bytes:
    """The page, which opens from disk and asks no network for anything.

    name: of the checkpoint. findings: those whose units it offers to show.
    units: others to show, which come first.
    Raises ConfigError if there is no unit at all.
    """
    named = dict.fromkeys(units, "chosen")
    for finding in findings:
        for match in finding.matches:
            named.setdefault(match.unit, finding.feature.name)
    if not named:
        raise ConfigError("--html: the text is too short to choose a unit by; name some by --units")
    order = list(named)
    first = scaled(found, order[0])
    passage = found.passage
    shown = min(len(passage.pieces), MOST_TOKENS)
    facts = f"{passage.source}: {len(passage.text):,} characters, read by {found.units:,} units"
    if shown < len(passage.pieces):
        facts += f"; the first {shown:,} tokens are shown"
    parts = {
        "title": escape(f"What the units of {name} do"),
        "facts": escape(facts),
        "levels": "\n".join(level_style(level) for level in range(1, LEVELS + 1)),
        "step": str(100 // LEVELS),
        "options": options(named),
        "least": f"−{first[1]:.2g}",
        "most": f"+{first[1]:.2g}",
        "text": "".join(map(span, passage.pieces[:shown], first[0])),
        "table": table(findings, order),
        "units": json.dumps([data(found, unit, shown) for unit in order]),
    }
    pieces = files(__package__).joinpath("coloured.html").read_text("utf-8").split("{{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        key, rest = piece.split("}}", 1)
        filled += [parts[key], rest]
    return "".join(filled).encode("utf-8", "replace")


def scaled(found: Activations, unit: Unit) -> tuple[np.ndarray, float]:
    """What a unit did, in hundredths of a scale, int8 [N], and that scale, at least 1."""
    values = found.of(unit)
    scale = max(1.0, float(np.abs(values).max(initial=0)))
    return np.rint(values * (100 / scale)).astype(np.int8), scale


def data(found: Activations, unit: Unit, shown: int) -> dict[str, object]:
    values, scale = scaled(found, unit)
    return {"values": base64.b64encode(values[:shown].tobytes()).decode(), "scale": scale}


def level_style(level: int) -> str:
    share = round(85 * level / LEVELS)
    return "\n".join(
        f".{side}{level} {{ background: color-mix(in srgb, var(--{end}) {share}%, transparent); }}"
        for side, end in (("p", "high"), ("n", "low"))
    )


def span(piece: str, value: int) -> str:
    """A token with its colour; a line's end has a sign that can carry one."""
    level = (abs(int(value)) * LEVELS + 50) // 100
    side = f' class="{"p" if value > 0 else "n"}{level}"' if level else ""
    return f"<i{side}>{escape(visible(piece))}</i>" + "\n" * piece.count("\n")


def visible(piece: str) -> str:
    """A token's text with signs for line ends and tabs, and blanks for other controls."""
    signs = {"\n": "⏎", "\t": "⇥"}
    return "".join(signs.get(c) or (c if c.isprintable() else " ") for c in piece)


def options(named: dict[Unit, str]) -> str:
    return "".join(
        f'<option value="{number}">{escape(f"{unit} · {why}")}</option>'
        for number, (unit, why) in enumerate(named.items())
    )


def table(findings: Sequence[Finding], order: Sequence[Unit]) -> str:
    """The features and their units; a click on a unit shows it."""
    rows = []
    for finding in findings:
        for match in finding.matches:
            rows.append(
                f"<tr{'' if match.stands else ' class=weak'}>"
                f"<td>{escape(finding.feature.name)}<br><small>{escape(finding.feature.meaning)}"
                f'</small></td><td><button data-unit="{order.index(match.unit)}">'
                f'{escape(str(match.unit))}</button></td><td class="number">'
                f'{match.correlation:+.2f}</td><td class="number">{match.held_out:+.2f}</td></tr>'
            )
    if not rows:
        return ""
    return (
        "<h2>What they follow</h2><p>Pearson’s correlation of a unit with what holds once a token "
        "has been read: over the half of the text by which the unit was chosen, and over the other "
        "half, which tells whether it was chance. Grey: not borne out.</p>"
        '<div class="wide"><table><tr><th>feature</th><th>unit</th><th>r, choosing</th>'
        f"<th>r, other half</th></tr>{''.join(rows)}</table></div>"
    )
