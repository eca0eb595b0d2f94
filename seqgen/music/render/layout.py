"""Layout of a tune: meter and key of each bar, sections, and lines."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import groupby, pairwise
from typing import NamedTuple

from seqgen.music.core.key import Key
from seqgen.music.core.meter import Meter
from seqgen.music.core.tune import PLAIN, Bar, Note, Tune

BARS_A_LINE = 4
# Heads that fit into a line.
NOTES_A_LINE = 44
# Width of a letter below or above a note, relative to that of a note.
LETTER = 0.41


class Setting(NamedTuple):
    """Meter and key of a bar. start: position in a full bar of its first note, in whole notes."""

    meter: Meter
    key: Key | None
    start: Fraction


def align_voices(tune: Tune) -> Tune:
    """Add empty bars to the voices, up to the length of the longest one, with its bar lines."""
    if not tune.voices:
        return tune
    longest = max(tune.all_voices, key=lambda voice: len(voice.bars)).bars
    empty = tuple(replace(bar, notes=(), overlays=()) for bar in longest)
    others = tuple(
        replace(voice, bars=voice.bars + empty[len(voice.bars) :]) for voice in tune.voices
    )
    return replace(tune, bars=tune.bars + empty[len(tune.bars) :], voices=others)


def settings(tune: Tune) -> list[Setting]:
    """The setting of each bar. A pickup ends where a full bar does."""
    meter, key, result = tune.meter, tune.key, []
    for number, bar in enumerate(tune.bars):
        meter, key = bar.meter or meter, bar.key or key
        early = begins_section(tune.bars, number) and bar.length < meter.length
        result.append(Setting(meter, key, meter.length - bar.length if early else Fraction(0)))
    return result


def begins_section(bars: Sequence[Bar], number: int) -> bool:
    """Whether a section begins with a bar; no section begins with an ending."""
    if number == 0 or bars[number].left == "|:":
        return True
    return bars[number - 1].right != "|" and not bars[number].ending


def sections(tune: Tune) -> Iterator[tuple[int, int]]:
    """The ranges of bars of the sections: start and stop.

    Endings belong to their section. A lead-in without a full bar belongs to the section after it.
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
    """The range of bars of each line: as in the source, or else four full bars.

    A line with too many notes is split.
    """
    ends = {number + 1 for number in tune.lines} & set(range(1, len(tune.bars)))
    if not ends:
        ends = {end for start, stop in sections(tune) for end in fours(tune, start, stop)}
    edges = sorted({0, *ends, len(tune.bars)})
    ranges = []
    for start, stop in pairwise(edges):
        ranges += _halve(tune, start, stop)
    return ranges


def fours(tune: Tune, start: int, stop: int) -> Iterator[int]:
    """The ends of lines in a section; its endings stay together, and no line is a single bar."""
    full = 0
    for number in range(start, stop):
        full += bar_is_full(tune, number) or number > start
        rest = stop - number - 1
        if full >= BARS_A_LINE and rest > 1 and not tune.bars[number + 1].ending:
            full = 0
            yield number + 1
    yield stop


def _halve(tune: Tune, start: int, stop: int) -> list[tuple[int, int]]:
    """Split a range of bars until each part fits into a line."""
    if stop - start < 2 or width(tune, start, stop) <= NOTES_A_LINE:
        return [(start, stop)]
    middle = (start + stop + 1) // 2
    return _halve(tune, start, middle) + _halve(tune, middle, stop)


def width(tune: Tune, start: int, stop: int) -> float:
    """The width of some bars in their widest voice, in notes without attachments."""
    return max(
        sum(room(note) for bar in voice.bars[start:stop] for note in bar.notes)
        for voice in tune.all_voices
    )


def room(note: Note) -> float:
    """The width of a note with its words and chord symbols."""
    attached = note.attached
    if attached is PLAIN:
        return 1
    texts = (attached.chord_symbol, *(syllable or "" for syllable in attached.lyrics))
    return max(1, LETTER * (1 + max(map(len, texts)))) + len(attached.grace) / 2


def ending_runs(tune: Tune) -> Iterator[tuple[str, list[int]]]:
    """Runs of bars with the same ending, "" outside endings; a run ends at each ``:|``."""
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
    """Replace control characters, which XML forbids, by blanks."""
    return "".join(c if c.isprintable() else " " for c in text)
