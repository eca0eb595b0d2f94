"""Metrics of several sets of tunes side by side, with the range that each should be in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from math import inf

from seqgen.evaluation.metric import SHARE, Metric
from seqgen.evaluation.tunes.copying import CopiedRun
from seqgen.evaluation.tunes.metrics import Book, Metrics, metrics
from seqgen.evaluation.tunes.validators.bars import bar_exact
from seqgen.music.core.tune import Tune


@dataclass(frozen=True)
class Column:
    """A set of tunes to measure.

    Attributes:
        tunes: Those that could be parsed.
        unread: Number of texts that could not be parsed.
        valid: Share of the set that a validator accepts, by the validator's name.
        allowed_mass: Mean probability mass that the grammar allowed; None without the grammar.
        written: Those of the tunes whose written keys are known, in these keys; None for ``tunes``.
    """

    tunes: Sequence[Tune]
    unread: int = 0
    valid: Mapping[str, float] | None = None
    allowed_mass: float | None = None
    written: Sequence[Tune] | None = None


@dataclass(frozen=True)
class Row(Metric):
    """A metric of every column.

    Attributes:
        aim: Lower and upper bound, infinite where there is none; None without either.
    """

    aim: tuple[float, float] | None = None

    def within(self, column: str) -> bool | None:
        """Return whether a column's value is within the aim; None if either is missing."""
        value = self.values[column]
        if self.aim is None or value is None:
            return None
        return self.aim[0] <= value <= self.aim[1]


_ALL = (1.0, 1.0)


def table(columns: Mapping[str, Column], book: Book) -> tuple[list[Row], dict[str, CopiedRun]]:
    """Measure every column against the training book.

    Returns:
        The rows: tunes with exact bars, validators, allowed mass, then `Metrics`; and the longest
        copied run of each column that has a note.
    """
    exact = {name: _exact_share(column) for name, column in columns.items()}
    rows = [Row("bar_exact", "tunes with exact bars", SHARE, exact, _ALL)]
    for validator in dict.fromkeys(name for c in columns.values() for name in c.valid or ()):
        shares = {name: (column.valid or {}).get(validator) for name, column in columns.items()}
        rows.append(Row(validator, f"tunes valid for {validator}", SHARE, shares, _ALL))
    if any(column.allowed_mass is not None for column in columns.values()):
        allowed_mass = {name: column.allowed_mass for name, column in columns.items()}
        rows.append(Row("allowed_mass", "mass allowed by the grammar", SHARE, allowed_mass))
    measured = {
        name: metrics(column.tunes, book, column.written) for name, column in columns.items()
    }
    aims = book.aims()
    for f in fields(Metrics):
        values = {name: pair and getattr(pair[0], f.name) for name, pair in measured.items()}
        aim = None if aims[f.name] == (-inf, inf) else aims[f.name]
        rows.append(Row(f.name, f.metadata["name"], f.metadata["unit"], values, aim))
    return rows, {name: pair[1] for name, pair in measured.items() if pair}


def _exact_share(column: Column) -> float:
    """Share of the texts of a column that are tunes whose bars add up."""
    exact = sum(bar_exact(tune) is None for tune in column.tunes)
    return exact / max(1, len(column.tunes) + column.unread)
