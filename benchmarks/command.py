"""Run the seqgen command in a separate process."""

import subprocess
import sys


def run(*arguments: object, quiet: bool = False) -> str:
    """Run ``seqgen ARGUMENTS`` and return its standard output.

    Args:
        arguments: Words of the command line.
        quiet: Print nothing; otherwise the command line, and what it writes to standard error.

    Raises:
        SystemExit: If the command fails, with what it wrote to standard error.
    """
    words = list(map(str, arguments))
    if not quiet:
        print("+ seqgen", *words, file=sys.stderr, flush=True)
    done = subprocess.run(
        [sys.executable, "-m", "seqgen", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if quiet else None,
        text=True,
    )
    if done.returncode:
        sys.exit((done.stderr or "")[-2000:] or f"seqgen {words[0]} failed")
    return done.stdout
