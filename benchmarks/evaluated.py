"""Convert the output of ``seqgen evaluate --json`` to tables of a model card."""

from collections.abc import Iterable, Mapping
from typing import Any

from seqgen.checkpoint.measurements import Evaluation, Table


def evaluation(report: Mapping[str, Any], command: str) -> Evaluation:
    """Return the tables of an evaluation of text or of tunes."""
    return Evaluation(
        command, tuple(tune_tables(report) if "figures" in report else text_tables(report))
    )


def text_tables(report: Mapping[str, Any]) -> Iterable[Table]:
    columns = ("nats_per_character", "bits_per_character", "perplexity")
    yield Table(
        f"Likelihood of {report['evaluated']}, {report['characters']:,} characters",
        ("", "nats per character", "bits per character", "perplexity per token"),
        tuple(
            (row["name"], *(format_figure(row[column]) for column in columns))
            for row in report["rows"]
        ),
    )  # fmt: skip
    if samples := report["samples"]:
        title = f"{samples['count']} samples at temperature {samples['temperature']}"
        yield figures(title, samples["rows"])


def tune_tables(report: Mapping[str, Any]) -> Iterable[Table]:
    bits = tuple((name, f"{value:.3f}") for name, value in report["bits_per_note"].items())
    yield Table("Likelihood of the validation part", ("", "bits per note"), bits)
    yield figures("Generated tunes", report["figures"])


def figures(title: str, rows: list[Mapping[str, Any]]) -> Table:
    columns = tuple(rows[0]["values"])
    return Table(
        title,
        ("", *columns),
        tuple(
            (row["name"], *(format_value(row["values"][column], row["unit"]) for column in columns))
            for row in rows
        ),
    )


def format_figure(figure: Mapping[str, Any] | None) -> str:
    if figure is None:
        return "–"
    error = "" if figure["error"] is None else f" ± {figure['error']:.4f}"
    return f"{figure['value']:.4f}{error}"


def format_value(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    if unit == "%":
        return f"{100 * value:.1f}%"
    number = f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
    return f"{number} {unit}".rstrip()
