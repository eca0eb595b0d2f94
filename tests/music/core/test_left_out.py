"""What a tune loses is counted by kind, and reported in one line a kind."""

from collections import Counter
from fractions import Fraction

import pytest

from seqgen.music.core.key import Key, Pitch
from seqgen.music.core.left_out import Tally, attachments_left_out, numbered, summary_lines
from seqgen.music.core.meter import Meter
from seqgen.music.core.tune import Attachments, Bar, Note, Tune, Voice

EIGHTH = Fraction(1, 8)
C, E, G = Pitch(28), Pitch(30), Pitch(32)
GRACE = (Note((C,), EIGHTH), Note((E,), EIGHTH))


def tune(*notes, **fields):
    return Tune((Bar(notes),), Meter(4, 4), Key(0), **fields)


def test_every_attachment_is_counted_by_its_kind():
    attached = Attachments(
        chord_symbol="Am",
        annotations=("^slowly", "_then fast"),
        decorations=("trill",),
        grace=GRACE,
        slurs_begin=2,
        slurs_end=1,
        lyrics=("la", None),
    )
    assert attachments_left_out(tune(Note((G, E, C), EIGHTH, attached=attached))) == Counter(
        {
            "lower chord note": 2,
            "grace note": 2,
            "annotation": 2,
            "slur": 2,
            "decoration": 1,
            "lyric syllable": 1,
            "chord symbol": 1,
        }
    )


def test_a_plain_tune_loses_nothing():
    assert attachments_left_out(tune(Note((C,), EIGHTH), title="A title")) == Counter()


def test_voices_overlays_words_and_tempo_marks_are_counted_too():
    written = Tune(
        (Bar((Note((C,), EIGHTH),), overlays=((Note((E,), EIGHTH),),), tempo=90.0),),
        Meter(4, 4),
        Key(0),
        tempo=120.0,
        voices=(Voice((), "2"), Voice((), "3")),
        words=("one", "two"),
        left_out={"symbol line": 2},
    )
    assert attachments_left_out(written) == Counter(
        {"symbol line": 2, "voice": 2, "line of words": 2, "tempo mark": 2, "overlay": 1}
    )


def test_a_tally_counts_things_and_tunes_the_most_frequent_first():
    tally = Tally()
    tally.add({"grace note": 1203, "slur": 0})
    tally.add({"grace note": 1, "chord symbol": 3})
    assert tally.lines() == [
        "left out: 1,204 grace notes in 2 tunes",
        "left out: 3 chord symbols in 1 tune",
    ]


def test_a_single_tune_needs_no_number_of_tunes():
    assert summary_lines({"slur": 1, "line of words": 2, "voice": 0}) == [
        "left out: 2 lines of words",
        "left out: 1 slur",
    ]


@pytest.mark.parametrize(
    ("noun", "plural"),
    [
        ("slur", "slurs"),
        ("line of words", "lines of words"),
        ("letter without a meaning", "letters without a meaning"),
        ("line after the end of the tune", "lines after the end of the tune"),
        ("decoration about layout", "decorations about layout"),
        ("discography", "discographies"),
    ],
)
def test_counts_are_in_the_plural(noun: str, plural: str) -> None:
    assert [numbered(1, noun), numbered(2000, noun)] == [f"1 {noun}", f"2,000 {plural}"]
