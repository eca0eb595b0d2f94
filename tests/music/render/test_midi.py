import io
from fractions import Fraction

import mido
import pytest

from seqgen.music.abc.parser import parse_tune
from seqgen.music.core.tune import Tune
from seqgen.music.render.instruments import find
from seqgen.music.render.midi import PAUSE, channel, midi_file
from seqgen.music.render.performance import perform


def opened(tunes: list[Tune], instrument: str = "harp") -> mido.MidiFile:
    data = midi_file([perform(tune) for tune in tunes], find(instrument))
    return mido.MidiFile(file=io.BytesIO(data), charset="utf-8")


def notes(file: mido.MidiFile) -> list[tuple[Fraction, Fraction, int]]:
    """Onset, duration and pitch of each note, in whole notes, by onset and then as written."""
    played: list[tuple[Fraction, Fraction, int]] = []
    for track in file.tracks:
        now, onsets = 0, {}
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity:
                assert message.note not in onsets, "a key that is held is struck again"
                onsets[message.note] = now
            elif message.type in ("note_on", "note_off"):
                start = onsets.pop(message.note)
                whole = 4 * file.ticks_per_beat
                played.append((Fraction(start, whole), Fraction(now - start, whole), message.note))
        assert not onsets
    return sorted(played)


def facts(file: mido.MidiFile, kind: str) -> list[mido.MetaMessage]:
    return [message for track in file.tracks for message in track if message.type == kind]


def test_notes_are_those_of_the_tune(tunes: list[Tune], oneills: list[Tune]) -> None:
    for tune in (*tunes, *oneills):
        expected = sorted((s.onset, s.duration, s.pitch) for s in perform(tune).sounds)
        assert notes(opened([tune])) == expected, tune.title


def test_tunes_follow_each_other(tunes: list[Tune]) -> None:
    first, second = perform(tunes[0]), perform(tunes[1])
    file = opened(tunes[:2])
    assert len(file.tracks) == 2
    played = notes(file)
    after = [note for note in played if note[0] >= first.length + PAUSE]
    assert len(after) == len(second.sounds)
    assert after[0][0] == first.length + PAUSE + second.sounds[0].onset
    assert [m.text for m in facts(file, "marker")] == [tunes[0].title, tunes[1].title]
    assert [round(mido.tempo2bpm(m.tempo)) for m in facts(file, "set_tempo")] == [171, 200]
    seconds = sum(p.seconds(p.length) for p in (first, second)) + first.seconds(PAUSE)
    rests = second.length - (second.sounds[-1].onset + second.sounds[-1].duration)
    assert file.length == pytest.approx(seconds - second.seconds(rests), abs=0.01)


def test_changes_of_meter_and_key_are_events() -> None:
    tune = parse_tune("M:6/8\nL:1/8\nK:Ador\nE|A3 B3|A3 B2:|\nK:Am\nE|[M:9/8]A3 A3 A3|]")
    file = opened([tune])
    meters = [(m.numerator, m.denominator) for m in facts(file, "time_signature")]
    assert meters == [(1, 8), (6, 8), (9, 8)]
    assert [m.key for m in facts(file, "key_signature")] == ["G", "Am"]


@pytest.mark.parametrize(("name", "program"), [("fiddle", 110), ("flute", 73), ("128", 127)])
def test_the_instrument_is_that_of_general_midi(name: str, program: int, tunes: list[Tune]) -> None:
    assert [m.program for m in facts(opened(tunes[:1], name), "program_change")] == [program]


def test_each_voice_and_overlay_has_a_track_and_a_channel(trio: Tune) -> None:
    file = opened([trio])
    assert [m.name for m in facts(file, "track_name")] == [
        "Fiddle", "Fiddle, overlay 1", "Bass", "3",
    ]  # fmt: skip
    played = [
        (m.channel, m.note)
        for track in file.tracks
        for m in track
        if m.type == "note_on" and m.velocity
    ]
    assert played == [
        (0, 67), (0, 69), (0, 67), (0, 69), (0, 71),
        (1, 62), (1, 62),
        (2, 55), (2, 55), (2, 50), (2, 55),
        (3, 69), (3, 69), (3, 73), (3, 73), (3, 69),
    ]  # fmt: skip
    assert notes(file) == sorted((s.onset, s.duration, s.pitch) for s in perform(trio).sounds)
    programs = [
        (m.channel, m.program) for t in file.tracks for m in t if m.type == "program_change"
    ]
    assert programs == [(0, 46), (1, 46), (2, 46), (3, 46)]


def test_no_voice_is_on_the_channel_of_the_drums() -> None:
    assert [channel(n) for n in range(16)] == [*range(9), *range(10, 16), 0]


def test_changes_of_tempo_are_events(trio: Tune) -> None:
    file = opened([trio])
    assert [round(mido.tempo2bpm(m.tempo)) for m in facts(file, "set_tempo")] == [60, 120]
    assert file.length == pytest.approx(4 + 2, abs=0.01)


def test_tunes_of_one_and_of_several_voices_follow_each_other(trio: Tune) -> None:
    single = parse_tune("M:2/4\nL:1/4\nK:C\nc2|")
    file = opened([single, trio])
    assert len(file.tracks) == 5
    expected = [(s.onset, s.duration, s.pitch) for s in perform(single).sounds]
    after = perform(single).length + PAUSE
    expected += [(s.onset + after, s.duration, s.pitch) for s in perform(trio).sounds]
    assert notes(file) == sorted(expected)
