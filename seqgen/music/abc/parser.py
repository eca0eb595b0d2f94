"""ABC in, a tune out: reads what books and people write, or says why it cannot.

"Section" numbers in comments are those of the ABC standard 2.1.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from seqgen.errors import TuneError
from seqgen.music.abc import fields, lexer, lyrics
from seqgen.music.abc.escapes import decode
from seqgen.music.abc.lines import lines
from seqgen.music.abc.parts import parse_part_label, parse_part_order
from seqgen.music.abc.tune_type import rhythm, rhythm_in
from seqgen.music.abc.voice_parser import Settings, VoiceParser, with_signs_of
from seqgen.music.core.tune import Tune

IGNORED = frozenset("ABDFGHNOSZr")
"""Fields that say where a tune comes from; they are no music."""


def parse_tune(text: str, where: str = "", voice: str | None = None) -> Tune:
    """Read one tune of ABC, or a piece of one.

    text: from its ``X:`` line to its end (an empty line ends it); any field may be missing, so
        that bare notes are a tune as well; without ``L:`` the meter tells the unit of length.
    where: what error messages call it, such as ``"book.abc:12"``.
    voice: the name or the label of the voice that becomes the tune's first; None for the first
        that ``%%score`` names, or else the first that is written.
    Repeats are explicit in the result: a ``:|`` without a ``|:`` goes back to the last double bar.
    A bar that breaks off where its source has no bar line has ``""`` at its right. What the result
    has no place for is counted in `Tune.left_out`.
    Raises TuneError for what cannot be read, and for a voice that the tune does not have.
    """
    reading = Reading()
    try:
        for line in lines(text):
            reading.line(line)
        return reading.tune(voice)
    except TuneError as error:
        place = f"line {reading.number}, column {reading.column}"
        parts = [part for part in (where, place, error.where) if part]
        raise TuneError(error.reason, ", ".join(parts)) from None


class Reading:
    """What is known of a tune so far; fed line by line."""

    def __init__(self) -> None:
        self.header: dict[str, str] = {}
        self.titles: list[str] = []
        self.composers: list[str] = []
        self.words: list[str] = []
        self.parts: tuple[str, ...] = ()
        self.settings = Settings()  # of voices that have not begun
        self.tempo = ""
        self.in_header = True
        self.declared: dict[str, fields.VoiceField] = {}
        self.voices: dict[str, VoiceParser] = {}
        self.voice: VoiceParser | None = None
        self.score: list[str] = []
        self.part = ""  # that begins with the next music
        self.left_out: Counter[str] = Counter()
        self.number, self.column = 0, 1  # of the line, and of the lexeme in it
        self.last_field = ""
        self.continued = False  # the last line of music ends with a backslash
        self.verses = 0  # lines of lyrics since the last line of music
        self.sung: list[str] = []  # the syllables of the last of them

    def line(self, line: str) -> None:
        """Take a line; comments are gone from it."""
        self.number, self.column = self.number + 1, 1
        if match := fields.FIELD.match(line):
            self.field(match[1], match[2].strip())
        elif line:
            self.music(line.rstrip("\\"), line.endswith("\\"))

    # Fields

    def field(self, letter: str, value: str) -> None:
        if letter == "+":
            self.continue_field(value)
            return
        self.last_field = letter
        if handler := FIELDS.get(letter):
            handler(self, value)
        elif letter not in IGNORED:
            self.left_out["unknown field"] += 1

    def reference_number(self, value: str) -> None:
        if "X" in self.header or any(voice.has_music for voice in self.voices.values()):
            raise TuneError("more than one tune")
        self.header["X"] = value

    def title(self, value: str) -> None:
        self.titles.append(decode(value))

    def composer(self, value: str) -> None:
        self.composers.append(decode(value))

    def rhythm(self, value: str) -> None:
        self.header.setdefault("R", decode(value))

    def meter(self, value: str) -> None:
        meter = fields.parse_meter(value)
        sign = value.strip().upper() if value.strip().upper() in ("C", "C|") else ""
        if self.voice:
            self.voice.set_meter(meter, sign)
        else:
            self.settings.meter, self.settings.meter_sign = meter, sign

    def unit_length(self, value: str) -> None:
        (self.voice.now if self.voice else self.settings).unit = fields.parse_unit_length(value)

    def key(self, value: str) -> None:
        found = fields.parse_key_field(value)
        self.count_unknown(found.voice)
        if self.voice:
            self.voice.set_properties(found.voice)
            if found.given:
                self.voice.set_key(found.key)
            return
        self.settings.set_properties(found.voice)
        if found.given:
            self.settings.key = found.key
        self.in_header = False

    def tempo_mark(self, value: str) -> None:
        if self.voice:
            self.voice.set_tempo(value)
        else:
            self.tempo = self.tempo or value

    def part_mark(self, value: str) -> None:
        if self.in_header:
            self.parts = parse_part_order(value)
            self.left_out["unreadable order of parts"] += bool(value) and not self.parts
            return
        label = parse_part_label(value)
        self.part = "" if self.voices else label
        for voice in self.voices.values():
            voice.set_part(label)

    def select_voice(self, value: str) -> None:
        name, _, properties = value.partition(" ")
        found = fields.parse_voice_field(properties)
        self.count_unknown(found)
        if self.in_header:
            self.declared[name] = merged(self.declared.get(name), found)
            return
        if self.voice and self.voice.name != name:
            self.voice.pause_line()
        if name not in self.voices:
            self.voices[name] = self.new_voice(name)
        self.voice = self.voices[name]
        self.voice.set_properties(found)

    def new_voice(self, name: str) -> VoiceParser:
        """A voice that begins; the first one that is named may have begun without a name."""
        unnamed = self.voices.get("")
        if unnamed and name == next(iter(self.declared), "1"):
            del self.voices[""]
            unnamed.name = name
            return unnamed
        voice = VoiceParser(name, replace(self.settings), self.left_out)
        if name in self.declared:
            voice.set_properties(self.declared[name])
        if self.tempo:
            voice.set_tempo(self.tempo)
        if not self.voices:
            voice.bar.part, self.part = self.part, ""
        return voice

    def current_voice(self) -> VoiceParser:
        """The voice that music is written into; one without a name where none is named."""
        if self.voice is None:
            name = next(iter(self.declared), "")
            self.voice = self.voices[name] = self.new_voice(name)
        self.in_header = False
        return self.voice

    def count_unknown(self, found: fields.VoiceField) -> None:
        self.left_out["unknown word in a key or voice field"] += len(found.unknown)

    def lyrics(self, value: str) -> None:
        if self.voice is None:
            self.left_out["line of lyrics without music"] += 1
            return
        self.sung = list(lyrics.syllables(value.rstrip("\\")))
        self.left_out["syllable without a note"] += self.voice.align(self.sung, self.verses)
        self.verses += 1

    def symbol_line(self, value: str) -> None:
        if self.voice is None:
            self.left_out["symbol line without music"] += 1
            return
        left = self.voice.align(lyrics.symbols(value), -1)
        self.left_out["symbol without a note"] += left

    def words_below(self, value: str) -> None:
        self.words.append(decode(value))

    def continue_field(self, value: str) -> None:
        """Take a ``+:`` line, which goes on with the field before it (section 3.3)."""
        known = {"T": self.titles, "C": self.composers, "W": self.words}
        if (texts := known.get(self.last_field)) is not None and texts:
            texts[-1] = f"{texts[-1]} {decode(value)}"
        elif self.last_field == "w" and self.voice:
            count = self.left_out["syllable without a note"]
            skipped = [item if item == lyrics.BAR else lyrics.CONTINUE for item in self.sung]
            self.sung += lyrics.syllables(value)
            items = [*skipped, *self.sung[len(skipped) :]]
            left = self.voice.align(items, self.verses - 1)
            self.left_out["syllable without a note"] = count + left
        elif self.last_field not in IGNORED:
            self.left_out["continued field"] += 1

    def shorthand(self, value: str) -> None:
        match = re.fullmatch(r'([.~H-Wh-w])\s*=?\s*(!.*!|\+.*\+|".*"|[\w.]*)', value)
        if match is None:
            self.left_out["unreadable U: field"] += 1
            return
        shorthands = (self.voice.now if self.voice else self.settings).shorthands
        meaning = match[2] if match[2][:1] in ("!", "+", '"') else f"!{match[2]}!"
        shorthands[match[1]] = meaning

    def macro(self, value: str) -> None:
        self.left_out["macro"] += bool(value)

    def instruction(self, value: str) -> None:
        """``I:`` and ``%%`` lines (section 11); how a page looks is left to whoever draws it."""
        name, _, argument = value.partition(" ")
        settings = self.voice.now if self.voice else self.settings
        if name == "propagate-accidentals":
            settings.reach = argument.strip()
        elif name in ("score", "staves"):
            self.score = self.score or re.findall(r"[^\s(){}\[\]|*+~]+", argument)
        elif name in ("text", "center", "begintext"):
            self.left_out["printed text"] += 1
        elif name == "MIDI":
            self.left_out["MIDI instruction"] += 1

    # Music

    def music(self, line: str, continued: bool) -> None:
        """Take a line of music. continued: the next one belongs to it."""
        voice = self.current_voice()
        self.verses = 0
        if not self.continued:
            voice.begin_line()
        self.continued = continued
        ending_text = False
        for match in lexer.MUSIC.finditer(line):
            kind, lexeme = match.lastgroup, match[0]
            self.column = match.start() + 1
            if kind == "note":
                voice.note(lexeme)
            elif kind == "bar":
                voice.bar_line(lexer.parse_bar_line(lexeme))
            elif kind == "blank" or kind == "nothing" or kind == "lines":
                pass
            elif kind == "rest":
                voice.rest(lexeme)
            elif kind == "chord":
                voice.chord(lexeme)
            elif kind == "tie":
                voice.tie()
            elif kind == "broken":
                voice.break_rhythm(lexeme)
            elif kind == "tuplet":
                voice.begin_tuplet(lexeme)
            elif kind == "slur":
                voice.slur(lexeme)
            elif kind == "grace":
                voice.grace(lexeme)
            elif kind == "words" and ending_text:
                voice.named_ending(decode(lexeme[1:-1]))
            elif kind in ("words", "decoration", "symbol"):
                voice.mark(kind, lexeme)
            elif kind == "plus":
                voice.plus(lexeme)
            elif kind == "ending":
                voice.ending(lexer.parse_ending(lexeme), lexeme.startswith("["))
            elif kind == "field":
                if lexeme[1] == "P":
                    voice.set_part(parse_part_label(lexeme[3:-1]))
                else:
                    self.field(lexeme[1], lexeme[3:-1].strip())
                    voice = self.current_voice()
            elif kind == "bars":
                voice.rest_bars(lexeme)
            elif kind == "colon":  # of a bar line that lost its stroke
                voice.colon()
            elif kind == "overlay":
                voice.overlay(lexeme)
            elif kind == "stray":
                raise TuneError("unreadable music")
            ending_text = kind == "texts" or (ending_text and kind == "blank")
        if not continued:
            voice.end_line()

    # What was read

    def tune(self, voice: str | None) -> Tune:
        """What was read, when no more comes. Raises TuneError if that is nothing."""
        with_music = [reading for reading in self.voices.values() if reading.has_music]
        if not with_music:
            raise TuneError("no notes")
        chosen = self.in_order(with_music, voice)
        first, *others = [reading.finish() for reading in chosen]
        begun = chosen[0]
        assert begun.first
        bars = first.bars
        for other in others:
            bars = with_signs_of(bars, other.bars)
        title, *subtitles = self.titles or [""]
        return Tune(
            bars=bars,
            meter=begun.first[0],
            key=begun.first[1],
            rhythm=rhythm(self.header.get("R", "")) or rhythm_in(self.titles),
            number=number_of(self.header.get("X", "")),
            title=title,
            tempo=begun.tempo,
            lines=first.lines,
            voice=first.name,
            label=first.label,
            clef=first.clef,
            transpose=first.transpose,
            voices=tuple(others),
            subtitles=tuple(subtitles),
            composer=", ".join(self.composers),
            tempo_text=" ".join(decode(text) for text in re.findall('"([^"]*)"', self.tempo)),
            meter_sign=begun.now.meter_sign,
            part_order=self.parts,
            words=tuple(self.words),
            left_out=dict(+self.left_out),
        )

    def in_order(self, voices: Sequence[VoiceParser], wanted: str | None) -> list[VoiceParser]:
        """The voices in the order of ``%%score``, one that is wanted first.

        Raises TuneError if the tune does not have that one.
        """
        shown = [self.voices[name] for name in dict.fromkeys(self.score) if name in self.voices]
        found = [voice for voice in shown if voice.has_music] or list(voices)
        self.left_out["voice that %%score does not name"] += len(voices) - len(found)
        if wanted is None:
            return found
        named = [voice for voice in voices if wanted in (voice.name, voice.now.label)]
        if not named:
            names = ", ".join(voice.name or "1" for voice in voices)
            raise TuneError("no such voice", f"voice {wanted!r} (the tune has {names})")
        return [named[0], *(voice for voice in found if voice is not named[0])]


FIELDS = {
    "X": Reading.reference_number, "T": Reading.title, "C": Reading.composer, "R": Reading.rhythm,
    "M": Reading.meter, "L": Reading.unit_length, "K": Reading.key, "Q": Reading.tempo_mark,
    "P": Reading.part_mark, "V": Reading.select_voice, "w": Reading.lyrics,
    "s": Reading.symbol_line, "W": Reading.words_below, "U": Reading.shorthand,
    "m": Reading.macro, "I": Reading.instruction,
}  # fmt: skip


def merged(before: fields.VoiceField | None, found: fields.VoiceField) -> fields.VoiceField:
    """The properties of a voice after another field about it."""
    if before is None:
        return found
    return fields.VoiceField(
        found.clef or before.clef,
        before.octave if found.octave is None else found.octave,
        before.transpose if found.transpose is None else found.transpose,
        found.label or before.label,
    )


def number_of(value: str) -> int:
    match = re.match("[0-9]{1,9}", value)
    return int(match[0]) if match else 1
