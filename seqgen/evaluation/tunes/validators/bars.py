"""Judges of a tune that know nothing of the grammar: what they pass, others can play."""

from collections.abc import Iterator
from fractions import Fraction

from seqgen.music.core.meter import Meter
from seqgen.music.core.tune import Bar, Tune

EDGES = (":|", "||", "|]")


def bar_exact(tune: Tune) -> str | None:
    """None if every bar adds up in the order in which the tune is played, else what does not.

    Repeats and endings are followed. A bar that is too short is right at an edge of a section or of
    an ending, if what is played after it fills it up. The first bar may be a pickup, and the last
    one played may lack as much as that or as the pickup of its own section. A tuplet has all its
    notes in one bar, and a tie leads to the same pitches.
    """
    if not any(bar.notes for bar in tune.bars):
        return "it has no notes"
    if not tune.meter.beats:
        return "it has no meter"
    meters = meters_of(tune)
    owed = pickup = own = Fraction(0)
    for turn, place in enumerate(order := played(tune)):
        bar, full = tune.bars[place], meters[place].length
        if not bar.notes:
            return f"bar {place + 1} is empty"
        if fault := broken_tuplet(bar):
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
            elif at_edge(tune, place):
                owed = full - length
            else:
                return f"bar {place + 1} has {length} of {full}"
        elif length > full:
            return f"bar {place + 1} has {length} of {full}"
    if owed not in (0, pickup, own):
        return f"the last bar lacks {owed}"
    return broken_tie(tune, order)


def played(tune: Tune) -> list[int]:
    """Places of the bars in the order in which they are played.

    A repeat goes back to the last ``|:``, or, where there was none, to the end of the repeat before
    it or to the beginning. It is played as often as its endings say, else twice.
    """
    order: list[int] = []
    place = start = 0
    time = 1
    while place < len(tune.bars):
        bar = tune.bars[place]
        after_ending = place > 0 and tune.bars[place - 1].ending and not bar.ending
        if place != start and (bar.left or after_ending):
            start, time = place, 1
        if bar.ending and time not in numbers(bar):
            place += 1
            continue
        order.append(place)
        if bar.right == ":|":
            if time < times(tune, start, place):
                place, time = start, time + 1
                continue
            if not bar.ending:
                start, time = place + 1, 1
        place += 1
    return order


def numbers(bar: Bar) -> tuple[int, ...]:
    """Those of a bar's ending: 1 and 3 for ``"1,3"``; also ``"1-3"`` is understood."""
    found: list[int] = []
    for part in bar.ending.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return tuple(found)


def times(tune: Tune, start: int, end: int) -> int:
    """How often the repeat is played that begins and ends at these places."""
    most = 2
    for place in range(start, len(tune.bars)):
        bar = tune.bars[place]
        if place > end and (not bar.ending or bar.left):
            break
        if bar.ending:
            most = max(most, *numbers(bar))
    return most


def meters_of(tune: Tune) -> list[Meter]:
    """The meter of each bar."""
    found, meter = [], tune.meter
    for bar in tune.bars:
        meter = bar.meter or meter
        found.append(meter)
    return found


def at_edge(tune: Tune, place: int) -> bool:
    """Whether a section or an ending ends with a bar, or begins after it."""
    if place + 1 == len(tune.bars):
        return True
    bar, after = tune.bars[place], tune.bars[place + 1]
    return bar.right in EDGES or bool(after.left) or bar.ending != after.ending


def broken_tuplet(bar: Bar) -> str | None:
    expected = 0
    for note in bar.notes:
        place = note.tuplet.place if note.tuplet else 0
        if place != expected:
            return "a tuplet lacks notes"
        expected = (place + 1) % note.tuplet.notes if note.tuplet else 0
    return "a tuplet lacks notes" if expected else None


def broken_tie(tune: Tune, order: list[int]) -> str | None:
    """What is wrong with a tie, in the order of playing."""
    held: tuple[object, ...] | None = None
    for place in order:
        for note in tune.bars[place].notes:
            if held is not None and note.pitches != held:
                return f"a tie into bar {place + 1} leads to another pitch"
            if note.tied and not note.pitches:
                return f"bar {place + 1} has a tied rest"
            held = note.pitches if note.tied else None
    return "the last note is tied" if held is not None else None


def sounding(tune: Tune) -> Iterator[tuple[Fraction, tuple[int, ...], Fraction]]:
    """The notes as they are played: onset and length in whole notes, and keys of the keyboard.

    Tied notes are one note, and rests are left out. The keys are the highest first.
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
