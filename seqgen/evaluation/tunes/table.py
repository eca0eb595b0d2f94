"""The figures of several sets of tunes side by side, and which lie where they should."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from math import inf

from seqgen.evaluation.tunes.copying import CopiedRun
from seqgen.evaluation.tunes.metrics import SHARE, Book, Metrics, metrics
from seqgen.evaluation.tunes.validators.bars import bar_exact
from seqgen.music.core.tune import Tune


@dataclass(frozen=True)
class Column:
    """A set of tunes to measure.

    unread: texts that belong to the set and could not be read as tunes.
    passed: what else is known of the set: share of it that a judge passes, by the judge's name.
    kept: share of the probability that the grammar left, on average; None if it did not hold.
    """

    tunes: Sequence[Tune]
    unread: int = 0
    passed: Mapping[str, float] | None = None
    kept: float | None = None


@dataclass(frozen=True)
class Row:
    """One figure of every column.

    key: a word for programs. name: for people. unit: "%" for a share of 1, or what it counts.
    values: by column; None where a column has no such figure.
    aim: least and most, infinite where there is no bound; None if there is no aim.
    """

    key: str
    name: str
    unit: str
    values: Mapping[str, float | None]
    aim: tuple[float, float] | None = None

    def within(self, column: str) -> bool | None:
        """Whether a column's figure is within the aim; None where one of the two is missing."""
        value = self.values[column]
        if self.aim is None or value is None:
            return None
        return self.aim[0] <= value <= self.aim[1]


ALL = (1.0, 1.0)


def table(columns: Mapping[str, Column], book: Book) -> tuple[list[Row], dict[str, CopiedRun]]:
    """Measure every column against the book that was learned from.

    Returns the rows: bar-exact share, judges, kept mass, then the figures of `Metrics`; and the
    longest copy of each column. A column without a tune that has a note has neither.
    """
    rows = [
        Row(
            "bar_exact",
            "tunes whose bars add up",
            SHARE,
            {name: exact_share(column) for name, column in columns.items()},
            ALL,
        )
    ]
    judges = dict.fromkeys(judge for c in columns.values() for judge in c.passed or ())
    for judge in judges:
        shares = {name: (column.passed or {}).get(judge) for name, column in columns.items()}
        rows.append(Row(judge, f"tunes passed by {judge}", SHARE, shares, ALL))
    if any(column.kept is not None for column in columns.values()):
        kept = {name: column.kept for name, column in columns.items()}
        rows.append(Row("kept", "probability kept by the grammar", SHARE, kept))
    measured = {name: metrics(column.tunes, book) for name, column in columns.items()}
    aims = book.aims()
    for f in fields(Metrics):
        values = {name: found and getattr(found[0], f.name) for name, found in measured.items()}
        aim = None if aims[f.name] == (-inf, inf) else aims[f.name]
        rows.append(Row(f.name, f.metadata["name"], f.metadata["unit"], values, aim))
    return rows, {name: found[1] for name, found in measured.items() if found}


def exact_share(column: Column) -> float:
    """Share of the texts of a column that are tunes whose bars add up."""
    exact = sum(bar_exact(tune) is None for tune in column.tunes)
    return exact / max(1, len(column.tunes) + column.unread)
