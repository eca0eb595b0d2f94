"""Tunes written out in the order of playing, with plain repeats and two endings only."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from seqgen.errors import TuneError
from seqgen.music.core.play_order import bar_order
from seqgen.music.core.tune import Bar, Tune

MAX_BARS = 512
PLAIN_ENDINGS = ("", "1", "2")
# Prefixes of the `Bar.marks` that make the player jump; the others depend on them.
JUMPS = ("D.C.", "D.S.")


class Part(NamedTuple):
    """A sequence of bars, by index.

    second: bars of the second ending; the first ending is ``bars[first:]``.
    """

    bars: tuple[int, ...]
    repeated: bool = False
    first: int = 0
    second: tuple[int, ...] = ()


def is_plain(tune: Tune) -> bool:
    """Whether a tune is played in the order of plain repeats with at most two endings."""
    jumping = any(mark.startswith(JUMPS) for bar in tune.bars for mark in bar.marks)
    return not tune.part_order and not jumping and has_plain_repeats(tune)


def has_plain_repeats(tune: Tune) -> bool:
    """Whether every repeat is played twice, with at most two endings."""
    return all(bar.times == 2 and bar.ending in PLAIN_ENDINGS for bar in tune.bars)


def without_jumps(tune: Tune) -> Tune:
    """The tune without an order of parts and without D.C., D.S., Fine and coda."""
    return replace(tune, bars=tuple(replace(bar, marks=()) for bar in tune.bars), part_order=())


def unroll(tune: Tune) -> Tune:
    """Write out a tune as it is played.

    A passage that is played twice in a row becomes a repeat, with two endings if these differ; the
    rest is written as often as it is played. Raises TuneError if the result is too long.
    """
    order = bar_order(tune.bars, tune.part_order)
    if len(order) > MAX_BARS:
        raise TuneError("too long when it is written out")
    source = _with_keys(tune)
    parts = list(_merge_repeats(_split_passes(source, order), source))
    bars = [
        bar
        for number, part in enumerate(parts, start=1)
        for bar in _write_part(part, source, "|]" if number == len(parts) else "||")
    ]
    return replace(tune, bars=tuple(bars), part_order=(), lines=())


def _with_keys(tune: Tune) -> tuple[Bar, ...]:
    """The bars, each with its key and meter if these change, so that any bar may follow."""
    if not any(bar.key or bar.meter for bar in tune.bars):
        return tune.bars
    key, meter = tune.key, tune.meter
    bars = []
    for bar in tune.bars:
        key, meter = bar.key or key, bar.meter or meter
        bars.append(replace(bar, key=key, meter=meter))
    return tuple(bars)


def _split_passes(bars: Sequence[Bar], order: Sequence[int]) -> list[tuple[int, ...]]:
    """Split the order of playing at jumps and between sections."""
    passes = [order[:1]]
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
            passes.append([])
            opened = False
        passes[-1] = [*passes[-1], number]
    return [tuple(each) for each in passes if each]


def _merge_repeats(passes: list[tuple[int, ...]], bars: Sequence[Bar]) -> Iterator[Part]:
    """Join equal passes into repeats."""
    at = 0
    while at < len(passes):
        one, rest = passes[at], passes[at + 1 :]
        shared = _shared_bars(one, rest[0], bars) if rest else 0
        if rest and one == rest[0]:
            yield Part(one, repeated=True)
            at += 2
        elif rest and shared:
            yield Part(one, True, shared, rest[0][shared:])
            at += 2
        elif count := _period(passes, at):
            yield Part(tuple(n for each in passes[at : at + count] for n in each), repeated=True)
            at += 2 * count
        else:
            yield Part(one)
            at += 1


def _shared_bars(one: tuple[int, ...], other: tuple[int, ...], bars: Sequence[Bar]) -> int:
    """Number of common bars before two different endings; 0 without such endings."""
    shared = 0
    while shared < min(len(one), len(other)) and one[shared] == other[shared]:
        shared += 1
    endings = one[shared:], other[shared:]
    if not all(endings) or not all(bars[n].ending for ending in endings for n in ending):
        return 0
    return shared if len(endings[0]) == len(endings[1]) else 0


def _period(passes: Sequence[tuple[int, ...]], at: int) -> int:
    """Number of passes from here that are then repeated as a whole; 0 if none are."""
    for count in range(2, (len(passes) - at) // 2 + 1):
        if passes[at : at + count] == passes[at + count : at + 2 * count]:
            return count
    return 0


def _write_part(part: Part, bars: Sequence[Bar], closing: str) -> Iterator[Bar]:
    """The bars of a part with plain repeat signs. closing: bar line after a part without."""
    repeated = len(part.bars)
    for place, number in enumerate((*part.bars, *part.second)):
        right = "|"
        if place == repeated - 1:
            right = ":|" if part.repeated else closing
        elif place == repeated + len(part.second) - 1:
            right = closing
        ending = "1" if part.second and place >= part.first else ""
        yield replace(
            bars[number],
            left="|:" if part.repeated and not place else "",
            right=right,
            ending="2" if place >= repeated else ending,
            times=2,
            part="",
            marks=(),
        )
