"""Run seqgen in other processes and on terminals."""

import os
import re
import subprocess
import sys

COMMAND = (sys.executable, "-m", "seqgen")
HEAVY = {"tensorflow", "keras", "music21", "matplotlib", "plotext", "pooch"}
LIST_IMPORTS = """
import atexit, sys
sys.argv[0] = "seqgen"
atexit.register(lambda: print(*sorted(sys.modules), file=sys.stderr))
from seqgen.cli.app import main
main()
"""


def run_and_list_imports(*arguments: str) -> tuple[str, str, set[str]]:
    """Standard output and error of a command that succeeds, and the modules it imported."""
    command = [sys.executable, "-c", LIST_IMPORTS, *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    *errors, modules = done.stderr.splitlines(keepends=True)
    return done.stdout, "".join(errors), set(modules.split())


def read_until(process: "subprocess.Popen[str]", words: str) -> str:
    """Standard error of a process up to the line with these words."""
    assert process.stderr
    output = ""
    for line in process.stderr:
        output += line
        if words in line:
            return output
    raise AssertionError(output)


def control_terminal() -> None:
    """Make standard input the controlling terminal, so that Ctrl-C works."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def read_terminal(terminal: int, pattern: bytes | None = None) -> bytes:
    """Output on a terminal up to a pattern, by default to its end."""
    output = b""
    while pattern is None or not re.search(pattern, output):
        try:
            data = os.read(terminal, 65536)
        except OSError:  # on Linux, the other side is closed
            data = b""
        if not data:
            assert pattern is None, output.decode("utf-8", "replace")
            break
        output += data
    return output
