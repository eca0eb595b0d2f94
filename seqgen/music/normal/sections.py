"""The sections of a tune, and whether their bars add up in the order in which they are played."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from seqgen.errors import TuneError
from seqgen.music.core.tune import Note
from seqgen.music.normal.tokens import WHOLE


@dataclass
class Measure:
    """A bar on its way into the normal form; size in ticks, the marks as in `Bar`."""

    notes: list[Note]
    size: int
    left: str = ""
    right: str = "|"
    ending: str = ""


@dataclass
class Section:
    """A part of a tune that is played once, or twice.

    lead: a bar before the repeat sign, played only the first time.
    main: its bars up to the endings. first, second: those of its endings.
    """

    repeated: bool = False
    lead: Measure | None = None
    main: list[Measure] = field(default_factory=list)
    first: list[Measure] = field(default_factory=list)
    second: list[Measure] = field(default_factory=list)

    def is_lead(self, full: int) -> bool:
        """Whether it can only be what leads into a repeat."""
        return not self.repeated and len(self.main) == 1 and self.main[0].size < full

    def __iter__(self) -> Iterator[Measure]:
        if self.lead:
            yield self.lead
        yield from self.main
        yield from self.first
        yield from self.second


def split_sections(measures: list[Measure], full: int) -> list[Section]:
    """The sections of a tune, every bar of them exact.

    full: ticks of a bar. A pickup belongs to the section that it leads into.
    Raises TuneError if the bars do not add up, or the repeats make no sense.
    """
    found = _cut(measures)
    if len(found) > 1 and found[0].is_lead(full):
        lead = found.pop(0).main[0]
        if found[0].repeated:
            found[0].lead = lead
        else:
            found[0].main.insert(0, lead)
    for section in found:
        _mend_endings(section, full)
        section.main = _mend_bars(section.main, full)
    while trouble := first_trouble(found, full):
        number, reason = trouble
        if not (move_pickup(found, number, full) or join_plain(found, number, full)):
            raise TuneError(reason)
    for section in found:
        check_ties(section)
    _mark(found)
    return found


def _cut(measures: list[Measure]) -> list[Section]:
    """The sections as bar lines and endings tell them apart.

    A repeat that has no end is none: nothing tells where one would go back from.
    """
    found = [Section()]
    opened = False
    for n, measure in enumerate(measures):
        section = found[-1]
        after = measures[n + 1] if n + 1 < len(measures) else Measure([], 0)
        if measure.left == "|:" and section.main:
            section = Section()
            found.append(section)
        opened = opened or measure.left == "|:"
        part = {"": section.main, "1": section.first, "2": section.second}.get(measure.ending)
        if part is None:
            raise TuneError("third or other endings")
        if (measure.ending and not section.main) or (measure.ending == "2" and not section.first):
            raise TuneError("ending without a beginning")
        part.append(measure)
        if measure.ending == "1":
            section.repeated = True
            if after.ending not in ("1", "2") or (after.ending == "1" and measure.right == ":|"):
                raise TuneError("first ending without a second")
            over = False
        elif measure.ending == "2":
            over = after.ending != "2" or after.left == "|:"
        else:
            section.repeated = section.repeated or measure.right == ":|"
            over = measure.right == ":|" or (measure.right in ("||", "|]") and not opened)
        if over:
            found.append(Section())
            opened = False
    return [section for section in found if section.main]


def _mend_endings(section: Section, full: int) -> None:
    """Where endings begin within a bar, the bar's beginning becomes a part of each."""
    if section.first and len(section.main) > 1 and section.main[-1].size < full:
        start = section.main.pop()
        for ending in (section.first, section.second):
            ending[0] = _join(start, ending[0])


def _mend_bars(main: list[Measure], full: int) -> list[Measure]:
    """Bars that lack a bar line are cut at it; two parts of one bar are joined."""
    found: list[Measure] = []
    for measure in main:
        found += _split_bar(measure, full, first=not found)
        last = measure is main[-1]
        if len(found) > 2 and max(found[-2].size, found[-1].size) < full:
            size = found[-2].size + found[-1].size
            if size == full or (last and size < full):
                found[-2:] = [_join(found[-2], found[-1])]
    return found


def move_pickup(found: list[Section], number: int, full: int) -> bool:
    """A double bar that stands within a bar moves to the end of it; whether there is one."""
    if number + 1 == len(found) or found[number + 1].repeated:
        return False
    section, after = found[number], found[number + 1].main
    if section.repeated and not section.second:
        return False
    part = section.second or section.main
    if part[-1].size == full or part[-1].size + after[0].size != full:
        return False
    part[-1] = _join(part[-1], after.pop(0))
    if not after:
        del found[number + 1]
    return True


def join_plain(found: list[Section], number: int, full: int) -> bool:
    """A double bar between two sections that are played once is left out; whether there is one.

    The pickup of a tune is then counted against its last bar, not only against its first section's.
    """
    if not number or found[number].repeated or found[number - 1].repeated:
        return False
    if found[number - 1].main[-1].size != full or found[number].main[0].size != full:
        return False
    found[number - 1].main += found.pop(number).main
    return True


def _join(one: Measure, other: Measure) -> Measure:
    size = one.size + other.size
    return Measure(one.notes + other.notes, size, one.left, other.right, other.ending)


def _split_bar(measure: Measure, full: int, first: bool) -> list[Measure]:
    """A bar of two or more bars' length, cut where a note begins at the end of each."""
    if measure.size <= full or (first and measure.size % full):
        return [measure]
    parts: list[Measure] = [Measure([], 0, measure.left, "|", measure.ending)]
    for note in measure.notes:
        if parts[-1].size == full:
            parts.append(Measure([], 0, "", "|", measure.ending))
        parts[-1].notes.append(note)
        parts[-1].size += size(note)
    if any(part.size > full for part in parts):
        return [measure]
    parts[-1].right = measure.right
    return parts


def size(note: Note) -> int:
    """Ticks that a note lasts."""
    length = note.length
    return length.numerator * WHOLE // length.denominator


def first_trouble(found: list[Section], full: int) -> tuple[int, str] | None:
    """The first section that is not exact in the order of playing, and why; None if all are."""
    first = found[0]
    pickup = first.main[0].size % full if first.main[0].size < full else 0
    earliest = first.lead.size if first.lead else pickup
    for number, section in enumerate(found):
        head = section.main[0].size
        if head != (pickup or full):
            return number, "bar that does not add up" if head > full else "pickup that does not fit"
        rest = section.main[1:] if pickup else section.main
        if not rest:
            return number, "pickup before a repeat sign"
        inner = rest if section.first else rest[:-1]
        inner = [*inner, *section.first[:-1], *section.second[:-1]]
        if any(measure.size != full for measure in inner):
            return number, "bar that does not add up"
        if section.first:
            if len(section.first) != len(section.second):
                return number, "endings of different lengths"
            closed = section.first[-1].size == full - pickup
            last = section.second[-1].size
            owed = {full: 0, full - earliest: earliest, full - pickup: pickup}.get(last)
            if not closed or owed is None:
                return number, "ending and pickup that do not add up"
        else:
            last = rest[-1].size
            if last != full - pickup and (section.repeated or last != full):
                return number, "last bar and pickup that do not add up"
            owed = pickup if last == full - pickup else 0
        pickup = owed
    return None


def check_ties(section: Section) -> None:
    """Raises TuneError for a tie over the edge of a section or an ending."""
    parts = [[section.lead] if section.lead else [], section.main, section.first, section.second]
    if any(part and part[-1].notes[-1].tied for part in parts):
        raise TuneError("tie over a repeat or a double bar")


def _mark(found: list[Section]) -> None:
    """Give every measure the marks that the normal form has there."""
    for section in found:
        closing = "|]" if section is found[-1] else "||"
        for measure in section:
            measure.left, measure.right, measure.ending = "", "|", ""
        for number, part in (("1", section.first), ("2", section.second)):
            for measure in part:
                measure.ending = number
        if section.repeated:
            section.main[0].left = "|:"
        if section.first:
            section.first[-1].right = ":|"
            section.second[-1].right = closing
        else:
            section.main[-1].right = ":|" if section.repeated else closing
