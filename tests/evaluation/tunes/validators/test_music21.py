from dataclasses import replace
from fractions import Fraction

import pytest

from seqgen.evaluation.tunes.validators.music21 import music21_agrees
from seqgen.music.core.key import Key

ABC = """%abc-2.1
X:1
T:A tune
M:3/4
L:1/8
K:Ador
|:E|A2 ^c2 c2|(3ABc d2- d2|1 B3 z2:|2 B6||
"""
BODY = "|:E|A2 ^c2 ^c2|(3ABc d2- d2|1 B3 z2:|2 B6||"


@pytest.fixture
def ours(tune):
    return tune(BODY, (3, 4), Key(5, mode="dor"))


def test_the_same_notes_agree(ours):
    assert music21_agrees(ABC, ours) is None


def test_different_notes_are_reported(ours):
    text = ABC.replace("c2 c2", "c2 =c2")
    assert music21_agrees(text, ours) == "note 4 is 73 for 1/4; music21 reads 72 for 1/4"


@pytest.mark.parametrize(
    ("old", "new"), [("z2", "z"), ("d2-", "d2"), ("(3ABc", "A2"), ("B6||", "")]
)
def test_lengths_ties_rests_and_counts_are_compared(ours, old, new):
    assert music21_agrees(ABC.replace(old, new), ours).startswith("note ")


def test_the_scope_of_accidentals_is_compared(ours):
    assert music21_agrees(ABC.removeprefix("%abc-2.1\n"), ours).startswith("note 4 is 73")


def test_warnings_are_disagreement(ours, monkeypatch):
    from music21 import converter, environment

    parse = converter.parse

    def complaining(*args, **kwargs):
        environment.Environment("abcFormat").warn("what a tune")
        return parse(*args, **kwargs)

    monkeypatch.setattr(converter, "parse", complaining)
    assert "what a tune" in music21_agrees(ABC, ours)


def test_errors_of_music21_are_disagreement(ours, monkeypatch):
    from music21 import converter

    def failing(*args, **kwargs):
        raise ValueError("no")

    monkeypatch.setattr(converter, "parse", failing)
    assert music21_agrees(ABC, ours) == "music21 fails: ValueError: no"


def test_all_notes_of_a_chord_are_compared(ours):
    note = ours.bars[0].notes[0]
    chord = note._replace(pitches=(note.pitches[0]._replace(step=32), note.pitches[0]))
    bars = (replace(ours.bars[0], notes=(chord,)), *ours.bars[1:])
    assert music21_agrees(ABC.replace("|:E|", "|:[EG]|"), replace(ours, bars=bars)) is None
    assert chord.length == Fraction(1, 8)
