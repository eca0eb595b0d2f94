"""Validate that the bars of a tune add up."""

from collections.abc import Iterator
from fractions import Fraction

from seqgen.music.core.meter import Meter
from seqgen.music.core.tune import Bar, Tune

_EDGES = (":|", "||", "|]")


def bar_exact(tune: Tune) -> str | None:
    """Return the first fault of the bars in playing order, None if every bar adds up.

    Repeats and endings are expanded. A short bar is valid at the edge of a section or an ending if
    the next bar completes it. The first bar may be a pickup, and the last bar played may lack as
    much as that or as the pickup of its own section. A tuplet must end in its bar, and a tie must
    lead to the same pitches.
    """
    if not any(bar.notes for bar in tune.bars):
        return "it has no notes"
    if not tune.meter.beats:
        return "it has no meter"
    meters = _meters_of(tune)
    owed = pickup = own = Fraction(0)
    for turn, place in enumerate(order := played(tune)):
        bar, full = tune.bars[place], meters[place].length
        if not bar.notes:
            return f"bar {place + 1} is empty"
        if fault := _broken_tuplet(bar):
            return f"bar {place + 1}: {fault}"
        length = bar.length
        if bar.left or turn == 0:
            own = length if length < full else Fraction(0)
        if owed:
            if length != owed:
                return f"bar {place + 1} has {length} where {owed} fill the one before it"
            owed = Fraction(0)
        elif length < full:
            if turn == 0 and len(order) > 1:
                pickup = length
            elif _at_edge(tune, place):
                owed = full - length
            else:
                return f"bar {place + 1} has {length} of {full}"
        elif length > full:
            return f"bar {place + 1} has {length} of {full}"
    if owed not in (0, pickup, own):
        return f"the last bar lacks {owed}"
    return _broken_tie(tune, order)


def played(tune: Tune) -> list[int]:
    """Return the indices of the bars in playing order.

    A repeat returns to the last ``|:``, or else to the end of the previous repeat or the beginning.
    It is played as often as its endings require, otherwise twice.
    """
    order: list[int] = []
    place = start = 0
    time = 1
    while place < len(tune.bars):
        bar = tune.bars[place]
        after_ending = place > 0 and tune.bars[place - 1].ending and not bar.ending
        if place != start and (bar.left or after_ending):
            start, time = place, 1
        if bar.ending and time not in _numbers(bar):
            place += 1
            continue
        order.append(place)
        if bar.right == ":|":
            if time < _times(tune, start, place):
                place, time = start, time + 1
                continue
            if not bar.ending:
                start, time = place + 1, 1
        place += 1
    return order


def _numbers(bar: Bar) -> tuple[int, ...]:
    """Numbers of a bar's ending: 1 and 3 for ``"1,3"``, 1 to 3 for ``"1-3"``."""
    numbers: list[int] = []
    for part in bar.ending.split(","):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return tuple(numbers)


def _times(tune: Tune, start: int, end: int) -> int:
    """How often the repeat of the bars ``start`` to ``end`` is played."""
    count = 2
    for place in range(start, len(tune.bars)):
        bar = tune.bars[place]
        if place > end and (not bar.ending or bar.left):
            break
        if bar.ending:
            count = max(count, *_numbers(bar))
    return count


def _meters_of(tune: Tune) -> list[Meter]:
    """The meter of each bar."""
    meters, meter = [], tune.meter
    for bar in tune.bars:
        meter = bar.meter or meter
        meters.append(meter)
    return meters


def _at_edge(tune: Tune, place: int) -> bool:
    """Whether a section or an ending ends with this bar or begins after it."""
    if place + 1 == len(tune.bars):
        return True
    bar, after = tune.bars[place], tune.bars[place + 1]
    return bar.right in _EDGES or bool(after.left) or bar.ending != after.ending


def _broken_tuplet(bar: Bar) -> str | None:
    """Return the fault if a tuplet does not begin and end in a bar."""
    expected = 0
    for note in bar.notes:
        place = note.tuplet.place if note.tuplet else 0
        if place != expected:
            return "a tuplet lacks notes"
        expected = (place + 1) % note.tuplet.notes if note.tuplet else 0
    return "a tuplet lacks notes" if expected else None


def _broken_tie(tune: Tune, order: list[int]) -> str | None:
    """Return the first broken tie in playing order."""
    tied: tuple[object, ...] | None = None
    for place in order:
        for note in tune.bars[place].notes:
            if tied is not None and note.pitches != tied:
                return f"a tie into bar {place + 1} leads to another pitch"
            if note.tied and not note.pitches:
                return f"bar {place + 1} has a tied rest"
            tied = note.pitches if note.tied else None
    return "the last note is tied" if tied is not None else None


def sounding(tune: Tune) -> Iterator[tuple[Fraction, tuple[int, ...], Fraction]]:
    """Yield onset, MIDI pitches (highest first) and length of the notes in playing order.

    Onset and length are in whole notes. Tied notes are one note, and rests are left out.
    """
    onset = now = Fraction(0)
    length = Fraction(0)
    keys: tuple[int, ...] = ()
    for place in played(tune):
        for note in tune.bars[place].notes:
            if not length:
                onset, keys = now, tuple(pitch.midi for pitch in note.pitches)
            length += note.length
            now += note.length
            if not note.tied:
                if keys:
                    yield onset, keys, length
                length = Fraction(0)
    if length and keys:
        yield onset, keys, length
