"""One voice of a tune while it is read: its bars so far, and what holds for its next note.

"Section" numbers are those of the ABC standard 2.1.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from seqgen.errors import TuneError
from seqgen.music.abc import fields, lexer, lyrics, symbols
from seqgen.music.abc.bar_builder import BarBuilder, open_repeats
from seqgen.music.abc.escapes import decode
from seqgen.music.abc.lexer import BarLine, ParsedNote
from seqgen.music.core.key import Key, Pitch
from seqgen.music.core.meter import Meter
from seqgen.music.core.tune import PLAIN, TREBLE, Attachments, Bar, Clef, Note, Tuplet, Voice

LOWEST, HIGHEST = 0, 69  # steps that MIDI has keys for, whatever their signs
STRONGER = ("", "|", "||", "|]", ":|")  # two bar lines with no note between are one
LONGEST = 64  # whole notes; a longer note is a slip
ONE = Fraction(1)
GRACE = Fraction(1, 8)  # how long a grace note of one unit looks at most


@dataclass
class Settings:
    """What fields say of a voice, and of all voices before the first note.

    octave: octaves by which its notes are higher than their letters. reach: how far an accidental
    reaches (section 11.3). shorthands: what single letters stand for (section 4.16).
    """

    meter: Meter = fields.NO_METER
    meter_sign: str = ""
    key: Key | None = None
    unit: Fraction | None = None
    octave: int = 0
    clef: Clef = TREBLE
    transpose: int = 0
    label: str = ""
    reach: str = "pitch"
    shorthands: dict[str, str] = field(default_factory=lambda: dict(symbols.SHORTHANDS))

    def set_properties(self, found: fields.VoiceField) -> None:
        """Take over what a ``K:`` or ``V:`` field says of the voice."""
        self.octave = self.octave if found.octave is None else found.octave
        self.transpose = self.transpose if found.transpose is None else found.transpose
        self.clef = found.clef or self.clef
        self.label = decode(found.label) or self.label


class VoiceParser:
    """A voice, fed lexeme by lexeme. left_out: where it counts what is not represented."""

    def __init__(self, name: str, settings: Settings, left_out: Counter[str]) -> None:
        self.name, self.now, self.left_out = name, settings, left_out
        self.first: tuple[Meter, Key | None] | None = None  # as they were when the music began
        self.tempo: float | None = None  # that the music begins with
        self.bars: list[BarBuilder] = []
        self.bar = BarBuilder()
        self.notes = self.bar.notes  # of the bar, or of the overlay that is being read
        self.at: int | None = None  # number of the bar that an overlay is read into
        self.overlay_start: int | None = None  # of a "(&": to which bar the next "&" goes back
        self.line_ends: list[int] = []
        self.line_start = (0, 0)  # bar and note with which its last line began
        self.signs: dict[int, int] = {}
        self.signature: tuple[int, ...] = (0,) * 7
        self.tuplet: tuple[int, int, int] | None = None
        self.place = 0
        self.known: dict[str, tuple[tuple[ParsedNote], Fraction]] = {}  # notes, by their lexemes
        self.known_unit: Fraction | None = None  # for which their lengths are
        self.broken = ONE  # what a broken rhythm makes of the next note
        self.pending: dict[str, Any] = {}  # what is to be attached to the next note
        self.slurs: list[tuple[list[Note], int]] = []  # the notes at which open slurs began
        self.opened_times = 2  # how often the repeat is played that is open
        self.sign_key()

    @property
    def has_music(self) -> bool:
        return bool(self.bars or self.bar.notes)

    # Fields

    def set_meter(self, meter: Meter, sign: str = "") -> None:
        if self.first is None:
            self.now.meter_sign = sign
        elif meter != self.now.meter:
            self.bar.meter = meter
        self.now.meter = meter

    def set_key(self, key: Key | None) -> None:
        if self.first is not None:
            if key == self.now.key:
                return
            key = key or Key(0)  # the signature that "none" has
            self.bar.key = key
        self.now.key = key
        self.sign_key()

    def sign_key(self) -> None:
        self.signature = self.now.key.signature if self.now.key else (0,) * 7

    def set_tempo(self, value: str) -> None:
        """Take the value of a ``Q:`` field; words without a number change nothing."""
        tempo = fields.parse_tempo(value, self.now.unit or fields.default_unit(self.now.meter))
        if tempo is None:
            self.left_out["tempo word within the music"] += self.first is not None
        elif self.first is None:
            self.tempo = tempo
        else:
            self.bar.tempo = tempo

    def set_properties(self, found: fields.VoiceField) -> None:
        """Take over what a ``K:`` or ``V:`` field says; clefs and transposition do not change."""
        clef, transpose = self.now.clef, self.now.transpose
        self.now.set_properties(found)
        if self.first is not None:
            self.left_out["change of clef"] += self.now.clef != clef
            self.left_out["change of transposition"] += self.now.transpose != transpose
            self.now.clef, self.now.transpose = clef, transpose

    def set_part(self, label: str) -> None:
        """A part begins here; a bar that has begun ends."""
        if self.bar.notes:
            self.end_bar("")
        self.bar.part = label

    def begin(self) -> Fraction:
        """The unit of length, when the first note comes."""
        if self.first is None:
            self.first = (self.now.meter, self.now.key)
        if self.now.unit is None:
            self.now.unit = fields.default_unit(self.now.meter)
        return self.now.unit

    # Notes

    def note(self, lexeme: str) -> None:
        if self.now.unit is not self.known_unit or self.known_unit is None:
            self.known_unit, self.known = self.begin(), {}
        found = self.known.get(lexeme)
        if found is None:
            note = lexer.parse_note(lexeme)
            found = self.known[lexeme] = (note,), self.length(note.factor)
        self.append(*found)

    def rest(self, lexeme: str) -> None:
        self.add((), lexer.parse_length(lexeme[1:].strip()))
        if lexeme[0] == "x":
            self.notes[-1] = self.notes[-1]._replace(invisible=True)

    def chord(self, lexeme: str) -> None:
        chord = lexer.parse_chord(lexeme)
        for kind, text in chord.others:
            if kind in ("decoration", "plus", "symbol", "words"):
                self.mark(kind, text)
            elif kind == "stray":
                raise TuneError("unreadable music")
        self.add(chord.notes, chord.factor)
        if len({note.factor for note in chord.notes}) > 1:
            self.left_out["other length within a chord"] += 1
        if chord.tied:
            self.tie()

    def add(self, written: tuple[ParsedNote, ...], factor: Fraction) -> None:
        """Add a note, chord or rest. factor: of the unit of length."""
        self.append(written, self.length(factor))

    def length(self, factor: Fraction) -> Fraction:
        """So many units. Raises TuneError if that is too long for a note."""
        length = self.begin() * factor
        if length > LONGEST:
            raise TuneError("note too long")
        return length

    def append(self, written: tuple[ParsedNote, ...], length: Fraction) -> None:
        if self.broken is not ONE:
            length *= self.broken
            self.broken = ONE
        last = self.last_note()
        pitches = tuple([self.pitch(note, last) for note in written])
        if len(pitches) > 1:
            pitches = highest_first(pitches)
        tuplet = None
        if self.tuplet:
            tuplet = Tuplet(*self.tuplet, self.place)
            self.place += 1
            if self.place == self.tuplet[2]:
                self.tuplet = None
        attached = self.attachments() if self.pending else PLAIN
        self.notes.append(Note(pitches, length, False, tuplet, attached))
        if last is not None and last.tied and last.pitches != pitches:
            self.slur_for_tie()

    def pitch(self, note: ParsedNote, last: Note | None) -> Pitch:
        step = note.step + 7 * self.now.octave
        if not LOWEST <= step <= HIGHEST:
            raise TuneError("pitch out of range")
        letter = step % 7
        place = step if self.now.reach == "octave" else letter
        if note.sign is not None:
            if self.now.reach != "not":
                self.signs[place] = note.sign
            return Pitch(step, note.sign)
        if last is not None and last.tied and not self.notes:
            for pitch in last.pitches:
                if pitch.step == step:
                    return pitch  # a tie carries an accidental over the bar line
        return Pitch(step, self.signs.get(place, self.signature[letter]))

    def last_note(self) -> Note | None:
        if self.notes:
            return self.notes[-1]
        if self.at is not None:
            return None
        return self.bars[-1].notes[-1] if self.bars else None

    def last_place(self) -> tuple[list[Note], int] | None:
        """The list that the last note is in, and its number there."""
        if self.notes:
            return self.notes, len(self.notes) - 1
        if self.at is not None or not self.bars:
            return None
        return self.bars[-1].notes, len(self.bars[-1].notes) - 1

    def attach(self, place: tuple[list[Note], int], **values: Any) -> None:
        """Change what is attached to a note that is there already."""
        notes, number = place
        attached = replace(notes[number].attached, **values)
        notes[number] = notes[number]._replace(attached=attached)

    def tie(self) -> None:
        place = self.last_place()
        if place is None or not place[0][place[1]].pitches:
            self.left_out["tie without a note"] += 1
            return
        notes, number = place
        notes[number] = notes[number]._replace(tied=True)

    def slur_for_tie(self) -> None:
        """Between different pitches, here the last two notes, ``-`` is a slur."""
        after = self.notes, len(self.notes) - 1
        before = self.notes, len(self.notes) - 2
        if before[1] < 0:
            before = self.bars[-1].notes, len(self.bars[-1].notes) - 1
        self.untie(before)
        if not after[0][after[1]].pitches:
            self.left_out["tie without a note"] += 1
        else:
            self.attach(before, slurs_begin=before[0][before[1]].attached.slurs_begin + 1)
            self.attach(after, slurs_end=after[0][after[1]].attached.slurs_end + 1)

    def untie(self, place: tuple[list[Note], int]) -> None:
        notes, number = place
        notes[number] = notes[number]._replace(tied=False)

    def break_rhythm(self, signs: str) -> None:
        if not self.notes or len(signs) > 3 or self.broken is not ONE:
            raise TuneError("unreadable broken rhythm")
        short = Fraction(1, 2 ** len(signs))
        first, self.broken = (2 - short, short) if signs[0] == ">" else (short, 2 - short)
        last = self.notes[-1]
        self.notes[-1] = last._replace(written=last.written * first)

    def begin_tuplet(self, lexeme: str) -> None:
        if self.tuplet:
            raise TuneError("unreadable tuplet")
        self.tuplet = lexer.parse_tuplet(lexeme, self.now.meter.is_compound)
        self.place = 0

    def rest_bars(self, lexeme: str) -> None:
        """Rests of whole bars; within a bar ``Z`` can only have meant ``z``."""
        self.begin()
        count = lexeme[1:]
        if self.notes:
            self.add((), lexer.parse_length(count))
            return
        if not self.now.meter.beats or count == "0":
            raise TuneError("unreadable rest")
        for n in range(int(count or 1)):
            if n:
                self.bar_line(BarLine("|"))
            attached = self.attachments() if self.pending else PLAIN
            rest = Note((), self.now.meter.length, False, None, attached, lexeme[0] == "X")
            self.notes.append(rest)

    # What is attached to notes

    def attachments(self) -> Attachments:
        """What waits for the next note, which it is for now."""
        if "marks" in self.pending:
            self.place_marks(at_line=False)
        pending, self.pending = self.pending, {}
        for _ in range(pending.get("slurs_begin", 0)):
            self.slurs.append((self.notes, len(self.notes)))
        return Attachments(**pending)

    def plus(self, lexeme: str) -> None:
        """What stands between plus signs: a decoration, or, in old tunes, a chord."""
        notes = lexer.notes_between_plus_signs(lexeme)
        if notes:
            self.chord(f"[{notes}]")
        else:
            self.mark("plus", lexeme)

    def mark(self, kind: str, lexeme: str) -> None:
        """Take a decoration, a single-letter sign, a chord symbol or an annotation."""
        if kind == "symbol":
            meaning = self.now.shorthands.get(lexeme)
            if meaning is None:
                self.left_out["letter without a meaning"] += 1
                return
            if meaning[:1] == '"':
                self.text(meaning[1:-1])
                return
            self.decorate(symbols.decoration(meaning.strip("!+")))
        elif kind == "words":
            self.text(decode(lexeme[1:-1]))
        else:
            self.decorate(symbols.decoration(lexeme[1:-1]))

    def decorate(self, name: str) -> None:
        if mark := symbols.direction(name):
            self.direct(mark)
        elif name:
            self.pending["decorations"] = (*self.pending.get("decorations", ()), name)

    def text(self, text: str) -> None:
        if mark := symbols.direction(text.lstrip(symbols.PLACES)):
            self.direct(mark)
        elif text[:1] not in symbols.PLACES and symbols.is_chord_symbol(text):
            if "chord_symbol" in self.pending:
                text = f"{self.pending['chord_symbol']} {text}"
            self.pending["chord_symbol"] = text
        elif text.strip():
            text = text if text[0] in symbols.PLACES else f"^{text}"
            self.pending["annotations"] = (*self.pending.get("annotations", ()), text)

    def direct(self, mark: str) -> None:
        """Take what directs the player: segno and coda for the bar, others for the bar's end."""
        self.pending.setdefault("marks", []).append((mark, bool(self.notes)))

    def place_marks(self, at_line: bool) -> None:
        """Give the marks that wait to their bars, at the next note or at a bar line."""
        for mark, within in self.pending.pop("marks"):
            if mark in ("segno", "coda"):
                if at_line and within:
                    self.pending.setdefault("marks", []).append((mark, False))  # of the next bar
                elif within and mark == "coda":
                    self.bar.marks.append("dacoda")
                else:
                    self.bar.marks.append(mark)
            elif within or self.bar.notes or not self.bars:
                self.bar.marks.append(mark)
            else:
                (self.bar if not at_line else self.bars[-1]).marks.append(mark)

    def grace(self, lexeme: str) -> None:
        group = lexer.parse_grace(lexeme)
        if not group:
            return
        unit = min(self.begin(), GRACE)
        signs = dict(self.signs)  # those of grace notes do not reach beyond the group
        notes = []
        for written, factor in group:
            pitches = tuple([self.pitch(note, None) for note in written])
            notes.append(Note(highest_first(pitches), unit * factor))
        self.signs = signs
        self.pending["grace"] = (*self.pending.get("grace", ()), *notes)
        if lexeme[1:].lstrip().startswith("/"):
            self.pending["acciaccatura"] = True

    def slur(self, lexeme: str) -> None:
        if lexeme != ")":
            self.pending["slurs_begin"] = self.pending.get("slurs_begin", 0) + 1
            return
        place = self.last_place()
        if not self.slurs or place is None:
            self.left_out["slur without a beginning"] += 1
            return
        self.slurs.pop()
        self.attach(place, slurs_end=place[0][place[1]].attached.slurs_end + 1)

    def align(self, items: Iterator[str] | list[str], verse: int) -> int:
        """Put items under the notes of the last line; verse: from 0, or -1 for symbols.

        Returns how many are left because there is no note for them.
        """
        places = self.line_notes()
        place: tuple[int, list[Note], int] | None = None
        sung = place
        left, bar = 0, self.line_start[0]
        for item in items:
            if item == lyrics.BAR:
                bar = max(bar, place[0] if place else 0) + 1
                continue
            found = next((p for p in places if p[0] >= bar), None)
            if found is None:
                left += item not in (lyrics.SKIP, lyrics.HOLD, lyrics.CONTINUE)
                continue
            place = found
            if item == lyrics.HOLD and verse >= 0:
                if sung:
                    self.hold(sung[1], sung[2], verse)
            elif item == lyrics.CONTINUE:
                sung = place
            elif item == lyrics.SKIP:
                sung = None
            elif verse >= 0:
                sung = place
                self.sing((place[1], place[2]), item, verse)
            else:
                self.symbol((place[1], place[2]), item)
        return left

    def line_notes(self) -> Iterator[tuple[int, list[Note], int]]:
        """The notes of the last line that are no rests: number of the bar, its notes, number."""
        first, start = self.line_start
        for number in range(first, len(self.bars) + 1):
            notes = self.bars[number].notes if number < len(self.bars) else self.bar.notes
            for n in range(start if number == first else 0, len(notes)):
                if notes[n].pitches:
                    yield number, notes, n

    def sing(self, place: tuple[list[Note], int], syllable: str, verse: int) -> None:
        before = place[0][place[1]].attached.lyrics
        verses = (*before, *[None] * (verse + 1 - len(before)))
        self.attach(place, lyrics=(*verses[:verse], syllable, *verses[verse + 1 :]))

    def hold(self, notes: list[Note], number: int, verse: int) -> None:
        """Mark a syllable as one that lasts longer than its note."""
        verses = notes[number].attached.lyrics
        syllable = verses[verse] if verse < len(verses) else None
        if syllable and syllable[-1] not in "-_":
            self.sing((notes, number), f"{syllable}_", verse)

    def symbol(self, place: tuple[list[Note], int], item: str) -> None:
        attached = place[0][place[1]].attached
        if item[0] == '"':
            text = decode(item[1:-1])
            if text[:1] not in symbols.PLACES and symbols.is_chord_symbol(text):
                self.attach(place, chord_symbol=text)
            elif text:
                text = text if text[0] in symbols.PLACES else f"^{text}"
                self.attach(place, annotations=(*attached.annotations, text))
        elif name := symbols.decoration(item.strip("!+")):
            self.attach(place, decorations=(*attached.decorations, name))

    # Bars

    def colon(self) -> None:
        """A repeat sign that lost its stroke."""
        self.bar_line(BarLine(":|") if self.bar.notes else BarLine("|", True))

    def ending(self, numbers: str, bracket: bool) -> None:
        if not bracket and (self.bar.notes or not self.bars):
            raise TuneError("unreadable music")
        if self.bar.notes:
            self.end_bar("")
        self.bar.ending = numbers

    def named_ending(self, text: str) -> None:
        """An ending with a text, ``["last time"``: for the numbers in it, or for the next turn."""
        numbers = lexer.endings_in_text(text)
        if not numbers:
            before = self.bars[-1].ending if self.bars else ""
            numbers = str(int(before.rpartition(",")[2]) + 1) if before else "1"
        self.ending(numbers, True)

    def bar_line(self, line: BarLine) -> None:
        right, opens, times, after = line
        if self.at is not None and self.at < len(self.bars):
            self.overlay_at(self.at + 1)
            return
        if "marks" in self.pending:
            self.place_marks(at_line=True)
        if self.bar.notes or any(self.bar.overlays):
            self.end_bar(right)
        elif self.bars:
            last = self.bars[-1]
            if STRONGER.index(right) > STRONGER.index(last.right):
                last.right = right
        if right == ":|" and self.bars:
            self.bars[-1].times = max(times, self.opened_times)
            self.opened_times = 2
        if right not in ("", "|") or opens:
            self.bar.ending = ""  # section 4.9
        if opens:
            self.bar.left = "|:"
            self.opened_times = after

    def end_bar(self, right: str) -> None:
        self.check_complete()
        if not self.bar.notes:
            self.bar.overlays = [notes for notes in self.bar.overlays if notes]
            self.bar.notes = self.bar.overlays.pop(0)
        self.bar.right = right
        self.bars.append(self.bar)
        self.bar = BarBuilder(ending=self.bar.ending)
        self.notes, self.at = self.bar.notes, None
        self.signs.clear()

    def check_complete(self) -> None:
        """Raises TuneError for what may not reach over a bar line."""
        if self.tuplet:
            raise TuneError("tuplet over a bar line")
        if self.broken is not ONE:
            raise TuneError("unreadable broken rhythm")

    def overlay(self, lexeme: str) -> None:
        """Go back by as many bar lines as there are ``&``, or to the ``(&`` (section 7.4)."""
        if lexeme == "(&":
            self.overlay_start = len(self.bars)
        elif lexeme.endswith(")"):
            self.overlay_start = None
        else:
            start = len(self.bars) + 1 - len(lexeme)
            if self.overlay_start is not None:
                start = self.overlay_start
            self.check_complete()
            self.begin()
            self.overlay_at(max(0, start))

    def overlay_at(self, number: int) -> None:
        self.check_complete()
        self.at = number
        bar = self.bars[number] if number < len(self.bars) else self.bar
        self.notes = []
        bar.overlays.append(self.notes)
        self.signs.clear()

    def begin_line(self) -> None:
        self.line_start = len(self.bars), len(self.bar.notes)

    def pause_line(self) -> None:
        """Another voice goes on in the same line."""
        if self.line_start != (len(self.bars), len(self.bar.notes)):
            self.end_line()

    def end_line(self) -> None:
        """A bar that is full where a line ends is over, with or without a bar line."""
        length = self.now.meter.length
        full = self.bar.notes and length and self.bar.length == length
        if full and self.at is not None:
            full = sum((note.length for note in self.notes), Fraction(0)) == length
        if full and not self.tuplet and self.broken is ONE:
            if "marks" in self.pending:
                self.place_marks(at_line=True)
            self.end_bar("|")
        if self.bars and not self.bar.notes:
            self.line_ends.append(len(self.bars) - 1)

    # What was read

    def finish(self) -> Voice:
        """The voice, when no more comes; it has music."""
        assert self.first
        if "marks" in self.pending:
            self.place_marks(at_line=True)
        if self.bar.notes or any(self.bar.overlays):
            self.end_bar("")
        last = self.bars[-1].notes
        if last and last[-1].tied:
            self.untie((last, len(last) - 1))
        for place in self.slurs:
            begun = place[0][place[1]].attached.slurs_begin
            self.attach(place, slurs_begin=max(0, begun - 1))
        self.left_out["slur without an end"] += len(self.slurs)
        for name, value in self.pending.items():
            self.left_out[f"{WAITING.get(name, name)} without a note"] += (
                len(value) if isinstance(value, tuple | list) else 1
            )
        open_repeats(self.bars, self.first[0].length)
        return Voice(
            bars=tuple([bar.bar() for bar in self.bars]),
            name=self.name,
            label=self.now.label,
            clef=self.now.clef,
            transpose=self.now.transpose,
            lines=tuple(n for n in dict.fromkeys(self.line_ends) if n < len(self.bars) - 1),
        )


WAITING = {
    "decorations": "decoration", "annotations": "annotation", "chord_symbol": "chord symbol",
    "grace": "grace note", "acciaccatura": "slash", "slurs_begin": "slur", "marks": "direction",
}  # fmt: skip


def highest_first(pitches: tuple[Pitch, ...]) -> tuple[Pitch, ...]:
    """The pitches of a chord, each once."""
    return tuple(sorted(set(pitches), key=lambda p: (p.midi, p.step), reverse=True))


def with_signs_of(bars: tuple[Bar, ...], other: tuple[Bar, ...]) -> tuple[Bar, ...]:
    """The bars of the first voice with parts, marks and tempo that only another voice has."""
    merged = list(bars)
    for number, (bar, source) in enumerate(zip(bars, other, strict=False)):
        if source.tempo or source.part or source.marks:
            merged[number] = replace(
                bar,
                tempo=bar.tempo or source.tempo,
                part=bar.part or source.part,
                marks=bar.marks or source.marks,
            )
    return tuple(merged)
