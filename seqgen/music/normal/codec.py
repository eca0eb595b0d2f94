"""Encoding of tunes in normal form as text (`seqgen.music.normal.tokens`), and decoding."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from seqgen.errors import TuneError
from seqgen.music.abc import fields
from seqgen.music.core import key as keys
from seqgen.music.core.accidentals import SIGNS
from seqgen.music.core.key import LETTERS, Key, Pitch
from seqgen.music.core.tune import Bar, NormalTune, Note, Tuplet
from seqgen.music.normal import outline, tokens

HEADER_LINE = re.compile(rf"([{tokens.HEADER_LETTERS}]):([^\n]*)\n")
C = Key(0)
OCTAVE_SHIFTS = (0, -7, 7)  # letters, in order of preference
# How the line of the tonic states that a tune comes from an octave above or below.
OCTAVES = {0: "", 1: "'", -1: ","}

NAMES = {step: name for name, step in tokens.NATURALS.items()}
WRITTEN = {Fraction(ticks, tokens.WHOLE): name for name, ticks in tokens.LENGTHS.items()}
LENGTHS = {name: length for length, name in WRITTEN.items()}


def encode_tune(tune: NormalTune, key: Key | None = C) -> str:
    """Encode a tune as text.

    Args:
        tune: The tune.
        key: Key to whose tonic the tune is moved (`move_tune`); None for its own key.

    Raises:
        TuneError: If a note cannot be written in that key.
    """
    moved, octaves = move_tune(tune, key)
    header = [f"R:{tune.rhythm or tokens.NO_RHYTHM}\n", f"M:{tune.meter}\n"]
    if key:
        header.append(f"{outline.TONIC}:{tune.key.tonic}{OCTAVES[octaves]}\n")
    music = _body(moved.bars, moved)
    return "".join([*header, *_outline_lines(moved), f"K:{moved.key}\n", *music])


def move_tune(tune: NormalTune, key: Key | None = C) -> tuple[NormalTune, int]:
    """Move a tune to where the tokens can write it.

    Args:
        tune: The tune.
        key: Key to whose tonic it is moved by the shortest distance, or an octave from it if the
            range requires that; None for its own key.

    Returns:
        The tune, and the octaves to move it up beyond the shortest way back.

    Raises:
        TuneError: If a note cannot be written in that key.
    """
    way = keys.transposition_between(tune.key, key) if key else (0, 0)
    own = _in_key(tune.key, key) if key else tune.key
    pitches = {note.pitches[0] for bar in tune.bars for note in bar.notes if note.pitches}
    there = {pitch: keys.transpose_pitch(pitch, way) for pitch in pitches}
    if any(abs(pitch.alter) > 1 for pitch in there.values()):
        raise TuneError("double sign")
    for letters in OCTAVE_SHIFTS:
        if all(pitch.step + letters in NAMES for pitch in there.values()):
            break
    else:
        raise TuneError("range too wide")
    there = {pitch: p._replace(step=p.step + letters) for pitch, p in there.items()}
    return replace(tune, key=own, bars=_with_pitches(tune.bars, there)), -letters // 7


def read_tonic(value: str) -> tuple[str, int]:
    """Split the value of the line of the tonic into its name and octaves; "?" if it is unknown."""
    octaves = value.count("'") - value.count(",")
    return value.rstrip("',"), octaves


def _outline_lines(tune: NormalTune) -> Iterator[str]:
    """The lines of the range, the sections and their final notes."""
    steps = [note.pitches[0].step for bar in tune.bars for note in bar.notes if note.pitches]
    if steps:
        yield f"{outline.LOWEST}:{NAMES[min(steps)]}\n"
        yield f"{outline.HIGHEST}:{NAMES[max(steps)]}\n"
    for part, final in zip(outline.outline(tune), outline.finals(tune), strict=True):
        yield outline.part_line(part)
        yield outline.final_line(final)


def _body(bars: tuple[Bar, ...], tune: NormalTune) -> Iterator[str]:
    numbers = _BarNumbers(tune.meter.length)
    for n, (bar, signs) in enumerate(zip(bars, accidental_signs(bars, tune.key), strict=True)):
        line = closing(bar, bars[n + 1] if n + 1 < len(bars) else None)
        notes = "".join(_note_tokens(bar, signs))
        yield bar.left
        tied = n > 0 and bars[n - 1].notes[-1].tied
        if (distance := numbers.add(bar, notes, line)) and not tied:
            yield f"@{distance}"
        yield notes
        yield line


def _note_tokens(bar: Bar, signs: Sequence[str]) -> Iterator[str]:
    for note, sign in zip(bar.notes, signs, strict=True):
        if note.tuplet and note.tuplet.place == 0:
            yield tokens.TRIPLET
        yield sign + NAMES[note.pitches[0].step] if note.pitches else tokens.REST
        yield WRITTEN[note.written]
        if note.tied:
            yield tokens.TIE


class _BarNumbers:
    """The numbers of the bars of a tune, as in `seqgen.music.normal.position_features`.

    The last bar of a section and the pickup of the next one have one number.
    """

    def __init__(self, length: Fraction) -> None:
        """length: of a full bar in whole notes."""
        self._length = length
        self._number = self._first_ending = 0
        self._filled = Fraction(0)  # of the current bar
        self._notes: dict[int, str] = {}

    def add(self, bar: Bar, notes: str, line: str) -> int:
        """Add a bar; return the distance to an equal one before it, or 0.

        notes: its tokens. line: the bar line after it; "" for a ``|:``.
        """
        distance = 0
        if not self._filled:
            equal = (d for d in tokens.COPY_DISTANCES if self._notes.get(self._number - d) == notes)
            distance = next(equal, 0)
            self._notes[self._number] = notes
        self._filled += bar.length
        whole = self._filled >= self._length
        if whole or line in (tokens.BAR, tokens.FIRST, ""):
            if not whole and not self._number:  # a pickup or a lead-in
                del self._notes[0]
            self._go_to(self._number + 1)
        if line == tokens.FIRST:
            self._first_ending = self._number
        elif line == tokens.SECOND:
            self._go_to(self._first_ending)
        return distance

    def _go_to(self, number: int) -> None:
        self._number, self._filled = number, Fraction(0)


def closing(bar: Bar, after: Bar | None) -> str:
    """The token between two bars; "" before a ``|:``, which replaces a plain bar line."""
    if after and after.ending and after.ending != bar.ending:
        return tokens.FIRST if after.ending == "1" else tokens.SECOND
    if after and after.left and bar.right == tokens.BAR:
        return ""
    return bar.right


def accidental_signs(bars: tuple[Bar, ...], key: Key) -> Iterator[list[str]]:
    """The sign of each note of each bar, or ""; all programs read these signs alike.

    After a sign, every note of its letter in the bar has one, in every octave; a tied note has that
    of the note before it.
    """
    tied: str | None = None
    for bar in bars:
        letters: set[int] = set()
        signs = []
        for note in bar.notes:
            sign = ""
            if note.pitches:
                pitch = note.pitches[0]
                if tied is not None:
                    sign = tied
                elif pitch.alter != key.signature[pitch.letter] or pitch.letter in letters:
                    sign = SIGNS[pitch.alter]
                if sign:
                    letters.add(pitch.letter)
            signs.append(sign)
            tied = sign if note.tied else None
        yield signs


def pitch_name(pitch: Pitch) -> str:
    """Letter and octave in ABC: ``C,``, ``c``, ``c''``."""
    letter = LETTERS[pitch.letter]
    if pitch.octave < 5:
        return letter + "," * (4 - pitch.octave)
    return letter.lower() + "'" * (pitch.octave - 5)


def _in_key(own: Key, key: Key) -> Key:
    """The key of the same mode on the tonic of another. Raises TuneError beyond seven signs."""
    there = replace(own, letter=key.letter, alter=key.alter)
    if abs(there.sharps) > 7:
        raise TuneError(f"no key of {there.tonic} {there.mode}")
    return there


def transpose_tune(tune: NormalTune, key: Key, octaves: int = 0) -> NormalTune:
    """Move a tune to the tonic of a key by the shortest distance, and octaves up; its mode stays.

    A note with a double sign is spelled by the next letter. Raises TuneError for a key of more than
    seven signs.
    """
    letters, semitones = keys.transposition_between(tune.key, key)
    way = letters + 7 * octaves, semitones + 12 * octaves
    pitches = {pitch for bar in tune.bars for note in bar.notes for pitch in note.pitches}
    there = {pitch: keys.respell(keys.transpose_pitch(pitch, way)) for pitch in pitches}
    return replace(tune, key=_in_key(tune.key, key), bars=_with_pitches(tune.bars, there))


def _with_pitches(bars: tuple[Bar, ...], there: dict[Pitch, Pitch]) -> tuple[Bar, ...]:
    return tuple(
        replace(
            bar,
            notes=tuple(n._replace(pitches=tuple(there[p] for p in n.pitches)) for n in bar.notes),
        )
        for bar in bars
    )


def decode_tune(text: str) -> NormalTune:
    """Decode a tune, without checking that its bars add up.

    Raises:
        TuneError: With the place, if the text is invalid or incomplete.
    """
    header, music = split_header(text)
    if not {"R", "M", "K"} <= header.keys():
        raise TuneError("no R:, M: and K: lines")
    rhythm, meter = header["R"], header["M"]
    key = keys.parse_key(header["K"])
    if key is None:
        raise TuneError("unreadable key", repr(header["K"]))
    decoder = _TuneDecoder(key)
    for token in tokens.PATTERN.findall(music):
        try:
            decoder.take(token)
        except TuneError as error:
            raise TuneError(error.reason, f"bar {len(decoder.bars) + 1}, {token!r}") from None
    if decoder.notes or not decoder.bars or decoder.bars[-1].right not in (":|", "|]"):
        raise TuneError("breaks off", f"bar {len(decoder.bars) + 1}")
    return NormalTune(
        bars=tuple(decoder.bars),
        meter=fields.parse_meter(meter),
        key=key,
        rhythm="" if rhythm == tokens.NO_RHYTHM else rhythm,
    )


def split_header(text: str) -> tuple[dict[str, str], str]:
    """Split a text into the values of its header lines, the last of each letter, and the music."""
    values: dict[str, str] = {}
    while match := HEADER_LINE.match(text):
        values[match[1]] = match[2]
        text = text[match.end() :]
    return values, text


class _TuneDecoder:
    """A tune so far."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self.bars: list[Bar] = []
        self.notes: list[Note] = []
        self.left = self.ending = ""
        self.triplet = 0  # notes of a triplet that are missing
        self.open = False  # whether a length or tie may follow

    def take(self, token: str) -> None:
        """Add a token. Raises TuneError if it may not follow."""
        if token in tokens.COPIES:
            if self.notes:
                raise TuneError("copy mark within a bar")
        elif token in tokens.BARS:
            self.bar_line(token)
        elif token in LENGTHS:
            if not self.open or self.notes[-1].tied or self.notes[-1].written != LENGTHS[""]:
                raise TuneError("length without a note")
            self.notes[-1] = self.notes[-1]._replace(written=LENGTHS[token])
        elif token == tokens.TRIPLET:
            if self.triplet:
                raise TuneError("triplet of fewer than three notes")
            self.triplet, self.open = 3, False
        elif token == tokens.TIE:
            if not self.open or not self.notes[-1].pitches or self.notes[-1].tied:
                raise TuneError("tie without a note")
            self.notes[-1] = self.notes[-1]._replace(tied=True)
        elif token == tokens.REST:
            self.add(())
        else:
            self.add((self.pitch(token),))

    def pitch(self, token: str) -> Pitch:
        sign = tokens.ACCIDENTALS.get(token[0])
        step = tokens.NATURALS.get(token if sign is None else token[1:])
        if step is None:
            raise TuneError("unknown sign")
        return Pitch(step, self.key.signature[step % 7] if sign is None else sign)

    def add(self, pitches: tuple[Pitch, ...]) -> None:
        last = self.notes or (self.bars[-1].notes if self.bars else ())
        if last and last[-1].tied and last[-1].pitches != pitches:
            raise TuneError("tie between different pitches")
        tuplet = Tuplet(3, 2, 3, 3 - self.triplet) if self.triplet else None
        self.triplet = max(0, self.triplet - 1)
        self.notes.append(Note(pitches, LENGTHS[""], False, tuplet))
        self.open = True

    def bar_line(self, token: str) -> None:
        if self.triplet:
            raise TuneError("triplet of fewer than three notes")
        self.open = False
        if token == tokens.REPEAT:
            if self.notes and not self.bars and not self.left:  # a lead-in
                self.end_bar(tokens.BAR)
            elif self.notes or self.left or (self.bars and self.bars[-1].right == tokens.BAR):
                raise TuneError("repeat sign within a section")
            self.left = token
            return
        if not self.notes:
            raise TuneError("bar without a note")
        if (token == tokens.FIRST and self.ending) or (
            token == tokens.SECOND and self.ending != "1"
        ):
            raise TuneError("ending out of order")
        self.end_bar({tokens.FIRST: "|", tokens.SECOND: ":|"}.get(token, token))
        if token != tokens.BAR:
            self.ending = {tokens.FIRST: "1", tokens.SECOND: "2"}.get(token, "")

    def end_bar(self, right: str) -> None:
        self.bars.append(Bar(tuple(self.notes), self.left, right, self.ending))
        self.notes = []
        self.left = ""
