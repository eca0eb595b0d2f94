"""Where bars of a tune may return: plans that copy some bars of a gap from the rest of the tune."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from itertools import product

from seqgen.music.core.tune import NormalTune

DISTANCES = {4: 0.5, 8: 0.2, 16: 0.1, 2: 0.1, 12: 0.05, 1: 0.05}
"""Weights of distances in bars, about as often as bars return after them in tune books."""

# Weights of the kinds of plans: no bar is copied; bars at one end of the gap, or all; at both ends.
NEW, ONE_RUN, TWO_RUNS = 0.3, 0.4, 0.3
MAX_UNEVEN = 4  # bars of a gap that is divided at every bar; longer ones at every second one

Plan = tuple[int | None, ...]
"""For each bar of a gap, the index of the bar that it copies, or None for a new one."""


def bar_positions(tune: NormalTune) -> list[int | None]:
    """The number of each bar in the order of playing once; None for a pickup.

    Both endings have the same numbers.
    """
    positions: list[int | None] = []
    number = first_ending = 0
    begins, ending = True, ""
    for bar in tune.bars:
        if begins and bar.length < tune.meter.length:
            positions.append(None)
            begins = False
            continue
        if bar.ending != ending and bar.ending == "1":
            first_ending = number
        elif bar.ending != ending and bar.ending == "2":
            number = first_ending
        ending, begins = bar.ending, bar.right != "|"
        number += 1
        positions.append(number)
    return positions


def return_plans(
    tune: NormalTune, gap: range, unknown: Collection[int] | None
) -> dict[Plan, float]:
    """The plans for a gap, with weights that add up to 1.

    Args:
        tune: The tune.
        gap: Indices of the bars to fill.
        unknown: Indices of all bars that are not known yet, the gap included. A bar may be copied
            from one before it in the gap. None for no copies.
    """
    ways = _ways() if unknown is not None else []
    found_ways = {way: _sources(tune, gap, unknown or (), way) for way in ways}
    sources = {way: found for way, found in found_ways.items() if set(found) != {None}}
    one_run = [
        (plan, _weight(way) * weight)
        for way, found in sources.items()
        for plan, weight in _one_run(found)
    ]
    two_runs = [
        (plan, _weight(one) * _weight(two))
        for (one, before), (two, after) in product(sources.items(), repeat=2)
        for plan in _two_runs(before, after)
    ]
    plans: defaultdict[Plan, float] = defaultdict(float)
    plans[(None,) * len(gap)] = NEW
    for share, kind in ((ONE_RUN, one_run), (TWO_RUNS, two_runs)):
        total = sum(weight for _, weight in kind)
        for plan, weight in kind:
            plans[plan] += share * weight / total
    total = sum(plans.values())
    return {plan: weight / total for plan, weight in plans.items()}


def _ways() -> list[int]:
    return [sign * distance for distance in DISTANCES for sign in (-1, 1)]


def _weight(way: int) -> float:
    return DISTANCES[abs(way)] / 2


def _sources(tune: NormalTune, gap: range, unknown: Collection[int], way: int) -> Plan:
    """The bar that each bar of the gap would copy from this many bars later."""
    positions = bar_positions(tune)
    by_position: defaultdict[int, list[int]] = defaultdict(list)
    for index, position in enumerate(positions):
        if position is not None:
            by_position[position].append(index)
    plan: list[int | None] = []
    for index in gap:
        position, length = positions[index], tune.bars[index].length
        plan.append(
            next(
                (
                    other
                    for other in by_position.get((position or 0) + way, ())
                    if position is not None
                    and tune.bars[other].length == length
                    and (other not in unknown or (other in gap and other < index))
                ),
                None,
            )
        )
    return tuple(plan)


def _cuts(count: int) -> range:
    """The places at which a gap is divided."""
    return range(0, count + 1, 1 if count <= MAX_UNEVEN else 2)


def _one_run(sources: Plan) -> Iterator[tuple[Plan, float]]:
    """Plans that copy the whole gap, its beginning or its end, with weights that sum to 1."""
    count = len(sources)
    inner = [cut for cut in _cuts(count) if 0 < cut < count]
    rest: Plan = (None,) * count
    yield sources, 1 / 3 if inner else 1.0
    for cut in inner:
        yield (*sources[:cut], *rest[cut:]), 1 / 3 / len(inner)
        yield (*rest[:cut], *sources[cut:]), 1 / 3 / len(inner)


def _two_runs(before: Sequence[int | None], after: Sequence[int | None]) -> Iterator[Plan]:
    """Plans that copy the beginning of the gap from one place and its end from another."""
    count = len(before)
    for begin, end in product(_cuts(count), repeat=2):
        if 0 < begin <= end < count:
            yield (*before[:begin], *[None] * (end - begin), *after[end:])
