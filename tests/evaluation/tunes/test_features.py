from dataclasses import replace
from fractions import Fraction

from seqgen.evaluation.tunes.features import TICKS, melody, ticks_of
from seqgen.music.core.key import Key, Pitch
from seqgen.music.core.meter import Meter
from seqgen.music.core.tune import Note, Tuplet

EIGHTH = TICKS // 8


def test_tied_notes_are_joined_and_rests_left_out(tune):
    features = melody(tune("C2-C2 z2-|E3 E3-|E6|]", (3, 4)))
    assert features.pitches.tolist() == [60, 64, 64]
    assert features.ticks.tolist() == [4 * EIGHTH, 3 * EIGHTH, 9 * EIGHTH]
    assert features.intervals.tolist() == [4, 0]


def test_chords_count_as_their_highest_note(tune):
    plain = tune("c6|]", (3, 4))
    chord = Note((Pitch(35), Pitch(28)), Fraction(3, 4))
    assert melody(replace(plain, bars=(replace(plain.bars[0], notes=(chord,)),))).pitches == [72]


def test_pitches_count_from_the_tonic_and_keys_from_their_signature(tune):
    dorian = melody(tune("D2 =F2 B,2|^F4 D2|]", (3, 4), Key(1, mode="dor")))
    assert (dorian.pitches % 12).tolist() == [0, 3, 9, 4, 0]
    assert dorian.in_key.tolist() == [True, True, True, False, True]
    major = melody(tune("D2 =F2 B,2|^F4 D2|]", (3, 4), Key(1)))
    assert major.in_key.tolist() == [True, False, True, True, True]


def test_in_key_follows_changes_of_key(tune):
    changing = tune("F6|^F6|]", (3, 4))
    to_g = replace(changing.bars[1], key=Key(4))
    assert melody(changing).in_key.tolist() == [True, False]
    assert melody(replace(changing, bars=(changing.bars[0], to_g))).in_key.tolist() == [True, True]


def test_incomplete_bars_are_left_out(tune):
    features = melody(tune("|:E|C2 D2 E2|z2 F4|G3 A2:|", (3, 4)))
    assert len(features.bars) == 2
    assert features.bars[1] == ((None, 2 * EIGHTH), (65, 4 * EIGHTH))
    assert features.rhythms[1] == ((True, 2 * EIGHTH), (False, 4 * EIGHTH))
    assert features.notes_per_bar == 2
    short = tune("C2|D2|]", (3, 4))
    changed = replace(short, bars=(short.bars[0], replace(short.bars[1], meter=Meter(1, 4))))
    assert len(melody(changed).bars) == 1


def test_the_ends_of_sections_are_found(tune):
    assert melody(tune("|:C6|D6:||:E6|1 F6:|2 G6||A6|B6|]", (3, 4))).ends == (62, 67, 71)


def test_sections_have_neither_pickups_nor_first_endings(tune):
    features = melody(tune("E|:C6|D6|1 E4 E2:|2 F6||G4:||z6|B4|]", (3, 4)))
    first_notes = [[bar[0][0] for bar in section] for section in features.sections]
    assert first_notes == [[60, 62, 65], [None, 71]]
    # A short first bar of a section is a pickup, a short last bar is not.
    features = melody(tune("|:E2|C6|D4:||:E2|C4:|", (3, 4)))
    assert [len(section) for section in features.sections] == [2]


def test_rests_in_the_last_bar_of_a_section_are_not_inner_ones(tune):
    assert not melody(tune("C6|D4 z2||E6|F4 z2|]", (3, 4))).has_inner_rest
    assert melody(tune("C6|D4 z2||E4 z2|F6|]", (3, 4))).has_inner_rest


def test_the_lowest_and_the_highest_note_are_as_written(tune):
    features = melody(tune("D2 =F2 B,2|^f4 D2|]", (3, 4), Key(1, mode="dor")))
    assert (features.lowest, features.highest) == (59, 78)
    silent = melody(tune("z6|]", (3, 4)))
    assert (silent.lowest, silent.highest) == (0, 0)


def test_tuplet_lengths_are_integers():
    for actual, normal in ((3, 2), (5, 2), (5, 4), (6, 2), (7, 4), (9, 8)):
        note = Note((Pitch(28),), Fraction(1, 32), tuplet=Tuplet(actual, normal, actual, 0))
        assert Fraction(ticks_of(note), TICKS) == note.length
