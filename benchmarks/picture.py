"""Draw the training display in a terminal, for the README.

``python -m benchmarks.picture [SECONDS]`` trains on the sonnets for SECONDS (75) of a two-minute
run, and writes ``docs/training.svg``. ``--source``, ``--minutes`` and ``--out`` change these.
"""

import argparse
import io
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

import seqgen
from seqgen.cli.display import LiveDisplay
from seqgen.training.events import Sampled, Step

PICTURE = Path(__file__).parents[1] / "docs" / "training.svg"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", type=float, nargs="?", default=75.0)
    parser.add_argument("--source", default="sonnets")
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--out", type=Path, default=PICTURE)
    args = parser.parse_args(argv)
    console = Console(file=io.StringIO(), force_terminal=True, record=True, width=100)
    display = LiveDisplay(console, verbose=False)
    with tempfile.TemporaryDirectory() as folder:
        events = seqgen.train(args.source, checkpoints_dir=folder, minutes=args.minutes)
        late = False
        for event in events:
            display.draw(event)
            late = late or (isinstance(event, Step) and event.seconds > args.seconds)
            if late and isinstance(event, Sampled):
                break
        display.stop()
    title = f"seqgen train {args.source} --minutes {args.minutes:g}"
    args.out.write_text(to_svg(display, title), encoding="utf-8")


def to_svg(display: LiveDisplay, title: str) -> str:
    """Return the current display as SVG."""
    console = Console(file=io.StringIO(), force_terminal=True, record=True, width=100)
    console.print(display.picture())
    return console.export_svg(title=title)


if __name__ == "__main__":
    main()
