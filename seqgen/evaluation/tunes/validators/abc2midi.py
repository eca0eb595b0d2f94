"""abc2midi as a judge: the program of Debian's package abcmidi."""

import shutil
import subprocess
import tempfile
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path

from seqgen.evaluation.tunes.validators.bars import sounding
from seqgen.music.core.tune import Tune

PROGRAM = "abc2midi"
# What it says of every file that it finds nothing wrong with.
USUAL = ("writing MIDI file ",)
SECONDS = 30

Sound = tuple[Fraction, int]


def installed() -> bool:
    """Whether this machine has it."""
    return shutil.which(PROGRAM) is not None


def abc2midi_agrees(abc: str, tune: Tune) -> str | None:
    """None if abc2midi reads a text without a message and plays the notes of a tune, else why not.

    Compared are the pitch of every note and its onset after the first, repeats played.
    Raises FileNotFoundError if it is not installed.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, midi = Path(folder, "tune.abc"), Path(folder, "tune.mid")
        source.write_text(abc, encoding="utf-8")
        done = subprocess.run(
            [PROGRAM, source, "-o", midi], capture_output=True, text=True, timeout=SECONDS
        )
        said = (done.stdout + done.stderr).splitlines()[1:]  # after its version
        if messages := [line for line in said if line.strip() and not line.startswith(USUAL)]:
            return f"abc2midi says: {messages[0].strip()}"
        if done.returncode or not midi.is_file():
            return f"abc2midi exits with {done.returncode}"
        theirs = onsets(midi)
    ours = [(onset, key) for onset, keys, _ in sounding(tune) for key in keys]
    pairs = zip_longest(from_first(ours), from_first(theirs))
    for number, (own, other) in enumerate(pairs, start=1):
        if own != other:
            return f"sound {number} is {shown(own)}; abc2midi plays {shown(other)}"
    return None


def from_first(sounds: list[Sound]) -> list[Sound]:
    """Sounds in order, the first at 0: abc2midi begins a tick late."""
    first = min(sounds, default=(Fraction(0), 0))[0]
    return sorted((onset - first, key) for onset, key in sounds)


def onsets(midi: Path) -> list[Sound]:
    """When each note of a MIDI file begins, in whole notes, and its key."""
    import mido

    file = mido.MidiFile(midi)
    found, now = [], 0
    for message in mido.merge_tracks(file.tracks):
        now += message.time
        if message.type == "note_on" and message.velocity:
            found.append((Fraction(now, 4 * file.ticks_per_beat), message.note))
    return found


def shown(sound: Sound | None) -> str:
    return f"{sound[1]} at {sound[0]}" if sound else "nothing"
