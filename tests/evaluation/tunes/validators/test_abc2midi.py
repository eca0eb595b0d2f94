import os
import stat
from pathlib import Path

import mido
import pytest

from seqgen.evaluation.tunes.validators.abc2midi import abc2midi_agrees, installed

FAKE = """#!/bin/sh
echo "4.84 of another day abc2midi"
echo "writing MIDI file $3"
cp "$(dirname "$0")/played.mid" "$3"
{more}
"""
BODY = "|:C2 D2 z2|C2- C4:|"
# Keys and onsets in 480ths of a quarter, all one tick late.
SOUNDS = [(60, 1), (62, 481), (60, 1441), (60, 2881), (62, 3361), (60, 4321)]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Install a fake abc2midi that writes `SOUNDS` or others, and optional messages."""

    def install(sounds=SOUNDS, more=""):
        track, now = mido.MidiTrack(), 0
        for key, onset in sounds:
            track.append(mido.Message("note_on", note=key, velocity=80, time=onset - now))
            track.append(mido.Message("note_on", note=key, velocity=0, time=100))
            now = onset + 100
        mido.MidiFile(tracks=[track], ticks_per_beat=480).save(tmp_path / "played.mid")
        script = tmp_path / "abc2midi"
        script.write_text(FAKE.format(more=more))
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    return install


def test_the_same_notes_agree(program, tune):
    program()
    assert installed()
    assert abc2midi_agrees("X:1", tune(BODY, (3, 4))) is None


def test_messages_and_exit_codes_are_disagreement(program, tune):
    program(more="echo 'Warning in line 7 : too long'")
    verdict = abc2midi_agrees("X:1", tune(BODY, (3, 4)))
    assert verdict == "abc2midi says: Warning in line 7 : too long"
    program(more="exit 3")
    assert abc2midi_agrees("X:1", tune(BODY, (3, 4))) == "abc2midi exits with 3"


@pytest.mark.parametrize(
    ("position", "sound"),
    [(1, (63, 481)), (2, (60, 1451)), (5, None)],
    ids=["pitch", "onset", "end"],
)
def test_different_notes_are_reported(program, tune, position, sound):
    program([*SOUNDS[:position], *filter(None, [sound]), *SOUNDS[position + 1 :]])
    assert f"sound {position + 1} is" in abc2midi_agrees("X:1", tune(BODY, (3, 4)))


def test_a_missing_program_is_an_error(tune, monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    assert not installed()
    with pytest.raises(FileNotFoundError):
        abc2midi_agrees("X:1", tune(BODY, (3, 4)))
