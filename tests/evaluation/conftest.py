from fractions import Fraction
from typing import Any

import pytest

from seqgen.music.core.key import Key, Pitch
from seqgen.music.core.meter import Meter
from seqgen.music.core.tune import Bar, Note, Tune, Tuplet
from seqgen.music.normal.tokens import ACCIDENTALS, LENGTHS, NATURALS, PATTERN, TICKS

EIGHTH = Fraction(1, 8)


def make(body: str, meter: tuple[int, int] = (6, 8), key: Key = Key(0)) -> Tune:  # noqa: B008
    """A tune from tokens of the normal form; blanks are ignored, accidentals hold for one note."""
    bars, left, ending, triplet = [], "", "", 0
    notes: list[Any] = []
    for token in PATTERN.findall(body.replace(" ", "").replace("\n", "")):
        if token == "(3":
            triplet = 3
        elif token == "-":
            notes[-1] = notes[-1]._replace(tied=True)
        elif token in LENGTHS:
            notes[-1] = notes[-1]._replace(written=EIGHTH * LENGTHS[token] / TICKS)
        elif token == "z" or token.lstrip("_=^") in NATURALS:
            tuplet = Tuplet(3, 2, 3, 3 - triplet) if triplet else None
            triplet = max(0, triplet - 1)
            notes.append(Note(pitches(token, key), EIGHTH, tuplet=tuplet))
        else:
            if notes:
                right = {"|:": "|", "|1": "|", ":|2": ":|"}.get(token, token)
                bars.append(Bar(tuple(notes), left, right, ending))
                notes, left = [], ""
            ending = {"|1": "1", ":|2": "2", "|": ending, "||": ""}.get(token, "")
            left = "|:" if token == "|:" else left
    assert not notes, "the last bar has no bar line"
    return Tune(tuple(bars), Meter(*meter), key)


def pitches(token: str, key: Key) -> tuple[Pitch, ...]:
    if token == "z":
        return ()
    pitch = Pitch(NATURALS[token.lstrip("_=^")])
    alter = ACCIDENTALS.get(token[0], key.signature[pitch.letter])
    return (pitch._replace(alter=alter),)


@pytest.fixture(scope="session")
def tune():
    """Function that makes a tune from tokens of the normal form, without the package's parser."""
    return make
