"""Draws tunes in a terminal: bars in columns, letters of sections, and the melody's shape."""

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from seqgen.music.core.accidentals import SIGNS
from seqgen.music.core.left_out import attachments_left_out
from seqgen.music.core.meter import beat_groups
from seqgen.music.core.tune import Bar, Note, Tune
from seqgen.music.normal.codec import pitch_name
from seqgen.music.render.glyphs import Signs
from seqgen.music.render.layout import Setting, lines, sections, settings, visible

LEVELS = "▁▂▃▄▅▆▇█"
EIGHTH = Fraction(1, 8)


class Piece(NamedTuple):
    """A part of a line. kind: ``"section"``, ``"bar"``, ``"notes"``, ``"shape"`` or ``"words"``."""

    text: str
    kind: str


class Cell(NamedTuple):
    """A bar.

    notes: in ABC, in eighths, with chord symbols. shape: the height of each note, below it.
    verses: the syllables of each verse below their notes.
    """

    notes: str
    shape: str
    verses: tuple[str, ...] = ()


def draw_tune(tune: Tune, width: int = 80) -> Iterator[list[Piece]]:
    """Draw the first voice: for each line of music one of ABC, its shape, and its verses.

    width: in characters; longer lines are split between bars.
    """
    bar_settings = settings(tune)
    cells = _draw_bars(tune, bar_settings)
    letters = {start: chr(ord("A") + min(n, 25)) for n, (start, _) in enumerate(sections(tune))}
    rows = [row for start, stop in lines(tune) for row in _fit(cells, start, stop, width)]
    common = columns(tune, cells, rows, bar_settings)
    aligned = sum(stroke + bar for stroke, bar in common) + 4 <= width
    for start, stop in rows:
        letter = next((letters[bar] for bar in range(start, stop) if bar in letters), " ")
        upper, lower = [Piece(f"{letter} ", "section")], [Piece("  ", "section")]
        count = max(len(cells[bar].verses) for bar in range(start, stop))
        below = [[Piece("  ", "section")] for _ in range(count)]
        table = common if aligned else columns(tune, cells, [(start, stop)], bar_settings)
        place = 0 if bar_settings[start].start else 1
        if place and table[0]:
            gap = " " * sum(table[0])
            upper.append(Piece(gap, "notes"))
            for row in (lower, *below):
                row.append(Piece(gap, "shape"))
        for bar in range(start, stop):
            line = between(tune.bars[bar - 1] if bar > start else None, tune.bars[bar])
            stroke, room = table[place]
            upper += [
                Piece(f"{line:<{stroke}}", "bar"),
                Piece(f"{cells[bar].notes:<{room}}", "notes"),
            ]
            lower += [Piece(" " * stroke, "bar"), Piece(f"{cells[bar].shape:<{room}}", "shape")]
            for verse, row in enumerate(below):
                words = cells[bar].verses[verse] if verse < len(cells[bar].verses) else ""
                row += [Piece(" " * stroke, "bar"), Piece(f"{words:<{room}}", "words")]
            place += 1
        upper.append(Piece(between(tune.bars[stop - 1], None), "bar"))
        yield upper
        yield lower
        yield from below


def form(tune: Tune) -> str:
    """The sections as played, ``"AABB"``, or the order of parts if stated."""
    if tune.part_order:
        return "".join(tune.part_order)
    text = ""
    for number, (start, stop) in enumerate(sections(tune)):
        times = max((bar.times for bar in tune.bars[start:stop] if bar.right == ":|"), default=1)
        text += chr(ord("A") + min(number, 25)) * times
    return text


def not_shown(tune: Tune) -> Counter[str]:
    """Count by kind what the drawing does not show; the caller names the other voices."""
    counts = attachments_left_out(tune)
    for kind in ("chord symbol", "lyric syllable", "lower chord note", "tempo mark", "voice"):
        del counts[kind]
    return counts


def _fit(cells: Sequence[Cell], start: int, stop: int, width: int) -> Iterator[tuple[int, int]]:
    """Split the bars of a line into rows within the width."""
    if stop - start > 1 and sum(len(c.notes) + 4 for c in cells[start:stop]) + 8 > width:
        middle = (start + stop + 1) // 2
        yield from _fit(cells, start, middle, width)
        yield from _fit(cells, middle, stop, width)
    else:
        yield start, stop


def columns(
    tune: Tune,
    cells: Sequence[Cell],
    rows: Sequence[tuple[int, int]],
    bar_settings: Sequence[Setting],
) -> list[tuple[int, int]]:
    """The widths of the bar line and notes of each column; the first is that of pickups."""
    widths = [(0, 0)]
    for start, stop in rows:
        for place, bar in enumerate(range(start, stop), 0 if bar_settings[start].start else 1):
            line = between(tune.bars[bar - 1] if bar > start else None, tune.bars[bar])
            if place == len(widths):
                widths.append((0, 0))
            stroke, room = widths[place]
            widths[place] = max(stroke, len(line) + 1), max(room, len(cells[bar].notes) + 1)
    return widths


def between(before: Bar | None, after: Bar | None) -> str:
    """The bar line between two bars of a row, or at its beginning or end."""
    left = before.right if before else ""
    right = after.left if after else ""
    ending = ""
    if after and after.ending and (before is None or before.ending != after.ending):
        ending = after.ending
    if left == ":|" and right:
        return ":|:"
    return (left if left not in ("", "|") else right or "|") + ending


def _draw_bars(tune: Tune, bar_settings: Sequence[Setting]) -> list[Cell]:
    """The bars in ABC, with blanks between beats."""
    heights = [note.pitches[0].midi for bar in tune.bars for note in bar.notes if note.pitches]
    low, high = min(heights, default=0), max(heights, default=0)
    cells = []
    for bar, setting in zip(tune.bars, bar_settings, strict=True):
        signs = Signs(setting.key)
        notes = changes(bar)
        verses: list[str] = []
        shape = " " * len(notes)
        groups = beat_groups(setting.meter, bar.notes, setting.start)
        for number, note in enumerate(bar.notes):
            inside = note.tuplet is not None and note.tuplet.place > 0
            if number and groups[number] != groups[number - 1] and not inside:
                notes += " "
            before = opening(note)
            text = before + _note_text(note, signs)
            level = " "
            for verse, syllable in enumerate(note.attached.lyrics):
                verses += [""] * (verse + 1 - len(verses))
                if syllable:
                    column = len(notes) + len(before)
                    verses[verse] = verses[verse].ljust(column) + visible(syllable)
            if note.pitches:
                share = (note.pitches[0].midi - low) / max(1, high - low)
                level = LEVELS[round(share * (len(LEVELS) - 1))]
            shape = shape.ljust(len(notes) + len(before)) + level
            notes += text
            if verses:  # the next note follows this one's words
                notes = notes.ljust(max(map(len, verses)) + 1)
        cells.append(Cell(notes, shape, tuple(verses)))
    return cells


def changes(bar: Bar) -> str:
    """A new meter or key in ABC."""
    meter = f"[M:{bar.meter}]" if bar.meter is not None else ""
    return meter + (f"[K:{bar.key}]" if bar.key is not None else "")


def opening(note: Note) -> str:
    """A chord symbol, and the beginning of a tuplet."""
    symbol = note.attached.chord_symbol
    text = f'"{visible(symbol)}"' if symbol else ""
    if note.tuplet is None or note.tuplet.place:
        return text
    actual, normal, count, _ = note.tuplet
    plain = (actual, normal, count) == (3, 2, 3)
    return text + ("(3" if plain else f"({actual}:{normal}:{count}")


def _note_text(note: Note, signs: Signs) -> str:
    """A note, chord or rest in ABC, in eighths."""
    names = [
        (SIGNS[pitch.alter] if signs.needed(pitch) else "") + pitch_name(pitch)
        for pitch in reversed(note.pitches)
    ]
    text = names[0] if len(names) == 1 else f"[{''.join(names)}]" if names else "z"
    length = note.written / EIGHTH
    if length.denominator != 1:
        text += f"{'' if length.numerator == 1 else length.numerator}/{length.denominator}"
    elif length != 1:
        text += str(length)
    return text + "-" * note.tied
