"""Tunes in the order of playing, with no sign but plain repeats and two endings."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from seqgen.errors import TuneError
from seqgen.music.core.play_order import bar_order
from seqgen.music.core.tune import Bar, Tune

MAX_BARS = 512
PLAIN_ENDINGS = ("", "1", "2")
# How the signs of `Bar.marks` begin that make the player jump; without one the others do nothing.
JUMPS = ("D.C.", "D.S.")


class Part(NamedTuple):
    """Some bars in a row, by their numbers.

    second: the bars of the second ending; the first one's are then the last bars of ``bars`` from
        ``first`` on.
    """

    bars: tuple[int, ...]
    repeated: bool = False
    first: int = 0
    second: tuple[int, ...] = ()


def is_plain(tune: Tune) -> bool:
    """Whether a tune is played in the order of plain repeats with at most two endings."""
    jumping = any(jumps(mark) for bar in tune.bars for mark in bar.marks)
    return not tune.part_order and not jumping and has_plain_repeats(tune)


def has_plain_repeats(tune: Tune) -> bool:
    """Whether every repeat is played twice, with at most two endings."""
    return all(bar.times == 2 and bar.ending in PLAIN_ENDINGS for bar in tune.bars)


def without_jumps(tune: Tune) -> Tune:
    """The tune without an order of parts and without D.C., D.S., Fine and coda."""
    return replace(tune, bars=tuple(replace(bar, marks=()) for bar in tune.bars), part_order=())


def jumps(mark: str) -> bool:
    return mark.startswith(JUMPS)


def unroll(tune: Tune) -> Tune:
    """The tune as it is played, with every jump written out.

    What is played twice in a row becomes a repeat, and where only the endings differ, a repeat with
    two endings; the rest is written as often as it is played.
    Raises TuneError for a tune that is too long when it is written out.
    """
    order = bar_order(tune.bars, tune.part_order)
    if len(order) > MAX_BARS:
        raise TuneError("too long when it is written out")
    source = with_keys(tune)
    parts = list(_merge_repeats(_split_passes(source, order), source))
    bars = [
        bar
        for number, part in enumerate(parts, start=1)
        for bar in _write_part(part, source, "|]" if number == len(parts) else "||")
    ]
    return replace(tune, bars=tuple(bars), part_order=(), lines=())


def with_keys(tune: Tune) -> tuple[Bar, ...]:
    """The bars, each with its key and meter if they change anywhere, so that any may come next."""
    if not any(bar.key or bar.meter for bar in tune.bars):
        return tune.bars
    key, meter = tune.key, tune.meter
    bars = []
    for bar in tune.bars:
        key, meter = bar.key or key, bar.meter or meter
        bars.append(replace(bar, key=key, meter=meter))
    return tuple(bars)


def _split_passes(bars: Sequence[Bar], order: Sequence[int]) -> list[tuple[int, ...]]:
    """The order of playing, cut where the player jumps and between sections."""
    found = [order[:1]]
    opened = False  # by a "|:"; until its end double bars are only drawn
    for before, number in pairwise(order):
        last, bar = bars[before], bars[number]
        opened = (opened or last.left == "|:") and last.right != ":|"
        into_ending = bool(bar.ending) and number > before and bar.left != "|:"
        cut = (
            number != before + 1
            or last.right == ":|"
            or (last.right in ("||", "|]") and not opened)
            or (last.ending and not bar.ending)
            or bar.left == "|:"
            or bool(bar.part)
        )
        if cut and not into_ending:
            found.append([])
            opened = False
        found[-1] = [*found[-1], number]
    return [tuple(each) for each in found if each]


def _merge_repeats(found: list[tuple[int, ...]], bars: Sequence[Bar]) -> Iterator[Part]:
    """The passes, those that are alike as one repeat."""
    at = 0
    while at < len(found):
        one, rest = found[at], found[at + 1 :]
        shared = shared_bars(one, rest[0], bars) if rest else 0
        if rest and one == rest[0]:
            yield Part(one, repeated=True)
            at += 2
        elif rest and shared:
            yield Part(one, True, shared, rest[0][shared:])
            at += 2
        elif count := period(found, at):
            yield Part(tuple(n for each in found[at : at + count] for n in each), repeated=True)
            at += 2 * count
        else:
            yield Part(one)
            at += 1


def shared_bars(one: tuple[int, ...], other: tuple[int, ...], bars: Sequence[Bar]) -> int:
    """How many bars two passes have in common before their endings; 0 if they are no such pair."""
    shared = 0
    while shared < min(len(one), len(other)) and one[shared] == other[shared]:
        shared += 1
    endings = one[shared:], other[shared:]
    if not all(endings) or not all(bars[n].ending for ending in endings for n in ending):
        return 0
    return shared if len(endings[0]) == len(endings[1]) else 0


def period(found: Sequence[tuple[int, ...]], at: int) -> int:
    """How many passes from here on come once more behind them; 0 if none do."""
    for count in range(2, (len(found) - at) // 2 + 1):
        if found[at : at + count] == found[at + count : at + 2 * count]:
            return count
    return 0


def _write_part(part: Part, bars: Sequence[Bar], closing: str) -> Iterator[Bar]:
    """The bars of a part with the signs of plain repeats. closing: its last bar line."""
    for place, number in enumerate(part.bars):
        last = place == len(part.bars) - 1
        yield replace(
            bars[number],
            left="|:" if part.repeated and not place else "",
            right=(":|" if part.repeated else closing) if last else "|",
            ending="1" if part.second and place >= part.first else "",
            times=2,
            part="",
            marks=(),
        )
    for number in part.second:
        last = number == part.second[-1]
        yield replace(
            bars[number],
            left="",
            right=closing if last else "|",
            ending="2",
            times=2,
            part="",
            marks=(),
        )
