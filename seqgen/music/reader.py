"""ABC in, a tune out: reads what books and people write, or says why it cannot.

"Section" numbers in comments are those of the ABC standard 2.1.
"""

import re
from collections import Counter
from fractions import Fraction

from seqgen.errors import TuneError
from seqgen.music import fields, lexer
from seqgen.music.draft import Draft, open_repeats
from seqgen.music.key import Key, Pitch
from seqgen.music.lexer import Written
from seqgen.music.rhythm import rhythm, rhythm_in
from seqgen.music.source import lines
from seqgen.music.tune import TREBLE, Meter, Note, Tune, Tuplet

LOWEST, HIGHEST = 0, 69  # steps that MIDI has keys for, whatever their signs
STRONGER = ("", "|", "||", "|]", ":|")  # two bar lines with no note between are one
LONGEST = 64  # whole notes; a longer note is a slip


def read(text: str, where: str = "") -> Tune:
    """Read one tune of ABC, or a piece of one.

    text: from its ``X:`` line to its end (an empty line ends it); any field may be missing, so
        that bare notes are a tune as well; without ``L:`` the meter tells the unit of length.
    where: what error messages call it, such as ``"book.abc:12"``.
    Repeats are explicit in the result: a ``:|`` without a ``|:`` goes back to the last double bar.
    A bar that breaks off where its source has no bar line has ``""`` at its right.
    Raises TuneError for what cannot be read: several voices, overlays, unreadable music.
    """
    reading = Reading()
    try:
        for line in lines(text):
            reading.line(line)
        return reading.tune()
    except TuneError as error:
        place = f"line {reading.number}, column {reading.column}"
        parts = [part for part in (where, place, error.where) if part]
        raise TuneError(error.reason, ", ".join(parts)) from None


class Reading:
    """What is known of a tune so far; fed line by line."""

    def __init__(self) -> None:
        self.header: dict[str, str] = {}
        self.titles: list[str] = []
        self.meter = fields.NO_METER
        self.key: Key | None = None
        self.unit: Fraction | None = None
        self.tempo = ""
        self.first: tuple[Meter, Key | None] | None = None  # as they were when the music began
        self.voice: str | None = None
        self.reach = "pitch"  # how far an accidental reaches (section 11.3)
        self.number, self.column = 0, 1  # of the line, and of the lexeme in it
        self.bars: list[Draft] = []
        self.bar = Draft()
        self.line_ends: list[int] = []
        self.signs: dict[int, int] = {}
        self.signature: tuple[int, ...] = (0,) * 7
        self.octave = 0  # by how many octaves notes are higher than their letters (section 4.6)
        self.clef, self.transpose, self.label = TREBLE, 0, ""
        self.left_out: Counter[str] = Counter()
        self.tuplet: tuple[int, int, int] | None = None
        self.place = 0
        self.broken = Fraction(1)  # what a broken rhythm makes of the next note

    def line(self, line: str) -> None:
        """Take a line; comments are gone from it."""
        self.number, self.column = self.number + 1, 1
        if match := fields.FIELD.match(line):
            self.field(match[1], match[2].strip())
        elif line:
            self.music(line.rstrip("\\"))
            if not line.endswith("\\"):
                self.end_line()

    def field(self, letter: str, value: str) -> None:
        if letter in "XTR":
            if letter == "X" and ("X" in self.header or self.bars or self.bar.notes):
                raise TuneError("more than one tune")
            self.header.setdefault(letter, value)
            self.titles += [value] if letter == "T" else []
        elif letter == "M":
            self.set_meter(fields.meter(value))
        elif letter == "L":
            self.unit = fields.unit_length(value)
        elif letter == "K":
            self.set_key(value)
        elif letter == "Q":
            self.tempo = self.tempo or value
        elif letter == "V":
            voice, _, properties = value.partition(" ")
            if self.voice not in (None, voice):
                raise TuneError("more than one voice")
            self.voice = voice
            self.set_voice(fields.voice_field(properties))
        elif letter == "I" and value.startswith("propagate-accidentals"):
            self.reach = value.split()[-1]

    def set_meter(self, meter: Meter) -> None:
        if self.first is not None and meter != self.meter:
            self.bar.meter = meter
        self.meter = meter

    def set_key(self, value: str) -> None:
        found = fields.key_field(value)
        self.set_voice(found.voice)
        if not found.given:
            return
        key = found.key
        if self.first is not None:
            if key == self.key:
                return
            key = key or Key(0)  # the signature that "none" has
            self.bar.key = key
        self.key = key
        self.signature = key.signature if key else (0,) * 7

    def set_voice(self, found: fields.VoiceField) -> None:
        """Take over the properties of a voice that a ``K:`` or ``V:`` field says."""
        if found.octave is not None:
            self.octave = found.octave
        if found.transpose is not None:
            self.transpose = found.transpose
        if found.clef and self.first is not None:
            self.left_out["change of clef"] += found.clef != self.clef
        else:
            self.clef = found.clef or self.clef
        self.label = found.label or self.label
        self.left_out["unknown word in a key or voice field"] += len(found.unknown)

    def begin(self) -> Fraction:
        """The unit of length, when the first note comes."""
        if self.first is None:
            self.first = (self.meter, self.key)
        if self.unit is None:
            self.unit = fields.default_unit(self.meter)
        return self.unit

    def music(self, line: str) -> None:
        for match in lexer.MUSIC.finditer(line):
            kind, lexeme = match.lastgroup, match[0]
            self.column = match.start() + 1
            if kind == "note":
                note = lexer.written(lexeme)
                self.add((note,), note.factor)
            elif kind == "bar":
                self.bar_line(*lexer.bar_line(lexeme))
            elif kind == "rest":
                self.add((), lexer.factor(lexeme[1:]))
            elif kind == "chord":
                notes, factor, tied = lexer.chord(lexeme)
                self.add(notes, factor)
                if tied:
                    self.tie()
            elif kind == "tie":
                self.tie()
            elif kind == "broken":
                self.break_rhythm(lexeme)
            elif kind == "tuplet":
                if self.tuplet:
                    raise TuneError("unreadable tuplet")
                self.tuplet, self.place = lexer.tuplet(lexeme, fields.is_compound(self.meter)), 0
            elif kind == "ending":
                self.ending(lexeme)
            elif kind == "field":
                self.field(lexeme[1], lexeme[3:-1].strip())
            elif kind == "bars":
                self.rest_bars(lexeme[1:])
            elif kind == "colon":  # of a bar line that lost its stroke
                self.bar_line(*((":|", False) if self.bar.notes else ("|", True)))
            elif kind == "overlay":
                raise TuneError("more than one voice")
            elif kind == "stray":
                raise TuneError("unreadable music")

    def add(self, written: tuple[Written, ...], factor: Fraction) -> None:
        """Add a note, chord or rest."""
        unit = self.begin()
        length = unit * factor * self.broken if self.broken != 1 else unit * factor
        if length > LONGEST:
            raise TuneError("note too long")
        self.broken = Fraction(1)
        last = self.last_note()
        pitches = tuple(self.pitch(note, last) for note in written)
        if len(pitches) > 1:
            pitches = tuple(sorted(set(pitches), key=lambda p: (p.midi, p.step), reverse=True))
        tuplet = None
        if self.tuplet:
            tuplet = Tuplet(*self.tuplet, self.place)
            self.place += 1
            if self.place == self.tuplet[2]:
                self.tuplet = None
        if last is not None and last.tied and last.pitches != pitches:
            self.untie()
        self.bar.notes.append(Note(pitches, length, False, tuplet))

    def pitch(self, note: Written, last: Note | None) -> Pitch:
        step = note.step + 7 * self.octave
        if not LOWEST <= step <= HIGHEST:
            raise TuneError("pitch out of range")
        letter = step % 7
        place = step if self.reach == "octave" else letter
        if note.sign is not None:
            if self.reach != "not":
                self.signs[place] = note.sign
            return Pitch(step, note.sign)
        if last is not None and last.tied and not self.bar.notes:
            for pitch in last.pitches:
                if pitch.step == step:
                    return pitch  # a tie carries an accidental over the bar line
        return Pitch(step, self.signs.get(place, self.signature[letter]))

    def last_note(self) -> Note | None:
        if self.bar.notes:
            return self.bar.notes[-1]
        return self.bars[-1].notes[-1] if self.bars else None

    def tie(self) -> None:
        notes = self.bar.notes or (self.bars[-1].notes if self.bars else [])
        if notes and notes[-1].pitches:
            notes[-1] = notes[-1]._replace(tied=True)

    def untie(self) -> None:
        """Between different pitches ``-`` is a slur."""
        notes = self.bar.notes or self.bars[-1].notes
        notes[-1] = notes[-1]._replace(tied=False)

    def break_rhythm(self, signs: str) -> None:
        if not self.bar.notes or len(signs) > 3 or self.broken != 1:
            raise TuneError("unreadable broken rhythm")
        short = Fraction(1, 2 ** len(signs))
        first, self.broken = (2 - short, short) if signs[0] == ">" else (short, 2 - short)
        last = self.bar.notes[-1]
        self.bar.notes[-1] = last._replace(written=last.written * first)

    def rest_bars(self, count: str) -> None:
        """Rests of whole bars; within a bar ``Z`` can only have meant ``z``."""
        self.begin()
        if self.bar.notes:
            self.add((), lexer.factor(count))
            return
        if not self.meter.beats or count == "0":
            raise TuneError("unreadable rest")
        for n in range(int(count or 1)):
            if n:
                self.bar_line("|", False)
            self.bar.notes.append(Note((), self.meter.length))

    def ending(self, lexeme: str) -> None:
        if not lexeme.startswith("[") and (self.bar.notes or not self.bars):
            raise TuneError("unreadable music")
        if self.bar.notes:
            self.end_bar("")
        self.bar.ending = lexer.ending(lexeme)

    def bar_line(self, right: str, opens: bool) -> None:
        if self.bar.notes:
            self.end_bar(right)
        elif self.bars:
            last = self.bars[-1]
            if STRONGER.index(right) > STRONGER.index(last.right):
                last.right = right
        if right not in ("", "|") or opens:
            self.bar.ending = ""  # section 4.9
        if opens:
            self.bar.left = "|:"

    def end_bar(self, right: str) -> None:
        if self.tuplet:
            raise TuneError("tuplet over a bar line")
        if self.broken != 1:
            raise TuneError("unreadable broken rhythm")
        self.bar.right = right
        self.bars.append(self.bar)
        self.bar = Draft(ending=self.bar.ending)
        self.signs.clear()

    def end_line(self) -> None:
        """A bar that is full where a line ends is over, with or without a bar line."""
        full = self.bar.notes and self.meter.beats and self.bar.length == self.meter.length
        if full and not self.tuplet and self.broken == 1:
            self.end_bar("|")
        if self.bars and not self.bar.notes:
            self.line_ends.append(len(self.bars) - 1)

    def tune(self) -> Tune:
        """What was read, when no more comes. Raises TuneError if that is nothing."""
        if self.bar.notes:
            self.end_bar("")
        if not self.bars:
            raise TuneError("no notes")
        if self.bars[-1].notes[-1].tied:
            self.untie()
        assert self.first
        open_repeats(self.bars, self.first[0].length)
        return Tune(
            bars=tuple(bar.bar() for bar in self.bars),
            meter=self.first[0],
            key=self.first[1],
            rhythm=rhythm(self.header.get("R", "")) or rhythm_in(self.titles),
            number=number_of(self.header.get("X", "")),
            title=self.header.get("T", ""),
            tempo=fields.tempo(self.tempo, self.begin()),
            lines=tuple(n for n in dict.fromkeys(self.line_ends) if n < len(self.bars) - 1),
            voice=self.voice or "",
            label=self.label,
            clef=self.clef,
            transpose=self.transpose,
            left_out=dict(+self.left_out),
        )


def number_of(value: str) -> int:
    match = re.match("[0-9]{1,9}", value)
    return int(match[0]) if match else 1
