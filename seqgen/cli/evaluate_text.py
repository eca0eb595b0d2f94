"""What `seqgen evaluate` measures of a model of text, and how it is shown."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from seqgen.cli._common import Progress, download_progress, print_json
from seqgen.cli.terminal import print_notice, strip_controls
from seqgen.config.options import SamplingOptions
from seqgen.evaluation.options import Evaluation, TextEvaluationOptions

if TYPE_CHECKING:
    from seqgen.checkpoint.read import Checkpoint
    from seqgen.evaluation.options import EvaluationOptions
    from seqgen.evaluation.text.report import Figure, Overlap, Row, TextReport

EXACT = 1e-9  # what rounding makes of no error at all
LONGER = 0.9  # of the characters: with fewer tokens, they are not characters and a few ends
SHOWN = 60  # characters of a shared stretch


def evaluate_text(
    checkpoint: "Checkpoint",
    files: Sequence[str],
    how: "EvaluationOptions",
    asked: TextEvaluationOptions,
    as_json: bool,
) -> None:
    """Measure how likely a model finds a text, and what its samples are like."""
    from seqgen.evaluation.text.data import evaluation_data
    from seqgen.evaluation.text.evaluation import evaluate
    from seqgen.io.atomic import check_writable

    if asked.html:
        check_writable(Path(asked.html))
    sampling = None
    if asked.samples:
        sampling = SamplingOptions(
            count=asked.samples, length=asked.length, temperature=how.temperature, seed=how.seed
        )
    with download_progress() as progress:
        found = evaluation_data(
            checkpoint, files, unknown=asked.on_unknown, encoding=asked.encoding, progress=progress
        )
    with Progress() as progress:
        report = evaluate(
            checkpoint, found.evidence, found.learned, sampling, progress, found.notices
        )
    if as_json:
        print_json(facts(report))
    else:
        print_report(report)
    if asked.html:
        write_page(report, checkpoint, asked.html)


EVALUATION = Evaluation(TextEvaluationOptions, evaluate_text, takes_files=True)


def write_page(report: "TextReport", checkpoint: "Checkpoint", path: str) -> None:
    """Write the page. Raises CheckpointError if it cannot be written."""
    from datetime import date
    from importlib import metadata

    from seqgen import __version__
    from seqgen.cli.outputs import command_line
    from seqgen.io.atomic import write_atomic
    from seqgen.reports.text_page import Provenance, text_page

    libraries = {name: metadata.version(name) for name in ("numpy", "onnxruntime")}
    versions = {"seqgen": __version__, **libraries}
    provenance = Provenance(command_line(), date.today().isoformat(), versions)
    write_atomic(Path(path), text_page(report, checkpoint.config, provenance))
    print_notice(f"wrote {path}")


def print_report(report: "TextReport") -> None:
    for notice in report.notices:
        print_notice(notice)
    counts = f"{report.characters:,} characters, {report.tokens:,} tokens"
    typer.echo(strip_controls(f"{report.name} on {report.evaluated}: {counts}") + "\n")
    print_rows(report.rows, report.tokens < LONGER * report.characters)
    if any(row.nats_per_character.error for row in report.rows):
        typer.echo("± one standard error, by the spread of 25 parts of the text")
    if report.quantisation:
        typer.echo(f"int8 costs {shown(report.quantisation, 4)} nats a character")
    if report.overlap:
        print_overlap(report.overlap)
    if report.samples:
        from seqgen.cli.evaluate_samples import print_samples

        print_samples(report.samples)


def print_rows(rows: Sequence["Row"], tokens_are_longer: bool) -> None:
    """The likelihoods, the best first; nats of a token where that is more than a character."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column("", no_wrap=True)
    units = ("nats/token" if tokens_are_longer else "nats/char", "bits/char", "perplexity")
    for unit in units:
        table.add_column(unit, justify="right", no_wrap=True)
    table.add_column("", style="dim", overflow="fold")
    for row in rows:
        figures = {
            "nats/token": shown(row.nats_per_token, 4),
            "nats/char": shown(row.nats_per_character, 4),
            "bits/char": shown(row.bits_per_character, 3),
            "perplexity": shown(
                row.perplexity, 2 if row.perplexity and row.perplexity.value < 1000 else 0
            ),
        }
        style = "bold" if row.is_network else ""
        cells = [Text(figures[unit], style) for unit in units]
        table.add_row(Text(row.name, style), *cells, Text(row.note))
    Console(highlight=False).print(table)


def shown(figure: "Figure | None", digits: int) -> str:
    if figure is None:
        return "–"
    error = f" ± {figure.error:.{digits}f}" if (figure.error or 0) > EXACT else ""
    return f"{figure.value:.{digits}f}{error}"


def print_overlap(overlap: "Overlap") -> None:
    """What the text shares with the training part; loud where that is too much."""
    longest = "none of it"
    if overlap.length:
        begin = strip_controls(overlap.shared[:SHOWN].replace("\n", " "))
        more = "…" if overlap.length > SHOWN else ""
        longest = (
            f"the longest stretch has {overlap.length:,} characters "
            f"(line {overlap.line:,} there): {begin}{more}"
        )
    typer.echo(
        f"\nshared with the training part: {overlap.share:.2%} of its runs of {overlap.n} "
        f"characters; {longest}"
    )
    if overlap.warning:
        warning = typer.style("warning:", fg="yellow", bold=True)
        typer.echo(f"{warning} {strip_controls(overlap.warning)}", err=True)


def facts(report: "TextReport") -> dict[str, Any]:
    """The same for programs."""
    return asdict(report) | {"rows": [row_facts(row) for row in report.rows]}


def row_facts(row: "Row") -> dict[str, Any]:
    return asdict(row) | {
        "bits_per_character": asdict(row.bits_per_character),
        "perplexity": row.perplexity and asdict(row.perplexity),
    }
