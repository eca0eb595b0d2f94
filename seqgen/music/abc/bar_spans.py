"""Where each bar of a tune stands in its source, and how bars are replaced there.

"Section" numbers are those of the ABC standard 2.1.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from seqgen.data.corpora.markup import has_markup
from seqgen.errors import TuneError
from seqgen.music.abc import fields, lexer
from seqgen.music.abc.lines import lines
from seqgen.music.abc.parser import TuneParser
from seqgen.music.abc.voice_parser import VoiceParser
from seqgen.music.core.accidentals import SIGNS
from seqgen.music.core.key import Key, Pitch
from seqgen.music.core.tune import Bar, Tune

CONTENT = frozenset(
    ("note", "rest", "bars", "chord", "tuplet", "broken", "tie", "grace", "words", "decoration",
     "plus", "symbol", "slur", "overlay", "nothing")
)  # fmt: skip
"""Kinds of lexemes that belong to a bar; others are bar lines, endings, fields and line ends."""

SOUNDING = frozenset(("note", "rest", "bars", "chord"))
LINE_END = re.compile(r"\r\n?|\n")
MULTIPLE_REST = re.compile("([ZX])([0-9]+)")
SECTION_ENDS = (":|", "||", "|]")


@dataclass(frozen=True)
class BarSpan:
    """The text of a bar.

    Attributes:
        pieces: Begin and end of each piece of its text in the source. Bar lines, inline fields and
            directions such as ``!fine!`` are outside; a bar has several pieces if such a field, a
            line's end or a lyric line stands within.
        unit: The unit length at its beginning, in whole notes.
        octave: Octaves by which its notes are higher than their letters.
        key: The key signature; None for no signature.
        rests: If it is one of the bars of a rest such as ``Z4``: the number of its bars; else 1.
        first: Begin and end of its first note, chord or rest.
    """

    pieces: tuple[tuple[int, int], ...]
    unit: Fraction
    octave: int = 0
    key: Key | None = None
    rests: int = 1
    first: tuple[int, int] = (0, 0)


class Slur(NamedTuple):
    """A slur: place of each of its signs in the source, and the bar that the sign stands in."""

    begin: int
    first_bar: int
    end: int
    last_bar: int


@dataclass(frozen=True)
class SpannedTune:
    """A tune with the place of each of its bars.

    Attributes:
        text: The source.
        tune: The tune; its first voice is the one whose bars are placed.
        spans: For each bar of ``tune.bars``.
        numbers: For each bar, its number in a score (`bar_numbers`).
        slurs: The slurs that have a beginning and an end.
    """

    text: str
    tune: Tune
    spans: tuple[BarSpan, ...]
    numbers: tuple[int, ...]
    slurs: tuple[Slur, ...] = ()

    def bar_text(self, index: int) -> str:
        """The text of a bar, its pieces joined by blanks."""
        return " ".join(self.text[begin:end] for begin, end in self.spans[index].pieces)


def bar_numbers(tune: Tune) -> tuple[int, ...]:
    """The number of each bar of the first voice in a score.

    Bar 1 is the first full bar; a pickup is bar 0. The bars of all endings count, in the order in
    which they are printed. The pickup of a later section completes the bar before it and has its
    number.
    """
    numbers: list[int] = []
    full = tune.meter.length
    before: Bar | None = None
    for n, bar in enumerate(tune.bars):
        full = bar.meter.length if bar.meter else full
        begins = before is None or bar.left == "|:" or before.right in SECTION_ENDS
        last = n + 1 == len(tune.bars) or bar.right in SECTION_ENDS
        pickup = begins and bar.length < full and not last
        numbers.append((numbers[-1] if numbers else 0) + (not pickup))
        before = bar
    return tuple(numbers)


def read_spans(text: str, where: str = "", voice: str | None = None) -> SpannedTune:
    """Parse a tune and find the text of each bar of its first voice.

    Args:
        text, where, voice: As in `seqgen.music.abc.parser.parse_tune`.

    Raises:
        TuneError: As there, and for lines that are not music as they stand: of a web page, or cut
            by a mail program.
    """
    if has_markup(text):
        raise TuneError("the tune is in a web page; save its ABC alone", where)
    reader = _SpanReader()
    try:
        for begin, line in placed_lines(text):
            reader.begin = begin
            reader.line(line)
        tune = reader.tune(voice)
    except TuneError as error:
        place = f"line {reader.line_number}, column {reader.column}"
        raise TuneError(
            error.reason, ", ".join(filter(None, (where, place, error.where)))
        ) from None
    bars = reader.bars[reader.ordered_voices(voice)[0]]
    spans = tuple(bars[n].span() for n in range(len(tune.bars)))
    slurs = tuple(slur for slur in reader.slurs if slur.last_bar < len(spans))
    return SpannedTune(text, tune, spans, bar_numbers(tune), slurs)


def placed_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines as the parser reads them, each with the place of its first character."""
    begin = 0
    breaks = LINE_END.finditer(text)
    for line in lines(text):
        end = next(breaks, None)
        source = text[begin : end.start() if end else len(text)]
        place = source.find(line.rstrip("\\"))
        if place < 0 and not line.startswith("I:"):
            raise TuneError("line that a mail program has cut; write it as one line")
        yield begin + max(0, place), line
        begin = end.end() if end else len(text)


@dataclass
class _OpenBar:
    """The text of a bar so far."""

    unit: Fraction
    octave: int
    key: Key | None
    pieces: list[tuple[int, int]] = field(default_factory=list)
    first: tuple[int, int] | None = None
    rests: int = 1

    def add(self, begin: int, end: int, joins: bool) -> None:
        """Add a lexeme. joins: whether only blanks separate it from the one before."""
        if joins and self.pieces:
            self.pieces[-1] = self.pieces[-1][0], end
        else:
            self.pieces.append((begin, end))

    def span(self) -> BarSpan:
        first = self.first or self.pieces[0]
        return BarSpan(tuple(self.pieces), self.unit, self.octave, self.key, self.rests, first)


class _SpanReader(TuneParser):
    """A parser that records where the lexemes of each bar stand.

    Attributes:
        begin: Place of the current line in the source.
        bars: The text of the bars of each voice, by index.
        slurs: The slurs that are closed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.begin = 0
        self.bars: dict[VoiceParser, dict[int, _OpenBar]] = {}
        self.slurs: list[Slur] = []
        self._open_slurs: dict[VoiceParser, list[tuple[int, int]]] = {}

    def lexemes(self, line: str) -> Iterator[re.Match[str]]:
        joins = ending_text = False
        for match in super().lexemes(line):
            kind = match.lastgroup or ""
            voice = self.current_voice()
            index, marks = len(voice.bars.finished), len(voice.bars.marks)
            bar = self._bar(voice, index)
            yield match
            if kind == "blank":
                continue
            is_direction = len(voice.bars.marks) > marks
            belongs = kind in CONTENT and not is_direction and not (kind == "words" and ending_text)
            # A tie or the end of a slur before the first note belongs to the bar before.
            late = not bar.first and (kind == "tie" or (kind == "slur" and match[0] == ")"))
            if belongs and not late:
                self._add(voice, index, match, joins)
            elif kind in ("bar", "colon", "ending") and not bar.first:
                bar.pieces.clear()
            joins = belongs and not late
            if kind == "slur":
                self._slur(voice, index - late, match)
            ending_text = kind == "texts"

    def _bar(self, voice: VoiceParser, index: int) -> _OpenBar:
        """The text of a bar; a new one has the settings that apply to its first note."""
        bars = self.bars.setdefault(voice, {})
        settings = voice.settings
        if index not in bars or not bars[index].pieces:
            unit = settings.unit or fields.default_unit(settings.meter)
            bars[index] = _OpenBar(unit, settings.octave, settings.key)
        return bars[index]

    def _add(self, voice: VoiceParser, index: int, match: re.Match[str], joins: bool) -> None:
        """Add a lexeme to its bar, or a rest of several bars to each of them."""
        place = self.begin + match.start(), self.begin + match.end()
        last = len(voice.bars.finished)
        for number in range(index, last + 1):
            bar = self._bar(voice, number)
            bar.add(*place, joins)
            bar.rests = max(bar.rests, last - index + 1)
            if match.lastgroup in SOUNDING and not bar.first:
                bar.first = place

    def _slur(self, voice: VoiceParser, index: int, match: re.Match[str]) -> None:
        place = self.begin + match.start()
        opened = self._open_slurs.setdefault(voice, [])
        if match[0] != ")":
            opened.append((place, index))
        elif opened:
            self.slurs.append(Slur(*opened.pop(), place, index))


# Replacing


def splice(source: SpannedTune, replacements: Mapping[int, str]) -> str:
    """Replace bars of a tune; everything else stays as it is.

    Of a slur that begins or ends in a replaced bar and leaves it, the sign moves to the bar's first
    or last note. Ties are those of the new text.

    Args:
        source: The tune.
        replacements: The new text of each bar by index, without bar lines.

    Returns:
        The source with the new text.
    """
    edits: list[tuple[int, int, str]] = []
    for rest in _rests(source, replacements):
        edits.append((*source.spans[rest[0]].pieces[0], _rest_text(source, rest, replacements)))
    for index, text in replacements.items():
        span = source.spans[index]
        if span.rests > 1:
            continue
        text = _with_slurs(text, index, source.slurs, replacements)
        edits += [(*span.pieces[0], text), *((*piece, "") for piece in span.pieces[1:])]
    return _edit(source.text, edits)


def _edit(text: str, edits: Sequence[tuple[int, int, str]]) -> str:
    """Replace passages; a line that becomes empty becomes a comment, as it would end the tune."""
    for begin, end, new in sorted(edits, reverse=True):
        line_begin = max(text.rfind("\n", 0, begin), text.rfind("\r", 0, begin)) + 1
        line_end = LINE_END.search(text, end)
        begins_line = not text[line_begin:begin].strip()
        if len(new) == 1 and begins_line and text[end : end + 1] == ":" and text[begin:end] != new:
            new += "1"  # a line such as "A:|" looks like a field to other programs
        rest = (
            text[line_begin:begin] + new + text[end : line_end.start() if line_end else len(text)]
        )
        text = text[:begin] + (new if rest.strip(" \t\\") else "%") + text[end:]
    return text


def _rests(source: SpannedTune, replacements: Mapping[int, str]) -> list[range]:
    """The rests of several bars of which some are replaced, each as the indices of its bars."""
    found = {}
    for index in replacements:
        span = source.spans[index]
        if span.rests > 1:
            first = index
            while first and source.spans[first - 1].pieces == span.pieces:
                first -= 1
            found[first] = range(first, first + span.rests)
    return [*found.values()]


def _rest_text(source: SpannedTune, rest: range, replacements: Mapping[int, str]) -> str:
    """The text of the bars of a rest, of which some are replaced."""
    begin, end = source.spans[rest[0]].pieces[0]
    letter = source.text[begin:end].lstrip("[").lstrip()[0]
    match = MULTIPLE_REST.search(source.text, begin, end)
    letter = match[1] if match else letter
    return " | ".join(replacements.get(index, letter) for index in rest)


def _with_slurs(
    text: str, index: int, slurs: Sequence[Slur], replacements: Mapping[int, str]
) -> str:
    """A new bar with the signs of the slurs that join it to bars that stay."""
    first, last = _outer_notes(text)
    begins = ends = 0
    for slur in slurs:
        within = slur.first_bar in replacements, slur.last_bar in replacements
        begins += within == (True, False) and slur.first_bar == index
        ends += within == (False, True) and slur.last_bar == index
    if ends and first:
        text = text[: first[1]] + ")" * ends + text[first[1] :]
        last = (last[0] + ends, last[1] + ends) if last and last != first else last
    if begins and last:
        text = text[: last[0]] + "(" * begins + text[last[0] :]
    return text


def _outer_notes(text: str) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """Begin and end of the first and of the last note of a bar."""
    notes = [match for match in lexer.MUSIC.finditer(text) if match.lastgroup == "note"]
    return (notes[0].span(), notes[-1].span()) if notes else (None, None)


def with_signs(source: str, place: tuple[int, int], pitches: Sequence[Pitch], octave: int) -> str:
    """Write the accidentals of the notes at a place that have no sign there.

    A note loses its accidental with the tie that carried it over the bar line.

    Args:
        source: The text of the tune.
        place: Begin and end of a note or chord.
        pitches: What it sounds.
        octave: As in `BarSpan`.
    """
    alters = {pitch.step: pitch.alter for pitch in pitches}

    def signed(match: re.Match[str]) -> str:
        note = lexer.parse_note(match[0])
        alter = alters.get(note.step + 7 * octave)
        return match[0] if note.sign is not None or alter is None else SIGNS[alter] + match[0]

    begin, end = place
    return source[:begin] + re.sub(lexer.NOTE, signed, source[begin:end]) + source[end:]
