"""Where a tune's bars stand: under which meter and key, on which beat, in which line."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import groupby, pairwise
from typing import NamedTuple

from seqgen.music.core.key import Key
from seqgen.music.core.meter import Meter
from seqgen.music.core.tune import PLAIN, Bar, Note, Tune

BARS_A_LINE = 4
# More heads than this do not fit into a line of a sheet; then half the bars go there.
NOTES_A_LINE = 44
# How much of a note's room a letter below or above it takes.
LETTER = 0.41


class Setting(NamedTuple):
    """What holds for a bar. start: on which place in its meter it begins, in whole notes."""

    meter: Meter
    key: Key | None
    start: Fraction


def align_voices(tune: Tune) -> Tune:
    """The tune with as many bars in each voice as the longest has, empty ones being added.

    Repeats, endings and the changes of key and meter are those of the first voice; bars that are
    added to it have the bar lines of the longest.
    """
    if not tune.voices:
        return tune
    longest = max(tune.all_voices, key=lambda voice: len(voice.bars)).bars
    empty = tuple(replace(bar, notes=(), overlays=()) for bar in longest)
    others = tuple(
        replace(voice, bars=voice.bars + empty[len(voice.bars) :]) for voice in tune.voices
    )
    return replace(tune, bars=tune.bars + empty[len(tune.bars) :], voices=others)


def settings(tune: Tune) -> list[Setting]:
    """The setting of each bar. A pickup begins so that it ends where its meter's bar ends."""
    meter, key, found = tune.meter, tune.key, []
    for number, bar in enumerate(tune.bars):
        meter, key = bar.meter or meter, bar.key or key
        early = begins_section(tune.bars, number) and bar.length < meter.length
        found.append(Setting(meter, key, meter.length - bar.length if early else Fraction(0)))
    return found


def begins_section(bars: Sequence[Bar], number: int) -> bool:
    """Whether a section begins with this bar; a second ending does not begin one."""
    if number == 0 or bars[number].left == "|:":
        return True
    return bars[number - 1].right != "|" and not bars[number].ending


def sections(tune: Tune) -> Iterator[tuple[int, int]]:
    """The sections, each from its first bar to before its last one's next; empty tunes have none.

    Endings belong to the section that they end. What is no longer than a bar and not full, a
    lead-in, belongs to the section behind it.
    """
    bars, start = tune.bars, 0
    for number in range(1, len(bars) + 1):
        if number == len(bars):
            yield start, number
        elif begins_section(bars, number) and any(
            bar_is_full(tune, i) for i in range(start, number)
        ):
            yield start, number
            start = number


def bar_is_full(tune: Tune, number: int) -> bool:
    return tune.bars[number].length >= tune.meter.length


def lines(tune: Tune) -> list[tuple[int, int]]:
    """The bars of each line, as the source has them; else four full bars and what they lead to.

    A line with too many notes is halved.
    """
    ends = {number + 1 for number in tune.lines} & set(range(1, len(tune.bars)))
    if not ends:
        ends = {end for start, stop in sections(tune) for end in fours(tune, start, stop)}
    edges = sorted({0, *ends, len(tune.bars)})
    found = []
    for start, stop in pairwise(edges):
        found += _halve(tune, start, stop)
    return found


def fours(tune: Tune, start: int, stop: int) -> Iterator[int]:
    """Where lines end in a section; its endings stay together, and no line is a bar alone."""
    full = 0
    for number in range(start, stop):
        full += bar_is_full(tune, number) or number > start
        rest = stop - number - 1
        if full >= BARS_A_LINE and rest > 1 and not tune.bars[number + 1].ending:
            full = 0
            yield number + 1
    yield stop


def _halve(tune: Tune, start: int, stop: int) -> list[tuple[int, int]]:
    """The line itself, or two or more that each hold no more notes than fit."""
    if stop - start < 2 or width(tune, start, stop) <= NOTES_A_LINE:
        return [(start, stop)]
    middle = (start + stop + 1) // 2
    return _halve(tune, start, middle) + _halve(tune, middle, stop)


def width(tune: Tune, start: int, stop: int) -> float:
    """How much room some bars take in their widest voice, in notes without anything at them."""
    return max(
        sum(room(note) for bar in voice.bars[start:stop] for note in bar.notes)
        for voice in tune.all_voices
    )


def room(note: Note) -> float:
    """How much room a note takes with the words and chord symbols at it."""
    attached = note.attached
    if attached is PLAIN:
        return 1
    texts = (attached.chord_symbol, *(syllable or "" for syllable in attached.lyrics))
    return max(1, LETTER * (1 + max(map(len, texts)))) + len(attached.grace) / 2


def ending_runs(tune: Tune) -> Iterator[tuple[str, list[int]]]:
    """Neighbouring bars with the same ending, "" outside of endings.

    An ending that is as long as several turns begins anew behind each close.
    """
    run, label = 0, ""
    labels = []
    for number, bar in enumerate(tune.bars):
        before = tune.bars[number - 1] if number else None
        if before is None or bar.ending != label or (bar.ending and before.right == ":|"):
            run += 1
        label = bar.ending
        labels.append(run)
    for _, group in groupby(range(len(tune.bars)), key=labels.__getitem__):
        bars = list(group)
        yield tune.bars[bars[0]].ending, bars


def visible(text: str) -> str:
    """Without control characters, which XML forbids."""
    return "".join(c if c.isprintable() else " " for c in text)
