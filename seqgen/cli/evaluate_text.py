"""Prints the evaluation of a model of text by `seqgen evaluate`."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from seqgen.cli import _common
from seqgen.cli.log_lines import pluralize
from seqgen.cli.terminal import print_notice, strip_controls
from seqgen.config.options import SamplingOptions
from seqgen.evaluation.options import Evaluation, TextEvaluationOptions

if TYPE_CHECKING:
    from seqgen.checkpoint.read import Checkpoint
    from seqgen.evaluation.options import EvaluationOptions
    from seqgen.evaluation.text.novelty import CopiedText
    from seqgen.evaluation.text.report import Figure, Overlap, Row, TextReport
    from seqgen.evaluation.text.samples import SampleMetrics

EXACT = 1e-9  # a smaller standard error is a rounding error of 0
# Below this number of tokens per character, losses are printed per token.
MIN_TOKENS_PER_CHARACTER = 0.9
MAX_OVERLAP, MAX_COPY = 60, 200  # characters that are printed
MAX_UNKNOWN_WORDS = 12
COLUMNS = ("generated", "real")


def evaluate_text(
    checkpoint: "Checkpoint",
    files: Sequence[str],
    shared: "EvaluationOptions",
    options: TextEvaluationOptions,
    as_json: bool,
) -> None:
    """Measure the likelihood of a text and the properties of samples."""
    from seqgen.evaluation.text.data import evaluation_data
    from seqgen.evaluation.text.evaluation import evaluate

    _common.check_output(options.html)
    sampling = None
    if options.samples:
        sampling = SamplingOptions(
            count=options.samples,
            length=options.length,
            temperature=shared.temperature,
            seed=shared.seed,
        )
    with _common.download_progress() as download:
        data = evaluation_data(
            checkpoint,
            files,
            unknown=options.on_unknown,
            encoding=options.encoding,
            progress=download,
        )
    with _common.Progress() as progress:
        report = evaluate(checkpoint, data.tokens, data.training, sampling, progress, data.notices)
    if as_json:
        _common.print_json(asdict(report) | {"rows": [_row_to_json(row) for row in report.rows]})
    else:
        print_report(report)
    if options.html:
        write_page(report, checkpoint, options.html)


EVALUATION = Evaluation(TextEvaluationOptions, evaluate_text, takes_files=True)


def write_page(report: "TextReport", checkpoint: "Checkpoint", path: str) -> None:
    """Write the page. Raises CheckpointError if it cannot be written."""
    from datetime import date
    from importlib import metadata

    from seqgen import __version__
    from seqgen.cli.outputs import command_line
    from seqgen.reports.text_page import Provenance, text_page

    libraries = {name: metadata.version(name) for name in ("numpy", "onnxruntime")}
    versions = {"seqgen": __version__, **libraries}
    provenance = Provenance(command_line(), date.today().isoformat(), versions)
    _common.save_file(text_page(report, checkpoint.config, provenance), path)


def print_report(report: "TextReport") -> None:
    for notice in report.notices:
        print_notice(notice)
    counts = f"{report.characters:,} characters, {report.tokens:,} tokens"
    typer.echo(strip_controls(f"{report.name} on {report.evaluated}: {counts}") + "\n")
    per_token = report.tokens < MIN_TOKENS_PER_CHARACTER * report.characters
    print_likelihoods(report.rows, per_token)
    if any(row.nats_per_character.error for row in report.rows):
        typer.echo("±: standard error, from the variance between 25 parts of the text")
    if report.quantisation:
        loss = format_figure(report.quantisation, 4)
        typer.echo(f"int8 weights add {loss} nats per character")
    if report.overlap:
        print_overlap(report.overlap)
    if report.samples:
        print_samples(report.samples)


def print_likelihoods(rows: Sequence["Row"], per_token: bool) -> None:
    """Print the likelihoods, the best first."""
    from rich.console import Console
    from rich.text import Text

    units = ("nats/token" if per_token else "nats/char", "bits/char", "perplexity")
    table = _common.borderless_table("", *units)
    for column in table.columns:
        column.no_wrap = True
    table.add_column("", style="dim", overflow="fold")
    for row in rows:
        nats = row.nats_per_token if per_token else row.nats_per_character
        digits = 2 if row.perplexity and row.perplexity.value < 1000 else 0
        style = "bold" if row.is_network else ""
        figures = ((nats, 4), (row.bits_per_character, 3), (row.perplexity, digits))
        cells = [Text(format_figure(*figure), style) for figure in figures]
        table.add_row(Text(row.name, style), *cells, Text(row.note))
    Console(highlight=False).print(table)


def format_figure(figure: "Figure | None", digits: int) -> str:
    if figure is None:
        return "–"
    error = f" ± {figure.error:.{digits}f}" if (figure.error or 0) > EXACT else ""
    return f"{figure.value:.{digits}f}{error}"


def print_overlap(overlap: "Overlap") -> None:
    """Print what the text has in common with the training text, with a warning if that is much."""
    longest = "none"
    if overlap.length:
        longest = (
            f"{overlap.length:,} characters (line {overlap.line:,} of the training text): "
            + one_line(overlap.shared, MAX_OVERLAP, " ")
        )
    typer.echo(
        f"\n{overlap.share:.2%} of all substrings of {overlap.n} characters occur in the training "
        f"text; longest common substring: {longest}"
    )
    if overlap.warning:
        warning = typer.style("warning:", fg="yellow", bold=True)
        typer.echo(f"{warning} {strip_controls(overlap.warning)}", err=True)


def print_samples(metrics: "SampleMetrics") -> None:
    """Print the metrics of samples beside those of real text, and remarkable parts of them."""
    from rich.console import Console
    from rich.text import Text

    count = pluralize(metrics.count, "sample")
    temperature = f"temperature {metrics.temperature:g}"
    typer.echo(f"\n{count} at {temperature}, compared with as much real text\n")
    table = _common.borderless_table("", *COLUMNS)
    for row in metrics.rows:
        cells = [_common.format_metric(row.values.get(column), row.unit) for column in COLUMNS]
        table.add_row(Text(f"{row.name}, {row.unit}"), *cells)
    Console(highlight=False).print(table, "")
    for column in COLUMNS:
        if copy := metrics.copies.get(column):
            typer.echo(describe_copy(column, copy))
    if metrics.loop:
        typer.echo(f"one sample ends in a loop: {one_line(metrics.loop, MAX_COPY)}")
    if words := metrics.unknown_words[:MAX_UNKNOWN_WORDS]:
        typer.echo(f"words that the training text lacks: {strip_controls(', '.join(words))}")


def describe_copy(column: str, copy: "CopiedText") -> str:
    """Return the copied text and its position in the training text."""
    document = f"document {copy.document:,}, " if copy.document > 1 else ""
    lines = f"line {copy.line:,}"
    if copy.line != copy.last_line:
        lines = f"lines {copy.line:,} to {copy.last_line:,}"
    where = f"{document}{lines} of the training text"
    return f"longest copy, {column}: {one_line(copy.copied, MAX_COPY)} ({where})"


def one_line(text: str, length: int, line_break: str = " / ") -> str:
    """Return the first characters of a text on one line."""
    more = "…" if len(text) > length else ""
    return strip_controls(text[:length].replace("\n", line_break)) + more


def _row_to_json(row: "Row") -> dict[str, Any]:
    return asdict(row) | {
        "bits_per_character": asdict(row.bits_per_character),
        "perplexity": row.perplexity and asdict(row.perplexity),
    }
