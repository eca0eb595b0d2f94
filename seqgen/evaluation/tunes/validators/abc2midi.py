"""Validate tunes with abc2midi, a program of Debian's package abcmidi."""

import shutil
import subprocess
import tempfile
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path

from seqgen.evaluation.tunes.validators.bars import sounding
from seqgen.music.core.tune import Tune

PROGRAM = "abc2midi"
_USUAL = ("writing MIDI file ",)
_TIMEOUT_SECONDS = 30

Sound = tuple[Fraction, int]


def installed() -> bool:
    """Return whether abc2midi is installed."""
    return shutil.which(PROGRAM) is not None


def abc2midi_agrees(abc: str, tune: Tune) -> str | None:
    """Return the first difference between abc2midi's reading of a tune and ours, or None.

    They agree if abc2midi prints no message and plays the same pitches at the same onsets, relative
    to the first and with repeats expanded.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, midi = Path(folder, "tune.abc"), Path(folder, "tune.mid")
        source.write_text(abc, encoding="utf-8")
        process = subprocess.run(
            [PROGRAM, source, "-o", midi], capture_output=True, text=True, timeout=_TIMEOUT_SECONDS
        )
        output = (process.stdout + process.stderr).splitlines()[1:]  # the version precedes
        messages = [line for line in filter(str.strip, output) if not line.startswith(_USUAL)]
        if messages:
            return f"abc2midi says: {messages[0].strip()}"
        if process.returncode or not midi.is_file():
            return f"abc2midi exits with {process.returncode}"
        theirs = _onsets(midi)
    ours = [(onset, key) for onset, keys, _ in sounding(tune) for key in keys]
    pairs = zip_longest(_relative(ours), _relative(theirs))
    for number, (own, other) in enumerate(pairs, start=1):
        if own != other:
            return f"sound {number} is {_describe(own)}; abc2midi plays {_describe(other)}"
    return None


def _relative(sounds: list[Sound]) -> list[Sound]:
    """Sounds in order, the first at 0: abc2midi starts a tick late."""
    first = min(sounds, default=(Fraction(0), 0))[0]
    return sorted((onset - first, key) for onset, key in sounds)


def _onsets(midi: Path) -> list[Sound]:
    """Onset, in whole notes, and pitch of each note of a MIDI file."""
    import mido

    file = mido.MidiFile(midi)
    sounds, now = [], 0
    for message in mido.merge_tracks(file.tracks):
        now += message.time
        if message.type == "note_on" and message.velocity:
            sounds.append((Fraction(now, 4 * file.ticks_per_beat), message.note))
    return sounds


def _describe(sound: Sound | None) -> str:
    return f"{sound[1]} at {sound[0]}" if sound else "nothing"
