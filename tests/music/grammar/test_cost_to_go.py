from collections import deque

import numpy as np
import pytest

from seqgen.music.grammar.bar_automaton import KINDS, NEVER, within_bar
from seqgen.music.grammar.cost_to_go import completion
from seqgen.music.grammar.header import bar_length
from seqgen.music.grammar.spec import TuneSpec
from seqgen.music.grammar.states import GrammarState, GrammarStates
from seqgen.music.grammar.structure import Stage

# A first ending may go on for ever; those of more bars are left out of the search.
MOST_BARS = 2


def reachable(spots, start):
    """Every spot that can be come to, with what each kind of token makes of it."""
    ways, fresh = {}, deque([start])
    while fresh:
        spot = fresh.popleft()
        if spot in ways:
            continue
        found = {kind: spots.next_state(spot, kind) for kind in KINDS}
        ways[spot] = {kind: behind for kind, behind in found.items() if behind}
        if spot.point.ending_bars > MOST_BARS or spot.point.stage is Stage.ENDED:
            ways[spot] = {}
        fresh.extend(ways[spot].values())
    return ways


def distances(ways):
    """Fewest tokens from each spot to the tune's end, by searching backward from it."""
    before = {spot: [] for spot in ways}
    for spot, found in ways.items():
        for behind in found.values():
            before[behind].append(spot)
    found = {spot: 0 for spot in ways if spot.point.stage is Stage.ENDED}
    fresh = deque(found)
    while fresh:
        spot = fresh.popleft()
        for other in before[spot]:
            if other not in found:
                found[other] = found[spot] + 1
                fresh.append(other)
    return found


@pytest.mark.parametrize(
    ("meter", "wish"),
    [
        ("1/8", TuneSpec()),
        ("1/8", TuneSpec(bars=3)),
        ("1/8", TuneSpec(bars=6, form="ABBCC")),
        ("1/16", TuneSpec(bars=4)),
        ("1/16", TuneSpec(form="AABBC")),
        ("1/32", TuneSpec(bars=2)),
        ("2/8", TuneSpec()),
        ("2/8", TuneSpec(form="AAB")),
        ("3/16", TuneSpec(bars=2)),
        ("3/16", TuneSpec(bars=4, form="AABBCCDD")),
        ("5/16", TuneSpec(bars=2, form="AABB")),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.form}{value.bars}",
)
def test_the_cost_of_every_spot_is_that_of_its_shortest_way_to_the_end(meter, wish):
    bar = bar_length(f"M:{meter}\n")
    spots = GrammarStates(completion(wish))
    ways = reachable(
        spots, GrammarState(0, completion(wish).course.start(bar), within_bar(bar).start(False))
    )
    least = distances(ways)
    for spot, found in ways.items():
        if spot.point.ending_bars < MOST_BARS and spot.point.stage is not Stage.ENDED:
            expected = [
                1 + least.get(found[kind], NEVER) if kind in found else NEVER for kind in KINDS
            ]
            costs = np.minimum(spots.costs(spot), NEVER).tolist()
            assert costs == np.minimum(expected, NEVER).tolist(), spots.moment(spot)


def test_a_second_ending_may_save_pickups_and_is_then_the_shortest_way():
    """A tune of which every cost written by hand was wrong."""
    bar = bar_length("M:2/4\n")
    tunes = completion(TuneSpec(bars=8, form="AABBCCDD"))
    pickup = tunes.course.start(bar)._replace(
        stage=Stage.BODY, repeated=True, pickup=24, first_pickup=24, left=2
    )
    # One more bar, and three sections without pickups of a token and a bar line each.
    assert tunes.begin(pickup, True) == (3 + 3) + 3 + 3 * (1 + 3 + 3) + 1


def test_many_bars_are_no_deeper_than_few():
    tunes = completion(TuneSpec(bars=300))
    assert tunes.begin(tunes.course.start(96), False) == 300 * 3 + 1
