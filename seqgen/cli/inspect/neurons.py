"""`seqgen inspect NAME neurons`: a text coloured by units, and units that follow something."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqgen.cli import _common
from seqgen.cli.inspect import _passage
from seqgen.cli.options import with_options
from seqgen.cli.terminal import print_notice
from seqgen.config.fields import grouped
from seqgen.inspection.options import NeuronOptions, TextOptions
from seqgen.io.control_characters import show_controls

if TYPE_CHECKING:
    import numpy as np
    from rich.text import Text

    from seqgen.inspection.neurons import Activations, Finding, Unit

MOST_SHOWN = 6  # features whose best unit is shown
EXCERPT, CHOSEN_EXCERPT = 360, 1200  # characters
LOW, HIGH, PAPER = (47, 111, 214), (214, 69, 47), (250, 248, 243)
BARS = "▁▂▃▄▅▆▇█"


@with_options(TextOptions, NeuronOptions)
def neurons(
    context: typer.Context,
    given: dict[str, Any],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find units that follow features of the text, and show them.

    Features are quotes, brackets, comments and lines, or bars and pitches. The correlations are of
    the half of the text that selected the unit, and of the other half.
    """
    text, options = grouped(given, TextOptions, NeuronOptions)
    _common.check_output(options.html)
    checkpoint = _common.open_checkpoint(context.obj)
    passage = _passage.open_passage(checkpoint, text, options.characters)
    from seqgen.inspection import neurons as library

    with _common.Progress() as progress:
        found = library.activations(checkpoint, passage, partial(progress, "reading"))
    units = library.parse_units(options.units or (), found)
    findings = library.search(found)
    if options.html:
        from seqgen.io.atomic import write_atomic
        from seqgen.reports.neurons_page import neurons_page

        page = neurons_page(checkpoint.path.name, found, findings, units)
        write_atomic(Path(options.html), page)
        print_notice(f"wrote {options.html}")
    if as_json:
        _common.print_json(facts(found, findings, units))
        return
    print_findings(findings, found.units)
    print_texts(found, findings, units)
    typer.echo(f"read {_passage.describe(passage)}")


def print_findings(findings: Sequence["Finding"], units: int) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for column in ("feature", "unit", "r", "r, held out", "others"):
        table.add_column(column, justify="right" if column.startswith("r") else "left")
    absent = [finding.feature.name for finding in findings if not finding.matches]
    for finding in strongest(findings):
        best, *others = finding.matches
        style = "bold" if best.confirmed else "dim"
        more = "  ".join(f"{m.unit} {m.held_out:+.2f}" for m in others)
        table.add_row(
            Text(finding.feature.name, style),
            Text(str(best.unit), style),
            f"{best.correlation:+.2f}",
            Text(f"{best.held_out:+.2f}", style),
            Text(more, "dim"),
        )
    console = Console(highlight=False)
    if table.row_count:
        console.print(f"the best of {units:,} units; r is Pearson's, where they were chosen")
        console.print(table)
    if absent:
        console.print(Text(f"hardly in this text: {', '.join(absent)}", "dim"))
    console.print()


def strongest(findings: Sequence["Finding"]) -> list["Finding"]:
    """Those with units, the best borne out first."""
    there = [finding for finding in findings if finding.matches]
    return sorted(there, key=lambda f: -abs(f.matches[0].held_out) * f.matches[0].confirmed)


def print_texts(
    found: "Activations", findings: Sequence["Finding"], units: Sequence["Unit"]
) -> None:
    """The text by each chosen unit; with none chosen, by the best of each feature that has one."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    shown: list[tuple[str, Unit, slice]] = []
    for unit in units:
        shown.append((f"unit {unit}", unit, excerpt(found, None, CHOSEN_EXCERPT)))
    if not units:
        for finding in strongest(findings)[:MOST_SHOWN]:
            best = finding.matches[0]
            if best.confirmed:
                title = f"{finding.feature.name}: unit {best.unit}, r {best.held_out:+.2f}"
                shown.append((title, best.unit, excerpt(found, finding, EXCERPT)))
    if not shown:
        console.print("no unit follows any of these; --units colours the text by those you name\n")
        return
    for title, unit, part in shown:
        console.print(Text(title, "bold"))
        console.print(
            coloured(found.passage.pieces[part], found.of(unit)[part], console.color_system)
        )
        console.print()
    if console.color_system:
        console.print(Text.assemble(*legend(console.color_system)))


def excerpt(found: "Activations", finding: "Finding | None", characters: int) -> slice:
    """The tokens of a stretch in which a feature changes most, or of the beginning."""
    import numpy as np

    from seqgen.inspection.neurons import feature_values

    starts = np.concatenate([[0], np.cumsum([len(piece) for piece in found.passage.pieces])])
    begin = 0
    text = found.passage.text
    if finding is not None and len(text) > characters:
        moved = np.diff(feature_values(finding.feature, found.passage), prepend=0) != 0
        counted = np.concatenate([[0], np.cumsum(moved)])
        ends = np.flatnonzero(np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4") == 10)
        lines = np.concatenate([[0], ends + 1])
        lines = lines[lines + characters <= len(text)]
        if len(lines):
            begin = int(lines[np.argmax(counted[lines + characters] - counted[lines])])
    first, last = np.searchsorted(starts, [begin, begin + characters])
    return slice(int(first), int(last))


def coloured(pieces: Sequence[str], values: "np.ndarray", colours: str | None) -> "Text":
    """A text whose tokens have the colours of a unit's values; without colours, bars below it.

    colours: what the terminal has, as rich names it; None for none.
    """
    from rich.style import Style
    from rich.text import Text

    text, below = Text(), ""
    scale = max(1.0, float(abs(values).max(initial=0)))
    for piece, value in zip(pieces, values / scale, strict=True):
        shown = show_controls(piece, keep="")
        if colours:
            text.append(shown, Style.parse(colour(float(value), colours)))
            text.append("\n" * piece.count("\n"))
            continue
        text.append(shown)
        below += BARS[min(len(BARS) - 1, int((value + 1) / 2 * len(BARS)))] * len(shown)
        if "\n" in piece:
            text.append(f"\n{below}\n")
            below = ""
    if below:
        text.append(f"\n{below}")
    return text


def colour(value: float, colours: str | None) -> str:
    """A rich style for a value from -1, blue, to 1, red."""
    if colours == "standard":  # sixteen, which nobody can mix
        named = ("white on blue", "blue", "default", "red", "white on red")
        return named[round(2 * max(-1.0, min(1.0, value))) + 2]
    end, share = (HIGH if value > 0 else LOW), min(1.0, abs(value))
    mixed = [round(p + (e - p) * share) for p, e in zip(PAPER, end, strict=True)]
    ink = "#ffffff" if share > 0.55 else "#1a1a1a"
    return f"{ink} on #{mixed[0]:02x}{mixed[1]:02x}{mixed[2]:02x}"


def legend(colours: str | None) -> list[tuple[str, str]]:
    steps = [(f" {value / 4:+g} ", colour(value / 4, colours)) for value in range(-4, 5)]
    return [*steps, ("\n", "")]


def facts(
    found: "Activations", findings: Sequence["Finding"], units: Sequence["Unit"]
) -> dict[str, Any]:
    """The same for programs, and what the chosen units did at each token."""
    return {
        "source": found.passage.source,
        "characters": len(found.passage.text),
        "tokens": len(found.passage.rows),
        "units_searched": found.units,
        "features": [
            {
                "name": finding.feature.name,
                "meaning": finding.feature.meaning,
                "units": [
                    {
                        "unit": str(match.unit),
                        "correlation": match.correlation,
                        "held_out": match.held_out,
                        "confirmed": match.confirmed,
                    }
                    for match in finding.matches
                ],
            }
            for finding in findings
        ],
        "pieces": list(found.passage.pieces) if units else [],
        "activations": {
            str(unit): [round(float(value), 4) for value in found.of(unit)] for unit in units
        },
    }
