"""What `seqgen evaluate` measures of a model of tunes, and how it is shown."""

import json
from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING, Any

import typer

from seqgen.cli._common import Progress
from seqgen.config.options import SamplingOptions
from seqgen.evaluation.options import Evaluation, TuneEvaluationOptions

if TYPE_CHECKING:
    from seqgen.checkpoint.read import Checkpoint
    from seqgen.evaluation.options import EvaluationOptions
    from seqgen.evaluation.tunes.copying import CopiedRun
    from seqgen.evaluation.tunes.report import Report
    from seqgen.evaluation.tunes.table import Row
    from seqgen.music.core.tune import Tune

SHARE = "%"
HEADINGS = {"constrained": "grammar", "unconstrained": "no grammar"}


def evaluate_tunes(
    checkpoint: "Checkpoint",
    files: Sequence[str],
    how: "EvaluationOptions",
    asked: TuneEvaluationOptions,
    as_json: bool,
) -> None:
    """Measure the tunes that a model writes, with the grammar and without, beside real ones."""
    from seqgen.checkpoint.run_data import open_run_tokens
    from seqgen.evaluation.tunes import report
    from seqgen.evaluation.tunes.bits_per_note import bits_per_note
    from seqgen.evaluation.tunes.data import parse_tunes
    from seqgen.generation import Engine, TextGenerator

    generator = TextGenerator(checkpoint, Engine(checkpoint.graph()))
    tokens = open_run_tokens(checkpoint)
    training, held_back = parse_tunes(checkpoint, tokens)
    options = SamplingOptions(count=asked.count, seed=how.seed, temperature=how.temperature)
    validators = report.installed_validators() if asked.validators else {}
    with Progress() as progress:
        progress("reading the training tunes")
        found = report.report(generator, training, held_back, options, validators, progress)
        progress("measuring how likely the network finds real tunes")
        bits = bits_per_note(checkpoint, tokens.training, tokens.validation)
    sources = {column: beginning(training, copy) for column, copy in found.copies.items()}
    if as_json:
        typer.echo(json.dumps(facts(found, bits, sources), indent=2))
    else:
        print_rows(found.rows)
        typer.echo()
        print_rows([bits_row(bits)])
        typer.echo()
        for column, copy in found.copies.items():
            begins = sources[column]
            typer.echo(f"longest copied run, {column}: {copy.notes} notes of {begins}")


EVALUATION = Evaluation(TuneEvaluationOptions, evaluate_tunes, takes_files=False)


def bits_row(bits: dict[str, float]) -> "Row":
    from seqgen.evaluation.tunes.table import Row

    return Row("bits_per_note", "bits per note of validation tunes", "", bits)


def beginning(tunes: Sequence["Tune"], copy: "CopiedRun") -> str:
    """How the tune of the book begins that a run is in, as far as one line of its ABC goes."""
    from seqgen.music.render.abc_writer import abc

    if copy.source < 0:
        return "none"
    lines = abc(tunes[copy.source]).splitlines()
    key = next(number for number, line in enumerate(lines) if line.startswith("K:"))
    return " ".join(lines[key : key + 2])


def print_rows(rows: Sequence["Row"]) -> None:
    """Print the figures as a table, a column each; one that misses its aim is marked."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column("")
    columns = list(rows[0].values)
    for column in columns:
        table.add_column(HEADINGS.get(column, column), justify="right")
    table.add_column("aim", justify="right", style="dim")
    for row in rows:
        cells = [Text(*marked(row, column)) for column in columns]
        table.add_row(Text(label(row)), *cells, shown_aim(row))
    Console(highlight=False).print(table)


def marked(row: "Row", column: str) -> tuple[str, str]:
    """A cell and its style: what misses its aim has an exclamation mark, for eyes and for pipes."""
    text = shown(row.values[column], row.unit)
    return (f"! {text}", "yellow") if row.within(column) is False else (text, "")


def label(row: "Row") -> str:
    return f"{row.name}, {row.unit}" if row.unit else row.name


def shown(value: float | None, unit: str) -> str:
    """A figure as it is read: three digits that say something."""
    if value is None:
        return "–"
    value = 100 * value if unit == SHARE else value
    return f"{value:.4f}" if 0 < abs(value) < 0.1 else f"{value:.4g}"


def shown_aim(row: "Row") -> str:
    if row.aim is None:
        return ""
    least, most = (shown(bound, row.unit) for bound in row.aim)
    if row.aim[0] == row.aim[1]:
        return least
    if row.aim[0] == -inf:
        return f"≤ {most}"
    return f"≥ {least}" if row.aim[1] == inf else f"{least} to {most}"


def facts(found: "Report", bits: dict[str, float], sources: dict[str, str]) -> dict[str, Any]:
    """The same for programs: shares are of 1, and a bound that is not there is null."""
    return {
        "figures": [
            {
                "key": row.key,
                "name": row.name,
                "unit": row.unit,
                "values": dict(row.values),
                "aim": row.aim and [None if abs(bound) == inf else bound for bound in row.aim],
                "within": {column: row.within(column) for column in row.values},
            }
            for row in found.rows
        ],
        "longest_copies": {
            column: {
                "tune": copy.tune,
                "source": copy.source,
                "source_begins": sources[column],
                "notes": copy.notes,
            }
            for column, copy in found.copies.items()
        },
        "bits_per_note": bits,
    }
