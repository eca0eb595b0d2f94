"""`seqgen inspect NAME neurons`: units that follow features of a text, and the coloured text."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import typer

from seqgen.cli import _common
from seqgen.cli.options import AsJson, with_options
from seqgen.config.fields import group_options
from seqgen.inspection.options import NeuronOptions, TextOptions
from seqgen.io.control_characters import show_controls

if TYPE_CHECKING:
    import numpy as np
    from rich.text import Text

    from seqgen.inspection.neurons import Activations, Finding, Unit

MAX_EXCERPTS = 6  # one per feature
EXCERPT, CHOSEN_EXCERPT = 360, 1200  # characters
LOW, HIGH, PAPER = (47, 111, 214), (214, 69, 47), (250, 248, 243)
BARS = "▁▂▃▄▅▆▇█"


@with_options(TextOptions, NeuronOptions)
def neurons(context: typer.Context, given: dict[str, Any], as_json: AsJson = False) -> None:
    """Find units that follow features of the text, and show them.

    Features are quotes, brackets, comments and lines, or bars and pitches. The correlations are of
    the half of the text that selected the unit, and of the other half.
    """
    text, options = group_options(given, TextOptions, NeuronOptions)
    _common.check_output(options.html)
    checkpoint = _common.open_checkpoint(context.obj)
    passage = _common.open_passage(checkpoint, text, options.characters)
    from seqgen.inspection import neurons as library

    with _common.Progress() as progress:
        activations = library.activations(checkpoint, passage, partial(progress, "reading"))
    units = library.parse_units(options.units or (), activations)
    findings = library.search(activations)
    if options.html:
        from seqgen.reports.neurons_page import neurons_page

        page = neurons_page(checkpoint.path.name, activations, findings, units)
        _common.save_file(page, options.html)
    if as_json:
        _common.print_json(to_json(activations, findings, units))
        return
    print_findings(findings, activations.units)
    print_excerpts(activations, findings, units)
    typer.echo(f"read {_common.describe_passage(passage)}")


def print_findings(findings: Sequence["Finding"], units: int) -> None:
    from rich.console import Console
    from rich.text import Text

    table = _common.borderless_table("feature", "unit", "r", "r, held out", "others")
    table.columns[1].justify = table.columns[4].justify = "left"
    for finding in sort_findings(findings):
        best, *others = finding.matches
        style = "bold" if best.confirmed else "dim"
        table.add_row(
            Text(finding.feature.name, style),
            Text(str(best.unit), style),
            f"{best.correlation:+.2f}",
            Text(f"{best.held_out:+.2f}", style),
            Text("  ".join(f"{m.unit} {m.held_out:+.2f}" for m in others), "dim"),
        )
    console = Console(highlight=False)
    if table.row_count:
        console.print(f"best of {units:,} units; r is Pearson's, on the text that selected them")
        console.print(table)
    if absent := [finding.feature.name for finding in findings if not finding.matches]:
        console.print(Text(f"too rare in this text: {', '.join(absent)}", "dim"))
    console.print()


def sort_findings(findings: Sequence["Finding"]) -> list["Finding"]:
    """Return the features that have units, the best confirmed one first."""
    matched = [finding for finding in findings if finding.matches]
    return sorted(matched, key=lambda f: -abs(f.matches[0].held_out) * f.matches[0].confirmed)


def print_excerpts(
    activations: "Activations", findings: Sequence["Finding"], units: Sequence["Unit"]
) -> None:
    """Print the text coloured by each chosen unit, or by the best confirmed units."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    excerpts: list[tuple[str, Unit, slice]] = []
    for unit in units:
        excerpts.append((f"unit {unit}", unit, excerpt(activations, None, CHOSEN_EXCERPT)))
    if not units:
        for finding in sort_findings(findings)[:MAX_EXCERPTS]:
            best = finding.matches[0]
            if best.confirmed:
                title = f"{finding.feature.name}: unit {best.unit}, r {best.held_out:+.2f}"
                excerpts.append((title, best.unit, excerpt(activations, finding, EXCERPT)))
    if not excerpts:
        console.print("no unit follows any of these features; --units selects units to print\n")
        return
    for title, unit, part in excerpts:
        pieces, values = activations.passage.pieces[part], activations.of(unit)[part]
        console.print(Text(title, "bold"))
        console.print(color_text(pieces, values, console.color_system), "")
    if console.color_system:
        steps = [(f" {n / 4:+g} ", color_style(n / 4, console.color_system)) for n in range(-4, 5)]
        console.print(Text.assemble(*steps, "\n"))


def excerpt(activations: "Activations", finding: "Finding | None", characters: int) -> slice:
    """Return the tokens of the part in which a feature changes most, or of the beginning."""
    import numpy as np

    from seqgen.inspection.neurons import feature_values

    passage = activations.passage
    starts = np.concatenate([[0], np.cumsum([len(piece) for piece in passage.pieces])])
    begin = 0
    text = passage.text
    if finding is not None and len(text) > characters:
        changes = np.diff(feature_values(finding.feature, passage), prepend=0) != 0
        total = np.concatenate([[0], np.cumsum(changes)])
        ends = np.flatnonzero(np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4") == 10)
        lines = np.concatenate([[0], ends + 1])
        lines = lines[lines + characters <= len(text)]
        if len(lines):
            begin = int(lines[np.argmax(total[lines + characters] - total[lines])])
    first, last = np.searchsorted(starts, [begin, begin + characters])
    return slice(int(first), int(last))


def color_text(pieces: Sequence[str], values: "np.ndarray", colors: str | None) -> "Text":
    """Return a text whose tokens are coloured by a unit's values, or have bars below them.

    Args:
        pieces: The tokens.
        values: Activations, one per token.
        colors: Color system of the terminal, as rich names it; None for bars.
    """
    from rich.style import Style
    from rich.text import Text

    text, bars = Text(), ""
    scale = max(1.0, float(abs(values).max(initial=0)))
    for piece, value in zip(pieces, values / scale, strict=True):
        visible = show_controls(piece, keep="")
        if colors:
            text.append(visible, Style.parse(color_style(float(value), colors)))
            text.append("\n" * piece.count("\n"))
            continue
        text.append(visible)
        bars += BARS[min(len(BARS) - 1, int((value + 1) / 2 * len(BARS)))] * len(visible)
        if "\n" in piece:
            text.append(f"\n{bars}\n")
            bars = ""
    if bars:
        text.append(f"\n{bars}")
    return text


def color_style(value: float, colors: str) -> str:
    """Return a rich style for a value from -1, blue, to 1, red."""
    if colors == "standard":  # sixteen colours that cannot be mixed
        names = ("white on blue", "blue", "default", "red", "white on red")
        return names[round(2 * max(-1.0, min(1.0, value))) + 2]
    end, share = (HIGH if value > 0 else LOW), min(1.0, abs(value))
    mixed = [round(p + (e - p) * share) for p, e in zip(PAPER, end, strict=True)]
    ink = "#ffffff" if share > 0.55 else "#1a1a1a"
    return f"{ink} on #{mixed[0]:02x}{mixed[1]:02x}{mixed[2]:02x}"


def to_json(
    activations: "Activations", findings: Sequence["Finding"], units: Sequence["Unit"]
) -> dict[str, Any]:
    """Return the findings, and the activations of the chosen units at each token."""
    passage = activations.passage
    return {
        "source": passage.source,
        "characters": len(passage.text),
        "tokens": len(passage.rows),
        "units_searched": activations.units,
        "features": [
            {
                "name": finding.feature.name,
                "meaning": finding.feature.meaning,
                "units": [
                    vars(match) | {"unit": str(match.unit), "confirmed": match.confirmed}
                    for match in finding.matches
                ],
            }
            for finding in findings
        ],
        "pieces": list(passage.pieces) if units else [],
        "activations": {
            str(unit): [round(float(value), 4) for value in activations.of(unit)] for unit in units
        },
    }
