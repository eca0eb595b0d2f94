import pytest

from seqgen.evaluation.tunes.copying import CopiedRun
from seqgen.evaluation.tunes.metrics import Book
from seqgen.evaluation.tunes.table import Column, Row, table


@pytest.fixture
def rows(tune) -> dict[str, Row]:
    good, short = tune("C2 D2 E2|C6|]", (3, 4)), tune("C2 D2 E2|C2|C6|]", (3, 4))
    columns = {
        "constrained": Column([good, good], valid={"music21": 1.0}, allowed_mass=0.9),
        "unconstrained": Column([good, short], unread=2, valid={"music21": 0.5}),
        "real": Column([good]),
    }
    rows, copies = table(columns, Book([good]))
    assert copies["constrained"] == CopiedRun(0, 0, 3)
    return {row.key: row for row in rows}


def test_unreadable_tunes_are_not_bar_exact(rows):
    assert rows["bar_exact"].values == {"constrained": 1, "unconstrained": 0.25, "real": 1}
    assert [rows["bar_exact"].within(c) for c in ("constrained", "unconstrained")] == [True, False]


def test_further_figures_of_columns_are_rows(rows):
    assert rows["music21"].values == {"constrained": 1, "unconstrained": 0.5, "real": None}
    assert rows["music21"].within("real") is None
    assert rows["allowed_mass"].values == {"constrained": 0.9, "unconstrained": None, "real": None}
    assert rows["allowed_mass"].within("constrained") is None


def test_figures_are_compared_with_aims(rows):
    assert rows["tune_ends_on_tonic"].within("real") is True
    assert rows["in_key"].within("real") is False  # all notes: real tunes have other ones
    assert rows["copied_most"].aim is None
    assert rows["bars_per_tune"].aim == pytest.approx((1.8, 2.2))


def test_rows_that_no_column_has_are_left_out(tune):
    rows, _ = table({"real": Column([tune("C6|]", (3, 4))])}, Book([]))
    assert "allowed_mass" not in {row.key for row in rows}


def test_columns_without_tunes_have_empty_cells(tune):
    good = tune("C6|]", (3, 4))
    rows, copies = table({"none": Column([], unread=3), "real": Column([good])}, Book([good]))
    figures = {row.key: row for row in rows}
    assert figures["bar_exact"].values == {"none": 0, "real": 1}
    assert figures["in_key"].values == {"none": None, "real": 1}
    assert figures["in_key"].within("none") is None
    assert set(copies) == {"real"}
