"""Parses a tune of ABC, as books and people write it.

"Section" numbers are those of the ABC standard 2.1.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from seqgen.errors import TuneError
from seqgen.music.abc import fields, lexer, lyrics
from seqgen.music.abc.escapes import decode
from seqgen.music.abc.lines import lines
from seqgen.music.abc.parts import parse_part_label, parse_part_order
from seqgen.music.abc.tune_type import rhythm, rhythm_in
from seqgen.music.abc.voice_parser import VoiceParser
from seqgen.music.abc.voice_settings import VoiceField, VoiceSettings, parse_voice_field
from seqgen.music.core.tune import Bar, Tune

IGNORED = frozenset("ABDFGHNOSZr")
"""Fields about the origin of a tune, which do not concern the music."""


def parse_tune(text: str, where: str = "", voice: str | None = None) -> Tune:
    """Parse one tune, or a piece of one.

    In the result every repeat has both signs: a ``:|`` without a ``|:`` goes back to the last
    double bar. A bar that ends without a bar line in its source has ``""`` at its right.

    Args:
        text: From the ``X:`` line to the end of the tune, an empty line. Any field may be missing:
            bare notes are a tune as well, and the meter then determines the unit length.
        where: Prefix of the place in error messages, such as ``"book.abc:12"``.
        voice: Name or label of the voice that becomes the tune's first; by default the first that
            ``%%score`` names, or else the first in the text.

    Raises:
        TuneError: If the text cannot be read, or the tune does not have the voice.
    """
    parser = TuneParser()
    try:
        for line in lines(text):
            parser.line(line)
        return parser.tune(voice)
    except TuneError as error:
        place = f"line {parser.line_number}, column {parser.column}"
        parts = [part for part in (where, place, error.where) if part]
        raise TuneError(error.reason, ", ".join(parts)) from None


class TuneParser:
    """A tune so far, line by line; `seqgen.music.abc.bar_spans` also records places."""

    def __init__(self) -> None:
        self.line_number, self.column = 0, 1
        self.left_out: Counter[str] = Counter()
        self.in_header = True
        self.last_field = ""
        # Header fields.
        self.number: str | None = None
        self.rhythm: str | None = None
        self.tempo = ""
        self.texts: dict[str, list[str]] = {"T": [], "C": [], "W": []}
        self.part_order: tuple[str, ...] = ()
        self.score: list[str] = []
        self.settings = VoiceSettings()  # initial settings of every voice
        self.declared: dict[str, VoiceField] = {}
        # Music.
        self.voices: dict[str, VoiceParser] = {}
        self.voice: VoiceParser | None = None
        self.part = ""  # label of the part that the next music begins
        self.continued = False  # whether the last line of music ended with a backslash
        self.verses = 0  # lines of lyrics since the last line of music
        self.sung: list[str] = []  # syllables of the last of them

    def line(self, line: str) -> None:
        """Read a line, which has no comment."""
        self.line_number, self.column = self.line_number + 1, 1
        if match := fields.FIELD.match(line):
            self.field(match[1], match[2].strip())
        elif line:
            self.music(line.rstrip("\\"), line.endswith("\\"))

    # Fields

    @property
    def current_settings(self) -> VoiceSettings:
        """The settings that a field changes."""
        return self.voice.settings if self.voice else self.settings

    def field(self, letter: str, value: str) -> None:
        """Read an information field."""
        if letter == "+":
            self.continue_field(value)
            return
        self.last_field = letter
        if handler := FIELDS.get(letter):
            handler(self, value)
        elif letter in self.texts:
            self.texts[letter].append(decode(value))
        elif letter not in IGNORED:
            self.left_out["unknown field"] += 1

    def reference_number(self, value: str) -> None:
        if self.number is not None or any(v.bars.has_music for v in self.voices.values()):
            raise TuneError("more than one tune")
        self.number = value

    def rhythm_field(self, value: str) -> None:
        if self.rhythm is None:
            self.rhythm = decode(value)

    def meter(self, value: str) -> None:
        meter = fields.parse_meter(value)
        sign = value.strip().upper() if value.strip().upper() in ("C", "C|") else ""
        if self.voice:
            self.voice.set_meter(meter, sign)
        else:
            self.settings.meter, self.settings.meter_sign = meter, sign

    def unit_length(self, value: str) -> None:
        self.current_settings.unit = fields.parse_unit_length(value)

    def key(self, value: str) -> None:
        key = fields.parse_key_field(value)
        self.count_unknown(key.voice)
        if self.voice:
            self.voice.apply(key.voice)
            if key.given:
                self.voice.set_key(key.key)
            return
        self.settings.apply(key.voice)
        if key.given:
            self.settings.key = key.key
        self.in_header = False

    def tempo_mark(self, value: str) -> None:
        if self.voice:
            self.voice.set_tempo(value)
        else:
            self.tempo = self.tempo or value

    def part_field(self, value: str) -> None:
        if self.in_header:
            self.part_order = parse_part_order(value)
            self.left_out["unreadable order of parts"] += bool(value) and not self.part_order
            return
        label = parse_part_label(value)
        self.part = "" if self.voices else label
        for voice in self.voices.values():
            voice.begin_part(label)

    def select_voice(self, value: str) -> None:
        name, _, text = value.partition(" ")
        properties = parse_voice_field(text)
        self.count_unknown(properties)
        if self.in_header:
            self.declared[name] = self.declared.get(name, VoiceField()).updated(properties)
            return
        if self.voice and self.voice.name != name:
            self.voice.pause_line()
        if name not in self.voices:
            self.voices[name] = self.new_voice(name)
        self.voice = self.voices[name]
        self.voice.apply(properties)

    def new_voice(self, name: str) -> VoiceParser:
        """Start a voice, or name the one that music without a ``V:`` field has started."""
        unnamed = self.voices.get("")
        if unnamed and name == next(iter(self.declared), "1"):
            del self.voices[""]
            unnamed.name = name
            return unnamed
        voice = VoiceParser(name, replace(self.settings), self.left_out)
        if name in self.declared:
            voice.apply(self.declared[name])
        if self.tempo:
            voice.set_tempo(self.tempo)
        if not self.voices:
            voice.bars.current.part, self.part = self.part, ""
        return voice

    def current_voice(self) -> VoiceParser:
        """The voice of the music that follows; "" or the first declared one without a ``V:``."""
        if self.voice is None:
            name = next(iter(self.declared), "")
            self.voice = self.voices[name] = self.new_voice(name)
        self.in_header = False
        return self.voice

    def count_unknown(self, properties: VoiceField) -> None:
        self.left_out["unknown word in a key or voice field"] += len(properties.unknown)

    def lyrics(self, value: str) -> None:
        if self.voice is None:
            self.left_out["line of lyrics without music"] += 1
            return
        self.sung = list(lyrics.split_syllables(value.rstrip("\\")))
        left = lyrics.align(self.sung, self.voice.bars, self.verses)
        self.left_out["syllable without a note"] += left
        self.verses += 1

    def symbol_line(self, value: str) -> None:
        if self.voice is None:
            self.left_out["symbol line without music"] += 1
            return
        left = lyrics.align(lyrics.split_symbols(value), self.voice.bars, None)
        self.left_out["symbol without a note"] += left

    def continue_field(self, value: str) -> None:
        """Read a ``+:`` line, which continues the field before it (section 3.3)."""
        if texts := self.texts.get(self.last_field):
            texts[-1] = f"{texts[-1]} {decode(value)}"
        elif self.last_field == "w" and self.voice:
            count = self.left_out["syllable without a note"]
            aligned = [item if item == lyrics.BAR else lyrics.KEEP for item in self.sung]
            self.sung += lyrics.split_syllables(value)
            items = [*aligned, *self.sung[len(aligned) :]]
            left = lyrics.align(items, self.voice.bars, self.verses - 1)
            self.left_out["syllable without a note"] = count + left
        elif self.last_field not in IGNORED:
            self.left_out["continued field"] += 1

    def shorthand(self, value: str) -> None:
        match = re.fullmatch(r'([.~H-Wh-w])\s*=?\s*(!.*!|\+.*\+|".*"|[\w.]*)', value)
        if match is None:
            self.left_out["unreadable U: field"] += 1
            return
        meaning = match[2] if match[2][:1] in ("!", "+", '"') else f"!{match[2]}!"
        self.current_settings.shorthands[match[1]] = meaning

    def macro(self, value: str) -> None:
        self.left_out["macro"] += bool(value)

    def instruction(self, value: str) -> None:
        """Read an ``I:`` or ``%%`` line (section 11); those about the layout are ignored."""
        name, _, argument = value.partition(" ")
        if name == "propagate-accidentals":
            self.current_settings.accidental_scope = argument.strip()
        elif name in ("score", "staves"):
            self.score = self.score or re.findall(r"[^\s(){}\[\]|*+~]+", argument)
        elif name in ("text", "center", "begintext"):
            self.left_out["printed text"] += 1
        elif name == "MIDI":
            self.left_out["MIDI instruction"] += 1

    # Music

    def music(self, line: str, continued: bool) -> None:
        """Read a line of music. continued: whether it continues on the next line."""
        voice = self.current_voice()
        self.verses = 0
        if not self.continued:
            voice.bars.begin_line()
        self.continued = continued
        ending_text = False  # whether a text here names an ending
        for match in self.lexemes(line):
            kind, lexeme = match.lastgroup, match[0]
            self.column = match.start() + 1
            if kind == "note":
                voice.note(lexeme)
            elif kind == "bar":
                voice.bars.bar_line(lexer.parse_bar_line(lexeme))
            elif kind == "words" and ending_text:
                voice.bars.begin_named_ending(lexer.endings_in_text(decode(lexeme[1:-1])))
            elif kind in ("words", "decoration", "symbol"):
                voice.mark(kind, lexeme)
            elif kind == "ending":
                voice.bars.begin_ending(lexer.parse_ending(lexeme), lexeme.startswith("["))
            elif kind == "field":
                if lexeme[1] == "P":
                    voice.begin_part(parse_part_label(lexeme[3:-1]))
                else:
                    self.field(lexeme[1], lexeme[3:-1].strip())
                    voice = self.current_voice()
            elif kind == "colon":
                voice.bars.lone_colon()
            elif kind == "stray":
                raise TuneError("unreadable music")
            elif handler := LEXEMES.get(kind or ""):
                handler(voice, lexeme)
            ending_text = kind == "texts" or (ending_text and kind == "blank")
        if not continued:
            voice.end_line()

    def lexemes(self, line: str) -> Iterator[re.Match[str]]:
        """The lexemes of a line of music; each is read before the next one is requested."""
        return lexer.MUSIC.finditer(line)

    # Result

    def tune(self, voice: str | None) -> Tune:
        """The whole tune, with a voice as its first. Raises TuneError if it has no notes."""
        parsers = self.ordered_voices(voice)
        first, *others = [parser.finish() for parser in parsers]
        initial = parsers[0].initial
        assert initial
        bars = first.bars
        for other in others:
            bars = _with_directions(bars, other.bars)
        title, *subtitles = self.texts["T"] or [""]
        number = re.match("[0-9]{1,9}", self.number or "")
        return Tune(
            bars=bars,
            meter=initial[0],
            key=initial[1],
            rhythm=rhythm(self.rhythm or "") or rhythm_in(self.texts["T"], initial[0]),
            number=int(number[0]) if number else 1,
            title=title,
            tempo=parsers[0].tempo,
            lines=first.lines,
            voice=first.name,
            label=first.label,
            clef=first.clef,
            transpose=first.transpose,
            voices=tuple(others),
            subtitles=tuple(subtitles),
            composer=", ".join(self.texts["C"]),
            tempo_text=" ".join(decode(text) for text in re.findall('"([^"]*)"', self.tempo)),
            meter_sign=parsers[0].settings.meter_sign,
            part_order=self.part_order,
            words=tuple(self.texts["W"]),
            left_out=dict(+self.left_out),
        )

    def ordered_voices(self, first: str | None) -> list[VoiceParser]:
        """The voices that have music, in the order of ``%%score``, a requested one first.

        Raises TuneError if there is none, or not the requested one.
        """
        voices = [voice for voice in self.voices.values() if voice.bars.has_music]
        if not voices:
            raise TuneError("no notes")
        score = [self.voices[name] for name in dict.fromkeys(self.score) if name in self.voices]
        ordered = [voice for voice in score if voice.bars.has_music] or voices
        self.left_out["voice that %%score does not name"] += len(voices) - len(ordered)
        if first is None:
            return ordered
        named = [voice for voice in voices if first in (voice.name, voice.settings.label)]
        if not named:
            names = ", ".join(voice.name or "1" for voice in voices)
            raise TuneError("no such voice", f"voice {first!r} (the tune has {names})")
        return [named[0], *(voice for voice in ordered if voice is not named[0])]


FIELDS = {
    "X": TuneParser.reference_number, "R": TuneParser.rhythm_field, "M": TuneParser.meter,
    "L": TuneParser.unit_length, "K": TuneParser.key, "Q": TuneParser.tempo_mark,
    "P": TuneParser.part_field, "V": TuneParser.select_voice, "w": TuneParser.lyrics,
    "s": TuneParser.symbol_line, "U": TuneParser.shorthand, "m": TuneParser.macro,
    "I": TuneParser.instruction,
}  # fmt: skip

LEXEMES: dict[str, Callable[[VoiceParser, str], None]] = {
    "rest": VoiceParser.rest, "chord": VoiceParser.chord, "tie": VoiceParser.tie,
    "broken": VoiceParser.broken_rhythm, "tuplet": VoiceParser.begin_tuplet,
    "slur": VoiceParser.slur, "grace": VoiceParser.grace, "plus": VoiceParser.plus_signs,
    "bars": VoiceParser.whole_bar_rests, "overlay": VoiceParser.overlay,
}  # fmt: skip


def _with_directions(bars: Sequence[Bar], other: Sequence[Bar]) -> tuple[Bar, ...]:
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
