"""The beginning of a tune in the normal form, however it breaks off."""

from dataclasses import replace
from fractions import Fraction

from seqgen.music.key import Key
from seqgen.music.normal import normal_key, pieces, plain
from seqgen.music.notation import text
from seqgen.music.sections import size
from seqgen.music.tokens import LENGTHS, PATTERN, WHOLE
from seqgen.music.tune import Bar, Note, Tune


def beginning(tune: Tune, key: Key | None) -> list[str]:
    """The tokens of the music that a tune begins with, as far as it is there.

    tune: as read; whether its bars add up is not looked at.
    key: to whose tonic it is moved; None for its own.
    Raises TuneError for what the normal form does not have.
    """
    begun = replace(
        tune, key=normal_key(tune.key), bars=tuple(map(drawn, tune.bars)), rhythm="", lines=()
    )
    return PATTERN.findall(text(begun, key).split("\n", 3)[3])


def drawn(bar: Bar) -> Bar:
    """The bar with lengths that can be drawn."""
    notes: list[Note] = []
    place = 0
    for note in plain(bar.notes):
        length = size(note)
        if note.tuplet or length in LENGTHS.values():
            notes.append(note)
        else:
            parts = pieces(length, place, WHOLE)
            for n, part in enumerate(parts):
                tied = bool(note.pitches) and (n < len(parts) - 1 or note.tied)
                notes.append(Note(note.pitches, Fraction(part, WHOLE), tied))
        place += length
    return replace(bar, notes=tuple(notes))
