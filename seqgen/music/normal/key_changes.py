"""Splitting of tunes at changes of key or meter."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from seqgen.errors import TuneError
from seqgen.music.core.key import Key
from seqgen.music.core.meter import Meter
from seqgen.music.core.tune import Bar, Tune


@dataclass(frozen=True)
class Stretch:
    """Bars in one key and meter. begins_section: whether a section begins with them."""

    bars: tuple[Bar, ...]
    key: Key | None
    meter: Meter
    begins_section: bool


def without_changes(tune: Tune) -> list[Tune]:
    """Split a tune into tunes of one key and one meter each.

    Changes to bars of the same length or to a key with the same tonic or signature are dropped.

    Raises:
        TuneError: "key changes" or "meter changes" if another change is within a section.
    """
    if not any(bar.key or bar.meter for bar in tune.bars):
        return [tune]
    merged: list[Stretch] = []
    for stretch in _split_at_changes(tune):
        last = merged[-1] if merged else None
        if last and _are_alike(last, stretch):
            merged[-1] = replace(last, bars=last.bars + stretch.bars)
        elif last and not stretch.begins_section:
            same_meter = last.meter.length == stretch.meter.length
            raise TuneError("key changes" if same_meter else "meter changes")
        else:
            merged.append(stretch)
    return [
        replace(
            tune,
            bars=stretch.bars,
            key=stretch.key,
            meter=stretch.meter,
            # The rhythm of a set applies to its tunes in the first one's meter.
            rhythm=tune.rhythm if stretch.meter == tune.meter else "",
            lines=(),
        )
        for stretch in merged
    ]


def _split_at_changes(tune: Tune) -> Iterator[Stretch]:
    """The bars between changes of key or meter."""
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


def _are_alike(one: Stretch, other: Stretch) -> bool:
    """Whether the normal form can hold two stretches in one tune."""
    if one.meter.length != other.meter.length or (one.key is None) != (other.key is None):
        return False
    if one.key is None or other.key is None:
        return True
    tonics = [(key.letter, key.alter) for key in (one.key, other.key)]
    return tonics[0] == tonics[1] or one.key.signature == other.key.signature


def begins_section(bars: Sequence[Bar], number: int) -> bool:
    """Whether a section begins with a bar."""
    bar, before = bars[number], bars[number - 1]
    return (
        bar.left == "|:"
        or before.right in ("||", "|]", ":|")
        or bool(bar.part)
        or bool(before.ending and not bar.ending)
    )
