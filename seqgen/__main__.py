"""The command ``seqgen``, also as ``python -m seqgen``."""

import sys


def main() -> None:
    """Run the command; Ctrl-C during its imports ends it without a traceback."""
    try:
        from seqgen.cli.app import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
