"""Parses the music of one voice, lexeme by lexeme.

"Section" numbers are those of the ABC standard 2.1.
"""

from collections import Counter
from dataclasses import replace
from fractions import Fraction

from seqgen.errors import TuneError
from seqgen.music.abc import fields, lexer, symbols
from seqgen.music.abc.bar_builder import NoteRef, VoiceBars
from seqgen.music.abc.escapes import decode
from seqgen.music.abc.lexer import BarLine, ParsedNote
from seqgen.music.abc.voice_settings import VoiceField, VoiceSettings
from seqgen.music.core.key import Key, Pitch
from seqgen.music.core.meter import Meter
from seqgen.music.core.tune import PLAIN, Attachments, Note, Tuplet, Voice

LOWEST, HIGHEST = 0, 69  # steps that MIDI has keys for, whatever their signs
MAX_LENGTH = 64  # whole notes; a longer note is a slip
MAX_GRACE_UNIT = Fraction(1, 8)  # written length of a grace note of one unit
ONE = Fraction(1)


class VoiceParser:
    """A voice so far.

    Attributes:
        name: Value of its ``V:`` field; "" for a voice without one.
        settings: The fields that apply to the next note.
        bars: Its bars.
        initial: Meter and key of the first note; None before it.
        tempo: Quarter notes a minute at the beginning, if stated.
    """

    def __init__(self, name: str, settings: VoiceSettings, left_out: Counter[str]) -> None:
        """left_out: counts what a `Tune` cannot represent."""
        self.name, self.settings, self._left_out = name, settings, left_out
        self.bars = VoiceBars(self._check_complete)
        self.initial: tuple[Meter, Key | None] | None = None
        self.tempo: float | None = None
        self._signature: tuple[int, ...] = (0,) * 7
        self._tuplet: tuple[int, int, int] | None = None
        self._tuplet_place = 0
        self._cache: dict[str, tuple[tuple[ParsedNote], Fraction]] = {}  # notes by lexeme
        self._cache_unit: Fraction | None = None
        self._broken = ONE  # factor by which broken rhythm changes the next note
        self._pending = PLAIN  # attachments of the next note
        self._slurs: list[NoteRef] = []  # notes at which the open slurs begin
        self._update_signature()

    # Fields

    def set_meter(self, meter: Meter, sign: str = "") -> None:
        """Apply an ``M:`` field. sign: ``"C"`` or ``"C|"`` if the meter is written as one."""
        if self.initial is None:
            self.settings.meter_sign = sign
        elif meter != self.settings.meter:
            self.bars.current.meter = meter
        self.settings.meter = meter

    def set_key(self, key: Key | None) -> None:
        """Apply the key of a ``K:`` field."""
        if self.initial is not None:
            if key == self.settings.key:
                return
            key = key or Key(0)  # the signature of "none"
            self.bars.current.key = key
        self.settings.key = key
        self._update_signature()

    def _update_signature(self) -> None:
        key = self.settings.key
        self._signature = key.signature if key else (0,) * 7

    def set_tempo(self, value: str) -> None:
        """Apply a ``Q:`` field; one without a number changes nothing."""
        unit = self.settings.unit or fields.default_unit(self.settings.meter)
        tempo = fields.parse_tempo(value, unit)
        if tempo is None:
            self._left_out["tempo word within the music"] += self.initial is not None
        elif self.initial is None:
            self.tempo = tempo
        else:
            self.bars.current.tempo = tempo

    def apply(self, properties: VoiceField) -> None:
        """Apply a ``K:`` or ``V:`` field; clef and transposition change only before the music."""
        clef, transpose = self.settings.clef, self.settings.transpose
        self.settings.apply(properties)
        if self.initial is not None:
            self._left_out["change of clef"] += self.settings.clef != clef
            self._left_out["change of transposition"] += self.settings.transpose != transpose
            self.settings.clef, self.settings.transpose = clef, transpose

    def begin_part(self, label: str) -> None:
        """Begin a part, with a new bar."""
        if self.bars.current.notes:
            self.bars.end_bar("")
        self.bars.current.part = label

    def _begin_music(self) -> Fraction:
        """Fix meter, key and unit length for the first note; returns the unit length."""
        if self.initial is None:
            self.initial = (self.settings.meter, self.settings.key)
        if self.settings.unit is None:
            self.settings.unit = fields.default_unit(self.settings.meter)
        return self.settings.unit

    # Notes

    def note(self, lexeme: str) -> None:
        """Add a note."""
        if self.settings.unit is not self._cache_unit or self._cache_unit is None:
            self._cache_unit, self._cache = self._begin_music(), {}
        parsed = self._cache.get(lexeme)
        if parsed is None:
            note = lexer.parse_note(lexeme)
            parsed = self._cache[lexeme] = (note,), self._length(note.factor)
        self._append(*parsed)

    def rest(self, lexeme: str) -> None:
        """Add a rest."""
        self._append((), self._length(lexer.parse_length(lexeme[1:].strip())))
        if lexeme[0] == "x":
            self.bars.notes[-1] = self.bars.notes[-1]._replace(invisible=True)

    def chord(self, lexeme: str) -> None:
        """Add a chord with what its brackets contain besides notes."""
        chord = lexer.parse_chord(lexeme)
        for kind, text in chord.others:
            if kind in ("decoration", "plus", "symbol", "words"):
                self.mark(kind, text)
            elif kind == "stray":
                raise TuneError("unreadable music")
        self._append(chord.notes, self._length(chord.factor))
        if len({note.factor for note in chord.notes}) > 1:
            self._left_out["other length within a chord"] += 1
        if chord.tied:
            self.tie()

    def whole_bar_rests(self, lexeme: str) -> None:
        """Add rests of whole bars; within a bar ``Z`` can only mean ``z``."""
        self._begin_music()
        count = lexeme[1:]
        if self.bars.notes:
            self._append((), self._length(lexer.parse_length(count)))
            return
        meter = self.settings.meter
        if not meter.beats or count == "0":
            raise TuneError("unreadable rest")
        for n in range(int(count or 1)):
            if n:
                self.bars.bar_line(BarLine("|"))
            attached = self._take_pending()
            rest = Note((), meter.length, attached=attached, invisible=lexeme[0] == "X")
            self.bars.notes.append(rest)

    def _length(self, factor: Fraction) -> Fraction:
        """A length in whole notes from one in units. Raises TuneError if it is too long."""
        length = self._begin_music() * factor
        if length > MAX_LENGTH:
            raise TuneError("note too long")
        return length

    def _append(self, written: tuple[ParsedNote, ...], length: Fraction) -> None:
        """Add a note, a chord, or a rest if ``written`` is empty."""
        if self._broken is not ONE:
            length *= self._broken
            self._broken = ONE
        last = self.bars.last_note()
        pitches = tuple([self._pitch(note, last) for note in written])
        if len(pitches) > 1:
            pitches = highest_first(pitches)
        tuplet = None
        if self._tuplet:
            tuplet = Tuplet(*self._tuplet, self._tuplet_place)
            self._tuplet_place += 1
            if self._tuplet_place == self._tuplet[2]:
                self._tuplet = None
        attached = self._take_pending()
        self.bars.notes.append(Note(pitches, length, False, tuplet, attached))
        if last is not None and last.tied and last.pitches != pitches:
            self._replace_tie_by_slur()

    def _pitch(self, note: ParsedNote, last: Note | None) -> Pitch:
        step = note.step + 7 * self.settings.octave
        if not LOWEST <= step <= HIGHEST:
            raise TuneError("pitch out of range")
        letter = step % 7
        scope = self.settings.accidental_scope
        place = step if scope == "octave" else letter
        if note.sign is not None:
            if scope != "not":
                self.bars.signs[place] = note.sign
            return Pitch(step, note.sign)
        if last is not None and last.tied and not self.bars.notes:
            for pitch in last.pitches:
                if pitch.step == step:
                    return pitch  # a tie carries an accidental over the bar line
        return Pitch(step, self.bars.signs.get(place, self._signature[letter]))

    def tie(self, _: str = "-") -> None:
        """Tie the last note to the next one."""
        ref = self.bars.last_ref()
        if ref is None or not ref.note.pitches:
            self._left_out["tie without a note"] += 1
        else:
            ref.update(tied=True)

    def _replace_tie_by_slur(self) -> None:
        """Between different pitches, those of the last two notes, ``-`` is a slur."""
        bars = self.bars
        after = NoteRef(bars.notes, len(bars.notes) - 1)
        earlier = bars.notes if after.position else bars.finished[-1].notes
        before = NoteRef(earlier, (after.position or len(earlier)) - 1)
        before.update(tied=False)
        if not after.note.pitches:
            self._left_out["tie without a note"] += 1
        else:
            before.attach(slurs_begin=before.note.attached.slurs_begin + 1)
            after.attach(slurs_end=after.note.attached.slurs_end + 1)

    def broken_rhythm(self, signs: str) -> None:
        """Lengthen one note and shorten its neighbour: ``>``, ``<<``, ..."""
        notes = self.bars.notes
        if not notes or len(signs) > 3 or self._broken is not ONE:
            raise TuneError("unreadable broken rhythm")
        short = Fraction(1, 2 ** len(signs))
        first, self._broken = (2 - short, short) if signs[0] == ">" else (short, 2 - short)
        notes[-1] = notes[-1]._replace(written=notes[-1].written * first)

    def begin_tuplet(self, lexeme: str) -> None:
        """Begin a tuplet."""
        if self._tuplet:
            raise TuneError("unreadable tuplet")
        self._tuplet = lexer.parse_tuplet(lexeme, self.settings.meter.is_compound)
        self._tuplet_place = 0

    def _check_complete(self) -> None:
        """Raise TuneError for a tuplet or broken rhythm over a bar line."""
        if self._tuplet:
            raise TuneError("tuplet over a bar line")
        if self._broken is not ONE:
            raise TuneError("unreadable broken rhythm")

    # Attachments

    def _take_pending(self) -> Attachments:
        """The attachments of the note that is about to be added."""
        if self.bars.marks:
            self.bars.place_marks(at_line=False)
        pending, self._pending = self._pending, PLAIN
        if pending.slurs_begin:
            self._slurs += [NoteRef(self.bars.notes, len(self.bars.notes))] * pending.slurs_begin
        return pending

    def plus_signs(self, lexeme: str) -> None:
        """Add a decoration between plus signs or, in old tunes, a chord."""
        notes = lexer.notes_between_plus_signs(lexeme)
        if notes:
            self.chord(f"[{notes}]")
        else:
            self.mark("plus", lexeme)

    def mark(self, kind: str, lexeme: str) -> None:
        """Add a decoration, a single-letter sign, a chord symbol or an annotation."""
        if kind == "symbol":
            meaning = self.settings.shorthands.get(lexeme)
            if meaning is None:
                self._left_out["letter without a meaning"] += 1
                return
            is_text, text = meaning[:1] == '"', meaning.strip("!+")
            text = meaning[1:-1] if is_text else text
        else:
            is_text = kind == "words"
            text = decode(lexeme[1:-1]) if is_text else lexeme[1:-1]
        name = text.lstrip(symbols.PLACEMENTS) if is_text else symbols.decoration_name(text)
        if direction := symbols.parse_direction(name):
            self.bars.add_mark(direction)
        elif is_text:
            self._pending = symbols.add_text(self._pending, text)
        else:
            self._pending = symbols.add_decoration(self._pending, name)

    def grace(self, lexeme: str) -> None:
        """Add a group of grace notes."""
        group = lexer.parse_grace(lexeme)
        if not group:
            return
        unit = min(self._begin_music(), MAX_GRACE_UNIT)
        signs = dict(self.bars.signs)  # accidentals of grace notes do not apply after the group
        notes = []
        for written, factor in group:
            pitches = tuple([self._pitch(note, None) for note in written])
            notes.append(Note(highest_first(pitches), unit * factor))
        self.bars.signs = signs
        slash = lexeme[1:].lstrip().startswith("/")
        self._pending = replace(
            self._pending,
            grace=(*self._pending.grace, *notes),
            acciaccatura=self._pending.acciaccatura or slash,
        )

    def slur(self, lexeme: str) -> None:
        """Begin or end a slur."""
        if lexeme != ")":
            self._pending = replace(self._pending, slurs_begin=self._pending.slurs_begin + 1)
            return
        ref = self.bars.last_ref()
        if not self._slurs or ref is None:
            self._left_out["slur without a beginning"] += 1
            return
        self._slurs.pop()
        ref.attach(slurs_end=ref.note.attached.slurs_end + 1)

    # Bars

    def overlay(self, lexeme: str) -> None:
        """Begin or end an overlay."""
        self._begin_music()
        self.bars.overlay(lexeme)

    def pause_line(self) -> None:
        """End the line for this voice because another one continues it."""
        bars = self.bars
        if bars.line_start != (len(bars.finished), len(bars.current.notes)):
            self.end_line()

    def end_line(self) -> None:
        """End a line of the source."""
        is_complete = not self._tuplet and self._broken is ONE
        self.bars.end_line(self.settings.meter.length, is_complete)

    def finish(self) -> Voice:
        """The whole voice, which has music."""
        assert self.initial
        self.bars.finish(self.initial[0].length)
        for ref in self._slurs:
            ref.attach(slurs_begin=max(0, ref.note.attached.slurs_begin - 1))
        self._left_out["slur without an end"] += len(self._slurs)
        pending = self._pending
        for kind, count in {
            "decoration": len(pending.decorations),
            "annotation": len(pending.annotations),
            "chord symbol": pending.chord_symbol != "",
            "grace note": len(pending.grace),
            "slash": pending.acciaccatura,
            "slur": pending.slurs_begin > 0,
            "direction": len(self.bars.marks),
        }.items():
            self._left_out[f"{kind} without a note"] += count
        return Voice(
            bars=tuple([bar.build() for bar in self.bars.finished]),
            name=self.name,
            label=self.settings.label,
            clef=self.settings.clef,
            transpose=self.settings.transpose,
            lines=tuple(
                n for n in dict.fromkeys(self.bars.line_ends) if n < len(self.bars.finished) - 1
            ),
        )


def highest_first(pitches: tuple[Pitch, ...]) -> tuple[Pitch, ...]:
    """The pitches of a chord, each once."""
    return tuple(sorted(set(pitches), key=lambda p: (p.midi, p.step), reverse=True))
