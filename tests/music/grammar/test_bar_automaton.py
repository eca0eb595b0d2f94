from fractions import Fraction

import pytest

from seqgen.music.grammar.bar_automaton import SHORTEST, BarAutomaton, column, fill_costs, fits
from seqgen.music.normal.tokens import LENGTHS


@pytest.mark.parametrize("bar", [6, 12, 24, 36, 60, 96, 144, 168, 192, 216])
def test_the_quick_cost_of_filling_a_bar_is_that_of_all_ways(bar):
    within = BarAutomaton(bar)
    for final in (True, False):
        tokens = within.costs[within.start(final)]
        for last in (True, False):
            columns = [column(at, last) for at in range(SHORTEST, bar + 1, SHORTEST)]
            assert tokens[columns].tolist() == fill_costs(bar)[1:]


@pytest.mark.parametrize("bar", [24, 60, 144])
def test_every_transition_leads_to_a_later_state(bar):
    within = BarAutomaton(bar)
    for number, following in enumerate(within.next[:-1]):
        assert (following > number).all()


def test_notes_that_may_begin_off_the_grid():
    """Three ways off the grid: inside of an eighth, on to the grid, an eighth in the middle."""
    fitting = {
        (Fraction(at, 24), name)
        for at in (6, 12, 18)
        for name, length in LENGTHS.items()
        if fits(at, length, 288)
    }
    quarter = Fraction(1, 4)
    assert fitting == {
        (quarter, "/4"), (quarter, "/2"), (quarter, "3/4"),
        (2 * quarter, "/4"), (2 * quarter, "/2"), (2 * quarter, ""), (2 * quarter, "3/2"),
        (3 * quarter, "/4"),
    }  # fmt: skip


def test_no_note_crosses_a_bar_line():
    assert fits(96, 48, 144)
    assert not fits(96, 72, 144)
