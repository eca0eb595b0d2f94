"""A bar while it is read, and where a repeat begins that says only where it ends."""

from dataclasses import dataclass, field
from fractions import Fraction

from seqgen.music.core.key import Key
from seqgen.music.core.meter import Meter
from seqgen.music.core.tune import Bar, Note


@dataclass
class BarBuilder:
    """A bar while it is read."""

    notes: list[Note] = field(default_factory=list)
    left: str = ""
    right: str = ""
    ending: str = ""
    key: Key | None = None
    meter: Meter | None = None
    tempo: float | None = None
    times: int = 2
    part: str = ""
    marks: list[str] = field(default_factory=list)
    overlays: list[list[Note]] = field(default_factory=list)

    @property
    def length(self) -> Fraction:
        return sum((note.length for note in self.notes), Fraction(0))

    def bar(self) -> Bar:
        """The bar, when it is read."""
        return Bar(
            tuple(self.notes), self.left, self.right, self.ending, self.key, self.meter,
            self.tempo, self.times, self.part, tuple(dict.fromkeys(self.marks)),
            tuple(map(tuple, filter(None, self.overlays))),
        )  # fmt: skip

    def is_later_ending(self) -> bool:
        """Whether it is a part of an ending that is not for the first turn."""
        return bool(self.ending) and "1" not in self.ending.split(",")


def open_repeats(bars: list[BarBuilder], full: Fraction) -> None:
    """A repeat without a beginning goes back to the end of another or to a double bar (4.8)."""
    section, repeating = 0, False
    for n, bar in enumerate(bars):
        if bar.left == "|:":
            section, repeating = n, True
        if bar.right == ":|":
            if not repeating and not bar.is_later_ending():
                bars[section + leads_in(bars, section, n, full)].left = "|:"
            section, repeating = n + 1, False
        elif bar.right in ("||", "|]") and not repeating:
            section = n + 1


def leads_in(bars: list[BarBuilder], first: int, last: int, full: Fraction) -> bool:
    """Whether a pickup stands before the repeat sign that is not written.

    It does where the repeat ends with a full bar and the music goes on from there in full bars
    too: with the pickup in the repeat there would be too much in both places.
    first, last: bars of the repeat. full: length of a bar.
    """
    pickup = bars[first].length
    if not pickup < full == bars[last].length or first == last:
        return False
    while last + 1 < len(bars) and bars[last + 1].is_later_ending():
        last += 1
    after = bars[last + 1].length if last + 1 < len(bars) else Fraction(0)
    if bars[last].length == full:
        return after == full
    return bars[last].length == full - pickup and after in (0, pickup)
