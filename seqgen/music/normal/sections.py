"""Sections of a tune, with bars that add up in the order of playing."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from seqgen.errors import TuneError
from seqgen.music.core.tune import Note
from seqgen.music.normal.tokens import WHOLE


@dataclass
class Measure:
    """A mutable bar. size: in ticks; the other fields as in `Bar`."""

    notes: list[Note]
    size: int
    left: str = ""
    right: str = "|"
    ending: str = ""


@dataclass
class Section:
    """A part of a tune that is played once or twice.

    lead: a bar before the repeat sign, played once. main: the bars before the endings. first,
    second: the bars of the endings.
    """

    repeated: bool = False
    lead: Measure | None = None
    main: list[Measure] = field(default_factory=list)
    first: list[Measure] = field(default_factory=list)
    second: list[Measure] = field(default_factory=list)

    def is_lead(self, full: int) -> bool:
        """Whether it can only be the lead-in of a repeat."""
        return not self.repeated and len(self.main) == 1 and self.main[0].size < full

    def __iter__(self) -> Iterator[Measure]:
        if self.lead:
            yield self.lead
        yield from self.main
        yield from self.first
        yield from self.second


def split_sections(measures: list[Measure], full: int) -> list[Section]:
    """Split a tune into sections whose bars add up.

    A pickup belongs to the section after it.

    Args:
        measures: The bars.
        full: Length of a full bar in ticks.

    Raises:
        TuneError: If the bars do not add up, or the repeats are inconsistent.
    """
    sections = _cut(measures)
    if len(sections) > 1 and sections[0].is_lead(full):
        lead = sections.pop(0).main[0]
        if sections[0].repeated:
            sections[0].lead = lead
        else:
            sections[0].main.insert(0, lead)
    for section in sections:
        _mend_endings(section, full)
        section.main = _mend_bars(section.main, full)
    while error := _first_error(sections, full):
        number, reason = error
        if not (_move_pickup(sections, number, full) or _join_plain(sections, number, full)):
            raise TuneError(reason)
    for section in sections:
        _check_ties(section)
    _mark(sections)
    return sections


def _cut(measures: list[Measure]) -> list[Section]:
    """Split at bar lines and endings; a repeat without an end is not a repeat."""
    sections = [Section()]
    opened = False
    for n, measure in enumerate(measures):
        section = sections[-1]
        after = measures[n + 1] if n + 1 < len(measures) else Measure([], 0)
        if measure.left == "|:" and section.main:
            section = Section()
            sections.append(section)
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
            sections.append(Section())
            opened = False
    return [section for section in sections if section.main]


def _mend_endings(section: Section, full: int) -> None:
    """If endings begin within a bar, add the beginning of the bar to each."""
    if section.first and len(section.main) > 1 and section.main[-1].size < full:
        start = section.main.pop()
        for ending in (section.first, section.second):
            ending[0] = _join(start, ending[0])


def _mend_bars(main: list[Measure], full: int) -> list[Measure]:
    """Split bars at a missing bar line, and join two parts of a bar."""
    mended: list[Measure] = []
    for measure in main:
        mended += _split_bar(measure, full, first=not mended)
        last = measure is main[-1]
        if len(mended) > 2 and max(mended[-2].size, mended[-1].size) < full:
            size = mended[-2].size + mended[-1].size
            if size == full or (last and size < full):
                mended[-2:] = [_join(mended[-2], mended[-1])]
    return mended


def _move_pickup(sections: list[Section], number: int, full: int) -> bool:
    """Move a double bar within a bar to the end of the bar; returns whether there is one."""
    if number + 1 == len(sections) or sections[number + 1].repeated:
        return False
    section, after = sections[number], sections[number + 1].main
    if section.repeated and not section.second:
        return False
    part = section.second or section.main
    if part[-1].size == full or part[-1].size + after[0].size != full:
        return False
    part[-1] = _join(part[-1], after.pop(0))
    if not after:
        del sections[number + 1]
    return True


def _join_plain(sections: list[Section], number: int, full: int) -> bool:
    """Drop a double bar between two sections that are played once; returns whether there is one.

    The last bar of the tune then completes the pickup, instead of the first section's.
    """
    if not number or sections[number].repeated or sections[number - 1].repeated:
        return False
    if sections[number - 1].main[-1].size != full or sections[number].main[0].size != full:
        return False
    sections[number - 1].main += sections.pop(number).main
    return True


def _join(one: Measure, other: Measure) -> Measure:
    size = one.size + other.size
    return Measure(one.notes + other.notes, size, one.left, other.right, other.ending)


def _split_bar(measure: Measure, full: int, first: bool) -> list[Measure]:
    """Split a bar of several bars' length, if a note begins at each bar line."""
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
    """Sounding length of a note in ticks."""
    length = note.length
    return length.numerator * WHOLE // length.denominator


def _first_error(sections: list[Section], full: int) -> tuple[int, str] | None:
    """The first section whose bars do not add up in the order of playing, and the reason."""
    first = sections[0]
    pickup = first.main[0].size % full if first.main[0].size < full else 0
    earliest = first.lead.size if first.lead else pickup
    for number, section in enumerate(sections):
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


def _check_ties(section: Section) -> None:
    """Raise TuneError for a tie over the edge of a section or an ending."""
    parts = [[section.lead] if section.lead else [], section.main, section.first, section.second]
    if any(part and part[-1].notes[-1].tied for part in parts):
        raise TuneError("tie over a repeat or a double bar")


def _mark(sections: list[Section]) -> None:
    """Set the bar lines and endings of the normal form."""
    for section in sections:
        closing = "|]" if section is sections[-1] else "||"
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
