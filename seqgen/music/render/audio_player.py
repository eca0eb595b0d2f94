"""Plays sound files with a program of the machine."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from seqgen.errors import SeqgenError

# In order of preference; each is quiet, opens no window and stops after the sound.
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
WINDOWS = "import sys, winsound; winsound.PlaySound(sys.argv[1], winsound.SND_FILENAME)"
HOW = (
    "no player of sound found on this machine; install one of "
    + ", ".join(command[0] for command in PLAYERS)
    + " (on Debian and Ubuntu: sudo apt install alsa-utils), "
    "or write a file with `audio=FILE.wav` and open it"
)


def find_player() -> tuple[str, ...] | None:
    """The command that plays the file in its last argument; None without one."""
    if sys.platform == "win32":
        return sys.executable, "-c", WINDOWS
    for name, *options in PLAYERS:
        if path := shutil.which(name):
            return path, *options
    return None


def play(path: Path, player: Sequence[str]) -> None:
    """Play a file to its end, with a command of `find_player`. Raises SeqgenError if it fails."""
    process = subprocess.run(
        [*player, str(path)], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if process.returncode:
        lines = (process.stderr.strip() or process.stdout.strip()).splitlines()
        reason = lines[-1] if lines else f"status {process.returncode}"
        raise SeqgenError(f"{Path(player[0]).name} could not play the sound: {reason}")
