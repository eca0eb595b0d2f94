import re
from collections import deque
from typing import Any

import numpy as np
import pytest

from seqgen.music.grammar.bar_automaton import TOKEN_CLASSES, UNREACHABLE
from seqgen.music.grammar.cost_to_go import cost_to_go
from seqgen.music.grammar.header import bar_length
from seqgen.music.grammar.states import TuneAutomaton
from seqgen.music.grammar.structure import SectionPlan, Stage

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


def parse(text):
    """The costs and the plan of a text.

    Either bars, a slash and the ticks of the final note; or that after a letter for each section,
    with a star for a repeat.
    """
    number = re.fullmatch(r"([0-9]*)(?:/([0-9]+))?", text)
    if number:
        return cost_to_go(int(number[1]) if number[1] else None, int(number[2] or 0)), None
    sections = re.findall(r"[A-Z]([0-9]*)([*]?)(?:/([0-9]+))?", text)
    plan = tuple(SectionPlan(int(b) if b else None, s == "*", int(t or 0)) for b, s, t in sections)
    return cost_to_go(same_pickup="same" in text), plan


@pytest.mark.slow
@pytest.mark.parametrize(
    ("meter", "spec"),
    [
        ("1/8", ""),
        ("1/8", "3"),
        ("1/8", "A2 B2* C2*"),
        ("1/16", "4"),
        ("1/16", "A* B* C"),
        ("1/32", "2"),
        ("2/8", ""),
        ("2/8", "A* B"),
        ("3/16", "2"),
        ("3/16", "A1* B1* C1* D1*"),
        ("5/16", "A1* B1*"),
        # Final notes of an eighth, a quarter, a dotted quarter.
        ("1/8", "/24"),
        ("1/16", "2/24"),  # there is no room for it
        ("3/16", "/24"),
        ("5/16", "/24"),
        ("3/16", "2/24"),
        ("2/8", "3/24"),
        ("1/8", "A1*/24 B2/0"),
        ("3/16", "A*/24 B/24"),
        ("3/16", "A2*/24 B1*/24"),
        ("2/8", "A1*/48 B1/24"),
        ("2/8", "A2/0 B1*/24"),
        ("2/8", "A1/24 B2*/48"),
        ("3/8", "A1*/48"),
        ("3/8", "A1/72"),
        ("5/16", "A1*/48 B1/24"),
        # The same pickup everywhere, as for forms whose sections return.
        ("2/8", "A1* B1 A1* same"),
        ("3/16", "A2/24 B1*/24 A2/24 same"),
    ],
)
def test_costs_are_those_of_the_shortest_paths_to_the_end(meter, spec):
    bar = bar_length(f"M:{meter}\n")
    tunes, plan = parse(spec)
    automaton = TuneAutomaton(tunes)
    edges = reachable(automaton, automaton.start(0, bar, plan))
    least = distances(edges)
    wrong = []
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
            pairs = zip(
                TOKEN_CLASSES, costs, np.minimum(expected, UNREACHABLE).tolist(), strict=True
            )
            found = [(name, cost, exact) for name, cost, exact in pairs if cost != exact]
            wrong += [(state, automaton.in_bar_state(state), found)] if found else []
    assert not wrong


def test_a_second_ending_may_save_pickups_and_is_then_the_shortest_way():
    """A tune of which every cost written by hand was wrong."""
    bar = bar_length("M:2/4\n")
    tunes = cost_to_go()
    pickup = tunes.structure.start(bar, (SectionPlan(2, True),) * 4)._replace(
        stage=Stage.BODY, repeated=True, pickup=24, first_pickup=24, left=2
    )
    # One more bar, and three sections without pickups of a token and a bar line each.
    assert tunes.cost(pickup, True) == (3 + 3) + 3 + 3 * (1 + 3 + 3) + 1


@pytest.mark.slow
def test_many_bars_do_not_exceed_the_recursion_limit():
    tunes = cost_to_go(300)
    assert tunes.cost(tunes.structure.start(96), False) == 300 * 3 + 1
    plan = (SectionPlan(300, False, 24), SectionPlan(200, True, 48))
    assert tunes.cost(tunes.structure.start(96, plan), False) == 300 * 3 + 200 * 3 + 1 + 1
    many = (SectionPlan(20, True, 24), SectionPlan(20, False, 24)) * 30
    assert tunes.cost(tunes.structure.start(96, many), False) == 60 * 20 * 3 + 30 + 1
