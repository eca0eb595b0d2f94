"""What ``seqgen evaluate --json`` prints, as the tables of a model card."""

from collections.abc import Iterable, Mapping
from typing import Any

from seqgen.checkpoint.measurements import Evaluation, Table


def evaluation(found: Mapping[str, Any], command: str) -> Evaluation:
    """The tables of an evaluation of text, or of tunes."""
    return Evaluation(command, tuple(tables_of_tunes(found) if "figures" in found else text(found)))


def text(found: Mapping[str, Any]) -> Iterable[Table]:
    yield Table(
        f"Likelihood of {found['evaluated']}, {found['characters']:,} characters",
        ("", "nats per character", "bits per character", "perplexity per token"),
        tuple(
            (row["name"], *(measured(row[k]) for k in ("nats_per_character", "bits_per_character")),
             measured(row["perplexity"]))
            for row in found["rows"]
        ),
    )  # fmt: skip
    if samples := found["samples"]:
        title = f"{samples['count']} samples at temperature {samples['temperature']}"
        yield figures(title, samples["rows"])


def tables_of_tunes(found: Mapping[str, Any]) -> Iterable[Table]:
    bits = tuple((name, f"{value:.3f}") for name, value in found["bits_per_note"].items())
    yield Table("Likelihood of the validation part", ("", "bits per note"), bits)
    yield figures("Generated tunes", found["figures"])


def figures(title: str, rows: list[Mapping[str, Any]]) -> Table:
    columns = tuple(rows[0]["values"])
    return Table(
        title,
        ("", *columns),
        tuple(
            (row["name"], *(shown(row["values"][column], row["unit"]) for column in columns))
            for row in rows
        ),
    )


def measured(figure: Mapping[str, Any] | None) -> str:
    if figure is None:
        return "–"
    error = "" if figure["error"] is None else f" ± {figure['error']:.4f}"
    return f"{figure['value']:.4f}{error}"


def shown(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    if unit == "%":
        return f"{100 * value:.1f}%"
    number = f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
    return f"{number} {unit}".rstrip()
