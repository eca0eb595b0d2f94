"""Validate tunes with music21, which is imported on use."""

import contextlib
import io
import warnings
from fractions import Fraction
from itertools import zip_longest
from typing import Any

from seqgen.music.core.tune import Note, Tune
from seqgen.privacy import requests_on_use

_NoteFacts = tuple[tuple[int, ...], Fraction, bool]


def music21_agrees(abc: str, tune: Tune) -> str | None:
    """Return the first difference between music21's reading of a tune and ours, or None.

    They agree if music21 warns of nothing and reads the same pitches, lengths, ties and rests in
    written order. The ABC should begin with ``%abc-2.1``; otherwise music21 applies an accidental
    to its own note only.
    """
    with requests_on_use():
        from music21 import converter

    stderr = io.StringIO()
    with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stderr(stderr):
        warnings.simplefilter("always")
        try:
            score = converter.parse(abc, format="abc", forceSource=True)
            theirs = [_read(element) for element in score.recurse().notesAndRests]
        except Exception as error:  # any failure of the parser is a fault of the tune
            return f"music21 fails: {type(error).__name__}: {error}"
    if caught:
        return f"music21 warns: {caught[0].message}"
    if stderr.getvalue():
        return f"music21 warns: {stderr.getvalue().strip()}"
    ours = [_written(note) for bar in tune.bars for note in bar.notes]
    for number, (own, other) in enumerate(zip_longest(ours, theirs), start=1):
        if own != other:
            return f"note {number} is {_describe(own)}; music21 reads {_describe(other)}"
    return None


def _read(element: Any) -> _NoteFacts:
    """Pitches, length and tie of a note, chord or rest of music21."""
    keys = sorted((pitch.midi for pitch in element.pitches), reverse=True)
    tied = element.tie is not None and element.tie.type in ("start", "continue")
    return tuple(keys), Fraction(element.quarterLength) / 4, tied


def _written(note: Note) -> _NoteFacts:
    """Pitches, length and tie of a note of seqgen."""
    return tuple(pitch.midi for pitch in note.pitches), note.length, note.tied


def _describe(note: _NoteFacts | None) -> str:
    if note is None:
        return "nothing"
    keys, length, tied = note
    return f"{'+'.join(map(str, keys)) or 'a rest'} for {length}{' tied' if tied else ''}"
