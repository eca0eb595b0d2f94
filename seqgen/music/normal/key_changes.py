"""Tunes that change their key or meter on the way, as tunes that do not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from seqgen.errors import TuneError
from seqgen.music.core.key import Key
from seqgen.music.core.meter import Meter
from seqgen.music.core.tune import Bar, Tune


@dataclass(frozen=True)
class Stretch:
    """Bars in one key and one meter; begins_section: they begin where a section does."""

    bars: tuple[Bar, ...]
    key: Key | None
    meter: Meter
    begins_section: bool


def without_changes(tune: Tune) -> list[Tune]:
    """The tunes of one key and one meter each that a tune consists of.

    A change that changes nothing (to a meter whose bars are as long, or on the same tonic, where
    accidentals say the same) is left out; the others must stand where a section begins.
    Raises TuneError, saying "key changes" or "meter changes", where they do not.
    """
    if not any(bar.key or bar.meter for bar in tune.bars):
        return [tune]
    found: list[Stretch] = []
    for stretch in stretches(tune):
        last = found[-1] if found else None
        if last and same(last, stretch):
            found[-1] = replace(last, bars=last.bars + stretch.bars)
        elif last and not stretch.begins_section:
            same_meter = last.meter.length == stretch.meter.length
            raise TuneError("key changes" if same_meter else "meter changes")
        else:
            found.append(stretch)
    return [
        replace(
            tune,
            bars=stretch.bars,
            key=stretch.key,
            meter=stretch.meter,
            # What a book calls a set of tunes holds for those in the meter of the first.
            rhythm=tune.rhythm if stretch.meter == tune.meter else "",
            lines=(),
        )
        for stretch in found
    ]


def stretches(tune: Tune) -> Iterator[Stretch]:
    """The bars between the changes that a tune says."""
    key, meter = tune.key, tune.meter
    bars: list[Bar] = []
    begins = True
    for number, bar in enumerate(tune.bars):
        if bars and (bar.key or bar.meter):
            yield Stretch(tuple(bars), key, meter, begins)
            bars, begins = [], begins_section(tune.bars, number)
        key, meter = bar.key or key, bar.meter or meter
        bars.append(replace(bar, key=None, meter=None))
    yield Stretch(tuple(bars), key, meter, begins)


def same(one: Stretch, other: Stretch) -> bool:
    """Whether a change between two stretches changes nothing that the normal form holds."""
    if one.meter.length != other.meter.length or (one.key is None) != (other.key is None):
        return False
    if one.key is None or other.key is None:
        return True
    tonics = [(key.letter, key.alter) for key in (one.key, other.key)]
    return tonics[0] == tonics[1] or one.key.signature == other.key.signature


def begins_section(bars: Sequence[Bar], number: int) -> bool:
    """Whether a section of a tune begins with this bar."""
    bar, before = bars[number], bars[number - 1]
    return (
        bar.left == "|:"
        or before.right in ("||", "|]", ":|")
        or bool(bar.part)
        or bool(before.ending and not bar.ending)
    )
