"""Prints the evaluation of a model of tunes by `seqgen evaluate`."""

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING, Any

import typer

from seqgen.cli._common import Progress, borderless_table, format_metric, print_json
from seqgen.config.options import SamplingOptions
from seqgen.evaluation.options import Evaluation, TuneEvaluationOptions

if TYPE_CHECKING:
    from seqgen.checkpoint.read import Checkpoint
    from seqgen.evaluation.options import EvaluationOptions
    from seqgen.evaluation.tunes.copying import CopiedRun
    from seqgen.evaluation.tunes.table import Row
    from seqgen.music.core.tune import NormalTune

HEADINGS = {"constrained": "grammar", "unconstrained": "no grammar"}


def evaluate_tunes(
    checkpoint: "Checkpoint",
    files: Sequence[str],
    shared: "EvaluationOptions",
    options: TuneEvaluationOptions,
    as_json: bool,
) -> None:
    """Measure sampled tunes, with the grammar and without, and compare them with real ones."""
    from seqgen.checkpoint.run_data import open_run_tokens
    from seqgen.evaluation.tunes import report
    from seqgen.evaluation.tunes.bits_per_note import bits_per_note
    from seqgen.evaluation.tunes.data import in_written_keys, parse_tunes
    from seqgen.evaluation.tunes.table import Row
    from seqgen.generation import Engine, TextGenerator

    generator = TextGenerator(checkpoint, Engine(checkpoint.graph()))
    tokens = open_run_tokens(checkpoint)
    training, validation = parse_tunes(checkpoint, tokens)
    sampling = SamplingOptions(
        count=options.count, seed=shared.seed, temperature=shared.temperature
    )
    validators = report.installed_validators() if options.validators else {}
    with Progress() as progress:
        progress("reading the training tunes")
        written = in_written_keys(checkpoint, validation)
        metrics = report.report(
            generator, training, validation, sampling, validators, progress, written
        )
        progress("computing the likelihood of the validation tunes")
        bits = bits_per_note(checkpoint, tokens.training, tokens.validation)
    sources = {column: first_line(training, copy) for column, copy in metrics.copies.items()}
    if as_json:
        print_json(
            {
                "figures": [_row_to_json(row) for row in metrics.rows],
                "longest_copies": {
                    column: vars(copy) | {"source_begins": sources[column]}
                    for column, copy in metrics.copies.items()
                },
                "bits_per_note": bits,
            }
        )
        return
    print_rows(metrics.rows)
    typer.echo()
    print_rows([Row("bits_per_note", "bits per note of validation tunes", "", bits)])
    typer.echo()
    for column, copy in metrics.copies.items():
        typer.echo(f"longest copied run, {column}: {copy.notes} notes of {sources[column]}")


EVALUATION = Evaluation(TuneEvaluationOptions, evaluate_tunes, takes_files=False)


def first_line(tunes: Sequence["NormalTune"], copy: "CopiedRun") -> str:
    """Return the key and the first line of music of the tune that contains a copied run."""
    from seqgen.music.render.abc_writer import abc

    if copy.source < 0:
        return "none"
    lines = abc(tunes[copy.source]).splitlines()
    key = next(number for number, line in enumerate(lines) if line.startswith("K:"))
    return " ".join(lines[key : key + 2])


def print_rows(rows: Sequence["Row"]) -> None:
    """Print a table of metrics; a value outside its aim has an exclamation mark."""
    from rich.console import Console
    from rich.text import Text

    columns = list(rows[0].values)
    table = borderless_table("", *(HEADINGS.get(column, column) for column in columns), "aim")
    table.columns[-1].style = "dim"
    for row in rows:
        cells = []
        for column in columns:
            text = format_metric(row.values[column], row.unit)
            missed = row.within(column) is False
            cells.append(Text(f"! {text}", "yellow") if missed else Text(text))
        label = f"{row.name}, {row.unit}" if row.unit else row.name
        table.add_row(Text(label), *cells, format_aim(row))
    Console(highlight=False).print(table)


def format_aim(row: "Row") -> str:
    if row.aim is None:
        return ""
    low, high = (format_metric(bound, row.unit) for bound in row.aim)
    if row.aim[0] == row.aim[1]:
        return low
    if row.aim[0] == -inf:
        return f"≤ {high}"
    return f"≥ {low}" if row.aim[1] == inf else f"{low} to {high}"


def _row_to_json(row: "Row") -> dict[str, Any]:
    within = {column: row.within(column) for column in row.values}
    return vars(row) | {"values": dict(row.values), "within": within}
