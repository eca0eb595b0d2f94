from collections import deque
from typing import Any

import numpy as np
import pytest

from seqgen.music.grammar.bar_automaton import TOKEN_CLASSES, UNREACHABLE, automaton_for
from seqgen.music.grammar.cost_to_go import cost_to_go
from seqgen.music.grammar.header import bar_length
from seqgen.music.grammar.spec import TuneSpec
from seqgen.music.grammar.states import GrammarState, TuneAutomaton
from seqgen.music.grammar.structure import Stage

# A first ending may go on for ever; those of more bars are left out of the search.
MAX_ENDING_BARS = 2


def reachable(automaton, start):
    """Every reachable state with its next state for each token class."""
    edges, fresh = {}, deque([start])
    while fresh:
        state = fresh.popleft()
        if state in edges:
            continue
        successors = {name: automaton.next_state(state, name) for name in TOKEN_CLASSES}
        edges[state] = {name: after for name, after in successors.items() if after}
        if state.bar_state.ending_bars > MAX_ENDING_BARS or state.bar_state.stage is Stage.ENDED:
            edges[state] = {}
        fresh.extend(edges[state].values())
    return edges


def distances(edges):
    """Minimum number of tokens from each state to the end, by backward search."""
    before: dict[Any, list[Any]] = {state: [] for state in edges}
    for state, distance in edges.items():
        for after in distance.values():
            before[after].append(state)
    distance = {state: 0 for state in edges if state.bar_state.stage is Stage.ENDED}
    fresh = deque(distance)
    while fresh:
        state = fresh.popleft()
        for other in before[state]:
            if other not in distance:
                distance[other] = distance[state] + 1
                fresh.append(other)
    return distance


@pytest.mark.slow
@pytest.mark.parametrize(
    ("meter", "spec"),
    [
        ("1/8", TuneSpec()),
        ("1/8", TuneSpec(bars=(3, 3))),
        ("1/8", TuneSpec(bars=(6, 6), form="ABBCC")),
        ("1/16", TuneSpec(bars=(4, 4))),
        ("1/16", TuneSpec(form="AABBC")),
        ("1/32", TuneSpec(bars=(2, 2))),
        ("2/8", TuneSpec()),
        ("2/8", TuneSpec(form="AAB")),
        ("3/16", TuneSpec(bars=(2, 2))),
        ("3/16", TuneSpec(bars=(4, 4), form="AABBCCDD")),
        ("5/16", TuneSpec(bars=(2, 2), form="AABB")),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.form}{value.bars}",
)
def test_costs_are_those_of_the_shortest_paths_to_the_end(meter, spec):
    bar = bar_length(f"M:{meter}\n")
    automaton = TuneAutomaton(cost_to_go(spec))
    edges = reachable(
        automaton,
        GrammarState(0, cost_to_go(spec).structure.start(bar), automaton_for(bar).start(False)),
    )
    least = distances(edges)
    for state, successors in edges.items():
        if (
            state.bar_state.ending_bars < MAX_ENDING_BARS
            and state.bar_state.stage is not Stage.ENDED
        ):
            expected = [
                1 + least.get(successors[name], UNREACHABLE) if name in successors else UNREACHABLE
                for name in TOKEN_CLASSES
            ]
            costs = np.minimum(automaton.costs(state), UNREACHABLE).tolist()
            assert costs == np.minimum(expected, UNREACHABLE).tolist(), state


def test_a_second_ending_may_save_pickups_and_is_then_the_shortest_way():
    """A tune of which every cost written by hand was wrong."""
    bar = bar_length("M:2/4\n")
    tunes = cost_to_go(TuneSpec(bars=(8, 8), form="AABBCCDD"))
    pickup = tunes.structure.start(bar)._replace(
        stage=Stage.BODY, repeated=True, pickup=24, first_pickup=24, left=2
    )
    # One more bar, and three sections without pickups of a token and a bar line each.
    assert tunes.cost(pickup, True) == (3 + 3) + 3 + 3 * (1 + 3 + 3) + 1


@pytest.mark.slow
def test_many_bars_do_not_exceed_the_recursion_limit():
    tunes = cost_to_go(TuneSpec(bars=(300, 300)))
    assert tunes.cost(tunes.structure.start(96), False) == 300 * 3 + 1
