"""The glyphs of a score: heads, rests and grace notes, with their ids and accidentals."""

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from seqgen.errors import TuneError
from seqgen.music.core.key import Key, Pitch
from seqgen.music.core.tune import PLAIN, Attachments, Bar, Note, Tuplet, Voice, sounding_length
from seqgen.music.render import annotations
from seqgen.music.render.layout import Setting

LONGEST, SHORTEST = Fraction(2), Fraction(1, 128)
MAX_DOTS = 2


class Glyph(NamedTuple):
    """A head, chord or rest: a note, or a part of one whose length takes several tied heads.

    Attributes:
        name: Its id.
        tied: Whether it is tied to the next glyph.
        signs: For each pitch, whether its accidental is drawn.
        attached: Attachments of the note, at its first glyph.
        grace: Grace notes before it.
        verses: Its syllables in MEI.
        visible: Whether it is drawn; a rest may be invisible.
    """

    name: str
    pitches: tuple[Pitch, ...]
    written: Fraction
    tied: bool
    tuplet: Tuplet | None
    signs: tuple[bool, ...]
    attached: Attachments = PLAIN
    grace: "tuple[Glyph, ...]" = ()
    verses: str = ""
    visible: bool = True

    @property
    def length(self) -> Fraction:
        """Sounding length in whole notes."""
        return sounding_length(self.written, self.tuplet)


def part_prefix(prefix: str, voice: int, layer: int) -> str:
    """The prefix of the ids of a layer's notes.

    prefix: of the tune. voice, layer: as in `seqgen.music.render.performance.Sound`.
    """
    return prefix + (f"v{voice + 1}" if voice else "") + (f"l{layer}" if layer else "")


def names(prefix: str, bar: int, place: int, note: Note) -> list[str]:
    """The ids of the heads of a note. bar, place: index of the bar, and of the note in it."""
    name = f"{prefix}-{bar}-{place}"
    return [f"{name}-{part}" if part else name for part in range(len(heads(note.written)))]


@lru_cache(maxsize=1024)
def heads(written: Fraction) -> tuple[Fraction, ...]:
    """Split a length into lengths that a single head can have, the longest first.

    Raises TuneError for a length that is no sum of them, such as a third.
    """
    parts = []
    while written > 0:
        if written.denominator & (written.denominator - 1) or written < SHORTEST:
            raise TuneError(f"a note's length of {written}, which notation cannot show")
        base = LONGEST
        while base > written:
            base /= 2
        head = dotted = base
        for _ in range(MAX_DOTS):
            dotted /= 2
            if head + dotted > written:
                break
            head += dotted
        # Several dots in one note and more behind it read worse than plain heads.
        if head != written:
            head = base
        parts.append(head)
        written -= head
    return tuple(parts)


def voice_glyphs(
    voice: Voice, layer: int, settings: Sequence[Setting], prefix: str
) -> Iterator[list[Glyph]]:
    """The glyphs of each bar of a layer: 0 for the notes, n for the n-th overlay.

    prefix: as `part_prefix` gives it.
    """
    bars = [layers[layer] if layer < len(layers) else () for layers in map(_layers, voice.bars)]
    held: tuple[Pitch, ...] = ()  # pitches tied to the next note
    joined: set[int] = set()  # verses with a hyphen before their next syllable
    left = Counter(  # syllables of each verse
        verse for notes in bars for note in notes for verse in annotations.verses_at(note.attached)
    )
    for number, notes in enumerate(bars):
        signs = Signs(settings[number].key)
        glyphs = []
        for place, note in enumerate(notes):
            attached, verses = note.attached, ""
            grace: tuple[Glyph, ...] = ()
            if attached is not PLAIN:
                left.subtract(annotations.verses_at(attached))
                verses = annotations.verses(attached, joined, +left)
            parts = heads(note.written)
            ids = names(prefix, number, place, note)
            if attached.grace:
                grace = _grace_glyphs(attached, ids[0], signs)
            for part, (name, head) in enumerate(zip(ids, parts, strict=True)):
                # A tied note needs no accidental, not even after a bar line.
                drawn = tuple(p not in held and signs.needed(p) for p in note.pitches)
                tied = bool(note.pitches) and (part < len(parts) - 1 or note.tied)
                glyph = Glyph(name, note.pitches, head, tied, note.tuplet, drawn)
                if part == 0 and (attached is not PLAIN or note.invisible):
                    glyph = glyph._replace(
                        attached=attached, grace=grace, verses=verses, visible=not note.invisible
                    )
                glyphs.append(glyph)
                held = note.pitches if tied else ()
        yield glyphs


def _layers(bar: Bar) -> tuple[tuple[Note, ...], ...]:
    return (bar.notes, *bar.overlays)


def _grace_glyphs(attached: Attachments, name: str, signs: "Signs") -> tuple[Glyph, ...]:
    """The notes of a grace group: a single one is an eighth, several are sixteenths.

    name: id of the main note.
    """
    length = Fraction(1, 8) if len(attached.grace) == 1 else Fraction(1, 16)
    shortest = min(note.written for note in attached.grace)
    glyphs = []
    for n, note in enumerate(attached.grace):
        ratio = note.written / shortest
        written = length * ratio if ratio in (1, Fraction(3, 2), 2, 3, 4) else length
        drawn = tuple(signs.needed(pitch) for pitch in note.pitches)
        glyphs.append(Glyph(f"{name}g{n}", note.pitches, written, False, None, drawn))
    return tuple(glyphs)


class Signs:
    """The accidentals in force in a bar, from left to right.

    An accidental applies to its own octave until the end of the bar. Some players apply it to the
    other octaves too, so a note gets a sign wherever the two readings differ.
    """

    def __init__(self, key: Key | None) -> None:
        self.signature = key.signature if key else (0,) * 7
        self.steps: dict[int, int] = {}  # alteration of each step with a sign
        self.letters: dict[int, int] = {}  # the last alteration of each letter

    def needed(self, pitch: Pitch) -> bool:
        """Whether the next pitch needs a sign."""
        plain = self.signature[pitch.letter]
        here = self.steps.get(pitch.step, plain)
        anywhere = self.letters.get(pitch.letter, plain)
        if pitch.alter == here and (pitch.alter == anywhere or pitch.step in self.steps):
            return False
        self.steps[pitch.step] = self.letters[pitch.letter] = pitch.alter
        return True
