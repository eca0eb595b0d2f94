from collections.abc import Iterator
from typing import Any, cast

import pytest

from seqgen.config.options import SamplingOptions, TuneOptions
from seqgen.errors import SeqgenError
from seqgen.evaluation.tunes.report import (
    CONSTRAINED,
    REAL,
    UNCONSTRAINED,
    installed_validators,
    report,
    validate,
)
from seqgen.generation import TextGenerator
from seqgen.music.normal.codec import decode_tune
from seqgen.music.render.abc_writer import abc

GOOD = "R:none\nM:3/4\nK:Cmaj\nC2D2E2|F2G2A2|c6|]"
SHORT = "R:none\nM:3/4\nK:Cmaj\nC2D2E2|F2G2|c6|]"
OTHER = "R:none\nM:3/4\nK:Cmaj\nG2A2G2|E2D2E2|C6|]"


class FakeGenerator:
    """A fake generator: valid tunes with the grammar, invalid ones without it."""

    allowed_mass: float | None = None

    def pieces(
        self, prompt: str, options: SamplingOptions, tune_options: TuneOptions
    ) -> Iterator[tuple[int, str]]:
        self.allowed_mass = 0.1 if not tune_options.grammar else 0.9
        for index in range(options.count):
            invalid = (
                [abc(decode_tune(SHORT)), "X:1\nK:C\n*\n"][index % 2]
                if not tune_options.grammar
                else None
            )
            yield index, invalid or abc(decode_tune(GOOD))


def measure(**validators):
    activities: list[Any] = []
    result = report(
        cast(TextGenerator, FakeGenerator()),
        [decode_tune(GOOD)],
        [decode_tune(OTHER)] * 3,
        SamplingOptions(count=2, seed=1),
        validators,
        activities.append,
    )
    return {row.key: row.values for row in result.rows}, result.copies, activities


def test_columns_are_with_grammar_without_and_real_tunes():
    rows, copies, activities = measure(second=lambda text, tune: "no" if "F2 G2|" in text else None)
    assert rows["bar_exact"] == {CONSTRAINED: 1, UNCONSTRAINED: 0, REAL: 1}
    assert rows["second"] == {CONSTRAINED: 1, UNCONSTRAINED: 0, REAL: 1}
    assert rows["allowed_mass"] == {CONSTRAINED: 0.9, UNCONSTRAINED: None, REAL: None}
    assert rows["shared_4"][CONSTRAINED] == 1
    assert (copies[CONSTRAINED].notes, copies[REAL].notes) == (6, 1)
    assert any(CONSTRAINED in activity for activity in activities)


def test_real_tunes_are_measured_in_their_written_keys():
    low = decode_tune("R:none\nM:3/4\nK:Cmaj\nC6|]")
    high = decode_tune("R:none\nM:3/4\nK:Dmaj\nd6|]")

    def whistle(written):
        rows = report(
            cast(TextGenerator, FakeGenerator()), [low], [low] * 3,
            SamplingOptions(count=3, seed=1), {}, written=written,
        ).rows  # fmt: skip
        return next(row.values for row in rows if row.key == "whistle")

    assert whistle(None)[REAL] == 0
    assert whistle([high, None, high])[REAL] == 1
    assert whistle([None] * 3)[REAL] is None
    assert whistle([None] * 3)[CONSTRAINED] == 0  # its lowest note is C


def test_validation_tunes_are_required():
    with pytest.raises(SeqgenError):
        report(
            cast(TextGenerator, FakeGenerator()),
            [decode_tune(GOOD)],
            [],
            SamplingOptions(count=1),
            {},
        )


def test_texts_that_are_not_tunes_are_invalid_for_all_validators():
    column = validate([abc(decode_tune(GOOD)), "X:1\nK:C\n*\n"], {"easy": lambda text, tune: None})
    assert (len(column.tunes), column.unread, column.valid) == (1, 1, {"easy": 0.5})


def test_music21_is_always_installed():
    assert installed_validators()["music21"](abc(decode_tune(GOOD)), decode_tune(GOOD)) is None
