"""music21 as a judge. It is the one module of this folder that imports it, when it is asked."""

import contextlib
import io
import warnings
from fractions import Fraction
from itertools import zip_longest
from typing import Any

from seqgen.music.core.tune import Note, Tune
from seqgen.privacy import requests_on_use

Heard = tuple[tuple[int, ...], Fraction, bool]


def music21_agrees(abc: str, tune: Tune) -> str | None:
    """None if music21 reads a text without a warning as the notes of a tune, else what differs.

    abc: one tune; it should begin with ``%abc-2.1``, or music21 forgets an accidental after the
        note that it stands at.
    Compared are pitch, length and tie of each note, and the length of each rest, in the order in
    which they are written.
    """
    with requests_on_use():
        from music21 import converter

    said = io.StringIO()
    with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stderr(said):
        warnings.simplefilter("always")
        try:
            score = converter.parse(abc, format="abc", forceSource=True)
            theirs = [heard(element) for element in score.recurse().notesAndRests]
        except Exception as error:  # whatever goes wrong inside a parser is its verdict
            return f"music21 fails: {type(error).__name__}: {error}"
    if caught:
        return f"music21 warns: {caught[0].message}"
    if said.getvalue():
        return f"music21 warns: {said.getvalue().strip()}"
    ours = [written(note) for bar in tune.bars for note in bar.notes]
    for number, (own, other) in enumerate(zip_longest(ours, theirs), start=1):
        if own != other:
            return f"note {number} is {shown(own)}; music21 reads {shown(other)}"
    return None


def heard(element: Any) -> Heard:
    """A note, chord or rest of music21: its keys, length and whether it is tied to the next."""
    keys = sorted((pitch.midi for pitch in element.pitches), reverse=True)
    tied = element.tie is not None and element.tie.type in ("start", "continue")
    return tuple(keys), Fraction(element.quarterLength) / 4, tied


def written(note: Note) -> Heard:
    """The same of a note of ours."""
    return tuple(pitch.midi for pitch in note.pitches), note.length, note.tied


def shown(note: Heard | None) -> str:
    if note is None:
        return "nothing"
    keys, length, tied = note
    return f"{'+'.join(map(str, keys)) or 'a rest'} for {length}{' tied' if tied else ''}"
