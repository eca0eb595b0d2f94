"""Plays a sound file through whatever the machine has for that."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from seqgen.errors import SeqgenError

# In the order in which they are tried; each is quiet, opens no window and ends with the sound.
PLAYERS: tuple[tuple[str, ...], ...] = (
    ("afplay",),
    ("pw-play",),
    ("paplay",),
    ("aplay", "-q"),
    ("ffplay", "-nodisp", "-autoexit", "-loglevel", "error"),
    ("mpv", "--no-video", "--really-quiet"),
    ("play", "-q"),
    ("cvlc", "--play-and-exit", "--quiet"),
)
# Windows plays by itself, through a module of Python's there.
WINDOWS = "import sys, winsound; winsound.PlaySound(sys.argv[1], winsound.SND_FILENAME)"
# What to tell where there is none.
HOW = (
    "no player of sound found on this machine; install one of "
    + ", ".join(command[0] for command in PLAYERS)
    + " (on Debian and Ubuntu: sudo apt install alsa-utils), "
    "or write a file with `audio=FILE.wav` and open it"
)


def find_player() -> tuple[str, ...] | None:
    """The command that plays a file whose name is put behind it; None if there is none."""
    if sys.platform == "win32":
        return sys.executable, "-c", WINDOWS
    for name, *options in PLAYERS:
        if path := shutil.which(name):
            return path, *options
    return None


def play(path: Path, player: Sequence[str]) -> None:
    """Play a file to its end. player: as `find_player` gives it.

    Raises SeqgenError if it fails.
    """
    done = subprocess.run(
        [*player, str(path)], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        why = said[-1] if said else f"status {done.returncode}"
        raise SeqgenError(f"{Path(player[0]).name} could not play the sound: {why}")
