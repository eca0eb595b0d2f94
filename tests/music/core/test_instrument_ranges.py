"""Ranges of instruments are what their strings, holes and reeds allow; notes have two spellings."""

import pytest

from seqgen.errors import ConfigError
from seqgen.music.core.instrument_ranges import (
    INSTRUMENTS,
    find_instrument,
    parse_pitch,
    parse_range,
    pitch_label,
)
from seqgen.music.core.key import SEMITONES, Key, Pitch, parse_key


@pytest.mark.parametrize(
    ("text", "midi"),
    [
        ("C4", 60), ("D4", 62), ("d4", 62), ("B5", 83), ("G3", 55), ("F#4", 66), ("F♯4", 66),
        ("Bb3", 58), ("bb3", 58), ("B♭3", 58), ("C", 60), ("c", 72), ("G,", 55), ("b", 83),
        ("c'", 84), ("^F", 66), ("_b", 82), ("=c", 72), ("C,,", 36), ("C'", 72), (" D ", 62),
    ],
)  # fmt: skip
def test_a_note_has_an_octave_or_is_written_as_in_abc(text: str, midi: int) -> None:
    assert parse_pitch(text).midi == midi


@pytest.mark.parametrize("text", ["", "H4", "Bb", "D10", "4D", "^F4", "x", "D4E", "c,,,,,"])
def test_other_texts_are_no_notes(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_pitch(text)


@pytest.mark.parametrize("name", ["C0", "D4", "F#5", "Bb3", "B9"])
def test_the_label_of_a_note_is_its_name(name: str) -> None:
    assert pitch_label(parse_pitch(name)) == name


@pytest.mark.parametrize(
    "text", ["D4:B5", "D:b", "D4-B5", "D4..B5", "d4 : b5", "D4 to B5", "D4–B5", "D:B5"]
)
def test_a_range_is_two_notes(text: str) -> None:
    assert parse_range(text) == (Pitch(29), Pitch(41))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("D4", ["D4", "B5"]),  # an example of a range
        ("D4:", ["D4:B5"]),
        ("D4:B5:C6", ["D4:B5"]),
        ("D4:x", ["'x'"]),
        ("B5:D4", ["above", "D4:B5"]),
        ("D4:G#4", ["D4", "G#4", "fifth"]),
    ],
)
def test_a_wrong_range_is_refused_in_the_words_of_a_musician(text: str, words: list[str]) -> None:
    with pytest.raises(ConfigError) as error:
        parse_range(text)
    assert error.value.option == "range"
    assert all(word in str(error.value) for word in words)


def test_a_fifth_is_a_range() -> None:
    assert parse_range("D4:A4") == (Pitch(29), Pitch(33))


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_each_instrument_can_play_a_tune_in_its_keys(name: str) -> None:
    instrument = find_instrument(name)
    assert instrument.name == name
    low, high = instrument.lowest.midi, instrument.highest.midi
    assert 12 < high - low <= 48
    assert 1 <= instrument.midi_number <= 128
    for key in instrument.keys:
        assert abs(key.sharps) <= 7
        tonic = SEMITONES[key.letter] + key.alter
        assert any((midi - tonic) % 12 == 0 for midi in range(low, high + 1)), key
    assert len(set(instrument.keys)) == len(instrument.keys)
    for alias in instrument.aliases:
        assert find_instrument(alias) == instrument


@pytest.mark.parametrize(
    ("name", "lowest", "highest"),
    [
        ("fiddle", "G3", "B5"),  # an open string, and a fifth on the highest one
        ("whistle", "D4", "B5"),
        ("highland-pipes", "G4", "A5"),
        ("whistle-c", "C4", "A5"),
        ("whistle-bb", "Bb3", "G5"),
        ("whistle-g", "G4", "E6"),
    ],
)
def test_ranges_of_well_known_instruments(name: str, lowest: str, highest: str) -> None:
    instrument = find_instrument(name)
    labels = pitch_label(instrument.lowest), pitch_label(instrument.highest)
    assert labels == (lowest, highest)


def test_instruments_tuned_in_fifths_have_the_range_of_a_fiddle() -> None:
    fiddle = find_instrument("fiddle")
    for name in ("violin", "mandolin", "banjo"):
        other = find_instrument(name)
        assert (other.lowest, other.highest) == (fiddle.lowest, fiddle.highest)


def test_whistles_in_other_keys_have_the_fingering_of_the_one_in_d() -> None:
    whistle, other = find_instrument("whistle"), find_instrument("whistle in Bb")
    assert whistle.highest.midi - whistle.lowest.midi == other.highest.midi - other.lowest.midi
    assert [key.mode for key in whistle.keys] == [key.mode for key in other.keys]
    assert other.keys[0] == parse_key("Bb")


def test_highland_pipes_have_nine_notes() -> None:
    pipes = find_instrument("highland pipes")
    assert pipes.scale == Key(5, 0, "mix")
    scale = {(SEMITONES[letter] + alter) % 12 for letter, alter in enumerate(pipes.scale.signature)}
    notes = range(pipes.lowest.midi, pipes.highest.midi + 1)
    assert sum(midi % 12 in scale for midi in notes) == 9


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Fiddle", "fiddle"), ("tin whistle", "whistle"), ("Tenor_Banjo", "banjo"),
        ("uilleann pipes", "bagpipe"), ("pipes", "bagpipe"), ("HARP", "harp"),
        ("fiddles", "fiddle"), ("D whistle", "whistle"), ("voices", "voice"),
    ],
)  # fmt: skip
def test_an_instrument_is_found_by_any_of_its_names(written: str, name: str) -> None:
    assert find_instrument(written).name == name


def test_an_unknown_instrument_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="kazoo") as error:
        find_instrument("kazoo")
    assert all(name in str(error.value) for name in INSTRUMENTS)
