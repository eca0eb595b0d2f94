"""The order in which the bars of a tune are played: repeats, endings, parts, D.C., D.S., coda."""

import re
from collections.abc import Container, Sequence
from itertools import pairwise
from typing import NamedTuple

from seqgen.music.core.tune import Bar

# A book's tune has under 1000 bars when it is played; only nonsense (a hundred endings) comes here.
MAX_BARS = 10_000


def bar_order(bars: Sequence[Bar], part_order: Sequence[str] = ()) -> list[int]:
    """The indices of the bars in the order in which they are played.

    A repeat goes back to its ``|:``; without one, to the bar after the last repeat or double bar,
    or to the beginning of the tune. An ending for no turn is played in every turn. D.C. and D.S.
    are followed once, after all repeats around them; from there each repeat is played once, with
    its last ending, up to "fine" or to the coda.

    Args:
        bars: The bars as written.
        part_order: Labels of parts, as in `Tune`. Bars before the first label are played once, at
            the beginning; a label that no bar has is skipped.

    Returns:
        The indices, slightly more than `MAX_BARS` at most.
    """
    path, starts = parts_in_order(bars, part_order)
    return [path[number] for number in _follow_repeats([bars[number] for number in path], starts)]


def parts_in_order(
    bars: Sequence[Bar], part_order: Sequence[str]
) -> tuple[Sequence[int], Container[int]]:
    """The indices of the bars with the parts in order, and the positions where parts begin."""
    edges = [number for number, bar in enumerate(bars) if bar.part]
    parts: dict[str, range] = {}
    for first, stop in pairwise([*edges, len(bars)]):
        parts.setdefault(bars[first].part, range(first, stop))
    if not any(label in parts for label in part_order):
        return range(len(bars)), ()
    path = list(range(edges[0]))
    starts = set()
    for label in part_order:
        if label in parts and len(path) <= MAX_BARS:
            starts.add(len(path))
            path += parts[label]
    return path, starts


def _follow_repeats(bars: Sequence[Bar], starts: Container[int]) -> list[int]:
    """The order of bars whose parts are in order.

    starts: indices of the bars with which a part begins; no repeat goes back over one.
    """
    order: list[int] = []
    at = start = 0
    turn = 1
    opened = False  # by a "|:" that waits for its ":|"; double bars within it are only drawn
    jump: Jump | None = None
    repeats = True
    while at < len(bars) and len(order) <= MAX_BARS:
        if jump and at == jump.leave:
            at = start = jump.coda
            turn, opened, repeats, jump = 1, False, True, Jump(0)
        bar = bars[at]
        if bar.left == "|:" or at in starts:
            opened = bar.left == "|:"
            if at != start:
                start, turn = at, 1
        turns, group_end = endings(bars, at, starts)
        if not repeats and bar.ending:
            turn = max(turns, default=1)
        if bar.ending and turn in turns and turn not in numbers(bar.ending):
            at += 1
            continue
        order.append(at)
        if jump and jump.to_fine and "fine" in bar.marks:
            break
        requested = None if jump else jump_from(bars, at)
        if requested and not goes_back(bars, at, turn, starts):
            jump = requested
            at = start = jump.target
            turn, opened, repeats = 1, False, False
            continue
        if bar.right == ":|" or (bar.ending and last_of_ending(bars, at, starts)):
            later = sorted(number for number in turns if number > turn)
            if later and repeats:
                turn, at = later[0], start
                continue
            at = start = group_end
            turn, opened = 1, False
            continue
        at += 1
        if bar.right in ("||", "|]") and not opened:
            start, turn = at, 1
    return order


class Jump(NamedTuple):
    """A D.C. or D.S.

    target: the next bar. to_fine: whether the tune ends at "fine". leave: the bar before which the
    player jumps to the bar ``coda``; -1 for never.
    """

    target: int
    to_fine: bool = False
    leave: int = -1
    coda: int = 0


JUMP = re.compile(r"(D\.C\.|D\.S\.)(al(?:fine|coda))?")


def jump_from(bars: Sequence[Bar], at: int) -> Jump | None:
    """The jump after a bar; None without one."""
    match = next(filter(None, map(JUMP.fullmatch, bars[at].marks)), None)
    if match is None:
        return None
    signs = _bars_with_mark(bars, "segno")
    target = int(begins_behind_pickup(bars, at))
    if match[1] == "D.S." and signs:
        target = max((sign for sign in signs if sign <= at), default=signs[0])
    leaving, codas = _bars_with_mark(bars, "dacoda"), _bars_with_mark(bars, "coda")
    leave, coda = -1, 0
    if leaving and codas:
        leave = leaving[0] + 1
        coda = next((number for number in codas if number >= leave), codas[-1])
    elif len(codas) > 1:
        leave, coda = codas[0], codas[-1]
    if match[2] == "alfine":
        leave = -1
    return Jump(target, match[2] != "alcoda", leave, coda)


def begins_behind_pickup(bars: Sequence[Bar], at: int) -> bool:
    """Whether a jump to the beginning skips the pickup, because the bar before it is full."""
    if len(bars) < 3 or at == 0:
        return False
    return bars[0].length < bars[1].length == bars[at].length


def _bars_with_mark(bars: Sequence[Bar], mark: str) -> list[int]:
    return [number for number, bar in enumerate(bars) if mark in bar.marks]


def goes_back(bars: Sequence[Bar], at: int, turn: int, starts: Container[int]) -> bool:
    """Whether a bar is played again, because a repeat around it is not finished."""
    for number in range(at, len(bars)):
        if number > at and (bars[number].left == "|:" or number in starts):
            return False
        bar = bars[number]
        if bar.right == ":|" or (bar.ending and last_of_ending(bars, number, starts)):
            return max(endings(bars, number, starts)[0], default=1) > turn
    return False


def endings(bars: Sequence[Bar], at: int, starts: Container[int] = ()) -> tuple[set[int], int]:
    """The turns of the endings around a bar, and the index of the bar after them.

    Outside endings: the turns of a repeat that ends with the bar, and the next bar.
    """
    if not bars[at].ending:
        return set(range(1, bars[at].times + 1)), at + 1
    first = last = at
    while first > 0 and bars[first - 1].ending and not opens(bars, first, starts):
        first -= 1
    while last + 1 < len(bars) and bars[last + 1].ending and not opens(bars, last + 1, starts):
        last += 1
    turns = set().union(*(numbers(bar.ending) for bar in bars[first : last + 1]))
    return (turns | {2} if turns == {1} else turns), last + 1


def opens(bars: Sequence[Bar], at: int, starts: Container[int]) -> bool:
    return bars[at].left == "|:" or at in starts


def last_of_ending(bars: Sequence[Bar], at: int, starts: Container[int] = ()) -> bool:
    return at + 1 == len(bars) or bars[at + 1].ending != bars[at].ending or at + 1 in starts


def numbers(ending: str) -> set[int]:
    """The turns in an ending's label: ``"1,3"`` or ``"1-3"``; numbers above 99 are ignored."""
    named: set[int] = set()
    for first, last in re.findall(r"(\d{1,2})(?:-(\d{1,2}))?(?!\d)", ending):
        named.update(range(int(first), int(last or first) + 1))
    return named
